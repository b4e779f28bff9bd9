"""Questions: what people ask of a run, each answered by an explanation.

Each answer is imported when it is first asked for, so that `import chainrule` stays quick. Knows
which room answers what; explains nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.errors import SpecError, shown
from chainrule.explain import Explanation, Section, without_steps
from chainrule.run.held import Held

if TYPE_CHECKING:
    from chainrule.explain.check.verdict import Check
    from chainrule.explain.compare import Comparison
    from chainrule.explain.doctor import Diagnosis
    from chainrule.explain.review import Asked, Verdict


AS_SEEN = (
    "Inputs, and numbers that are predicted, are as the network sees them: scaled by mean and "
    "spread of the training rows."
)
"""Said of runs that were made from tables."""


@dataclass(frozen=True, eq=False, repr=False)
class Questions(Held):
    """What can be asked of a run."""

    def why(
        self,
        asked: str,
        step: int | None = None,
        *,
        row: int | None = None,
        terms: int = 5,
        called: str | None = None,
    ) -> Explanation:
        """Return the chain rule behind one number of a step, symbol by symbol, number by number.

        Parameters
        ----------
        asked : str
            A weight (``W1[0,2]``: its gradient and its update), or a value of a row (``z1[3,2]``,
            ``h1[3,2]``, ``out[3]``, ``x[3,0]``, ``l[3]``, ``L``: what it is made of, and its
            gradient). Rows go by the user's own numbers, counted from 0; inputs and classes also
            by name (``W1[bill_length_mm,5]``, ``out[3,Adelie]``), in quotes if it is an odd one.
        step : int, optional
            The step; by default the last one that made an update.
        row : int, optional
            For a weight: what this row alone says.
        terms : int
            How many terms of a long sum are shown; the rest are lines with count and sum.
        called : str, optional
            The run's folder, if further questions are to be commands; else they are Python.

        Returns
        -------
        Explanation
            Print it, or take ``.latex() .markdown() .html() .json()``.

        Raises
        ------
        SpecError
            If there is no such number, row or step.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[1.0], [2.0]], [3.0, 5.0], steps=3, optimizer=cr.SGD(0.1))
        >>> print(run.why("W1[0,0]", step=0).text().splitlines()[0])  # doctest: +ELLIPSIS
        dL/dW1[0,0] = ... at step 0, 2 rows
        """
        from chainrule.explain.why.page import why

        moment = self.at(max(self.steps - 1, 0) if step is None else step)
        return why(
            self.record,
            moment,
            asked,
            row=row,
            terms=terms,
            features=self._input_names(),
            classes=self._output_names(),
            called=called,
            note="" if self.preparation is None else AS_SEEN,
        )

    def derive(
        self,
        notation: str = "course",
        entries: Sequence[str] | None = None,
        *,
        called: str | None = None,
    ) -> Explanation:
        """Return the derivation of every gradient of the network, from L back to W1.

        Parameters
        ----------
        notation : {"course", "matrix", "matrix-columns", "delta"}
            Entries and sums over rows; whole matrices, a row of the table as a row or as a column;
            or the errors of textbooks.
        entries : sequence of str, optional
            Weights whose whole chain is written out, such as ``["W1[0,2]"]``.
        called : str, optional
            The run's folder, if further questions are to be commands; else they are Python.

        Returns
        -------
        Explanation
            Print it, or take ``.latex() .markdown() .html() .json()``; ``.data["code"]`` is the
            derivation as NumPy.

        Raises
        ------
        SpecError
            If there is no such notation or weight.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("2-1", [[1.0, 2.0]], [3.0], loss="half_squared_error", steps=3)
        >>> print(run.derive().text().splitlines()[0])
        dL/dW1[i,0] = sum_r dL/dout[r,0] * x[r,i], and here is why.
        """
        from chainrule.explain.derive import derive

        return derive(self.record, notation, entries, called=called)

    def check(
        self,
        step: int | None = None,
        *,
        entries: int | None = None,
        seed: int = 0,
        called: str | None = None,
    ) -> Check:
        """Compare the recorded gradients with slopes of the loss, found from its values alone.

        Parameters
        ----------
        step : int, optional
            Which step; by default the first, the middle and the last state, as far as all values
            are finite there.
        entries : int, optional
            How many entries are looked at; by default as many as are soon done, every parameter's
            among them. All entries are always looked at together, along a direction.
        seed : int
            Fixes the sample.
        called : str, optional
            The run's folder, if further questions are to be commands; else they are Python.

        Returns
        -------
        Check
            True if the gradients passed; print it for the verdict on each entry.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("2-3:tanh-1", [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], steps=5, seed=1)
        >>> bool(run.check())
        True
        """
        from chainrule.explain.check.of_run import check_moments

        steps = sorted({0, self.steps // 2, self.steps}) if step is None else [step]
        moments = [self.at(k) for k in steps]
        return check_moments(self.record, moments, entries=entries, seed=seed, called=called)

    def compare(
        self, other: Questions, *, names: tuple[str, str] = ("first", "second")
    ) -> Comparison:
        """Return where this run and another part: set-up, loss, step, layer and weight.

        Parameters
        ----------
        other : Run
            Of the same network, if weights are to be compared.
        names : tuple of str
            What this run and the other are called on the page.

        Returns
        -------
        Comparison
            Print it; or ask for ``.equal .settings .first_loss .first_weights``.

        Examples
        --------
        >>> import chainrule as cr
        >>> data = [[0.0], [1.0]], [1.0, 3.0]
        >>> one, two = (cr.train("1-1", *data, steps=9, optimizer=cr.SGD(r)) for r in (0.1, 0.2))
        >>> found = one.compare(two)
        >>> found.equal, found.first_weights.step, found.first_weights.cause
        (False, 1, 'updates')
        """
        from chainrule.explain.compare import compare_records

        if not isinstance(other, Held):
            raise SpecError(f"compare needs another run; got {shown(other)}.")
        self._fetch_rows()
        other._fetch_rows()
        return compare_records(self.record, other.record, names=names)

    def review(
        self,
        given: Any,
        step: int = 0,
        *,
        kind: Asked = "auto",
        decimals: int | None = None,
        called: str | None = None,
    ) -> Verdict:
        """Judge a backward pass worked out by hand, and name the mistake in it.

        Parameters
        ----------
        given : mapping or number
            By parameter (``W1``) or entry (``W1[0,2]``, ``W1[bill_length_mm,2]``): arrays, nested
            lists or text, whose trailing zeros tell how many decimals were meant. A number is the
            loss after the step.
        step : int
            Which step it is about.
        kind : {"auto", "gradients", "updates", "parameters", "loss"}
            What was handed in; seen from the numbers unless said.
        decimals : int, optional
            To how many decimals it was rounded; seen from the numbers unless said.
        called : str, optional
            The run's folder, if further questions are to be commands; else they are Python.

        Returns
        -------
        Verdict
            Print it, or ask for ``.right .status .mistakes .departs``.

        Raises
        ------
        SpecError, ShapeError, DataError
            If a name, a shape or a number cannot be understood.

        Examples
        --------
        >>> import chainrule as cr
        >>> X, y = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], [1.0, 0.0, 1.0]
        >>> run = cr.train("2-3:tanh-1", X, y, steps=3, optimizer=cr.SGD(0.1), seed=1)
        >>> right = run.at(0).gradients
        >>> run.review(right).right
        True
        >>> run.review({name: -g for name, g in right.items()}).mistakes[0].says
        'every gradient is multiplied by -1'
        """
        from chainrule.explain.review import review

        moment = self.at(step)
        return review(
            self.record, given, step=moment.step, kind=kind, decimals=decimals, run=called,
            features=self._input_names(), classes=self._output_names(),
        )  # fmt: skip

    def review_function(
        self, function: str, step: int = 0, *, kind: Asked = "auto", called: str | None = None
    ) -> Verdict:
        """Judge what a function of somebody's own file returns for a step; it runs that file.

        Parameters
        ----------
        function : str
            ``solution.py:gradients``; it is called with the arguments it names, of ``X``, ``y``,
            the parameters, ``learning_rate``, and returns a dict.
        """
        from chainrule.explain.review import review_function

        moment = self.at(step)
        return review_function(self.record, function, step=moment.step, kind=kind, run=called)

    def blind(self, step: int = 0) -> Explanation:
        """Return which mistakes a review of this step cannot show, or cannot tell apart.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[0.5]], [3.0], steps=2, optimizer=cr.SGD(0.1))
        >>> print(run.blind())  # doctest: +ELLIPSIS
        Of ... mistakes that this exercise has room for, ... cannot be seen ...
        """
        from chainrule.explain.review import blind

        return blind(self.record, self.at(step).step)

    def doctor(self, *, try_it: bool = False, called: str | None = None) -> Diagnosis:
        """Return what is wrong with this training, if anything: findings, causes, what to try.

        It opens the first and the last state over up to 1,024 rows and tries some steps with other
        rates, which takes about a second. A diverged run can be examined, too.

        Parameters
        ----------
        try_it : bool
            Carry out the first suggestion on a branch, and show both futures.
        called : str, optional
            The run's folder, if suggestions are to be commands where there is one.

        Examples
        --------
        >>> import chainrule as cr
        >>> X = [[k / 10 - 2.0, (k * k) % 7 - 3.0] for k in range(40)]
        >>> y = [a + b / 2 for a, b in X]
        >>> equal = {"W1": [[0.5] * 3] * 2, "W2": [[1.0]] * 3}
        >>> run = cr.train("2-3:tanh-1", X, y, steps=60, initial=equal)
        >>> run.doctor().findings[0].name
        'symmetric units'
        """
        from chainrule.explain.doctor import diagnose

        self._fetch_rows()
        return diagnose(self.record, try_it=try_it, called=called)

    def report_page(self, *, called: str = "RUN") -> Explanation:
        """Return the report: scores, curves, findings, data, network, the largest gradients opened.

        Parameters
        ----------
        called : str
            What the commands that it suggests call the run.

        Examples
        --------
        >>> import chainrule as cr
        >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=50, initial={"W1": [[0.0]]})
        >>> print(run.report_page().text().splitlines()[0])
        L went from 5 to 4.664 in 50 steps.
        """
        from chainrule.explain.report import report_page
        from chainrule.explain.why.largest import largest_gradients

        opened: Sequence[Section] = ()
        findings: Sequence[Section] = ()
        adopted = self.stopped == "adopted"
        if (self.steps or adopted) and self.record.setup.rows and self.record.trouble is None:
            moment = self.at(max(self.steps - 1, 0))
            names = self._input_names()
            opened = largest_gradients(self.record, moment, features=names, called=called)
            blocks = without_steps(self.doctor(called=called)).document.blocks
            findings = (Section("What the doctor says", blocks),)
        return report_page(
            self.record, self.report, findings=findings, opened=opened, called=called
        )
