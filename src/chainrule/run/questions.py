"""Questions: what people ask of a run, each answered by an explanation.

Each answer is imported when it is first asked for, so that `import chainrule` stays quick. Knows
which room answers what; explains nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.explain import Explanation, Section
from chainrule.run.held import Held

if TYPE_CHECKING:
    from chainrule.explain.doctor import Diagnosis


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
        called: str = "RUN",
    ) -> Explanation:
        """Return the chain rule behind one number of a step, symbol by symbol, number by number.

        Parameters
        ----------
        asked : str
            A weight (``W1[0,2]``: its gradient and its update), or a value of a row (``z1[3,2]``,
            ``h1[3,2]``, ``out[3]``, ``x[3,0]``, ``l[3]``, ``L``: what it is made of, and its
            gradient). Rows go by the user's own numbers, counted from 0.
        step : int, optional
            The step; by default the last one that made an update.
        row : int, optional
            For a weight: what this row alone says.
        terms : int
            How many terms of a long sum are shown; the rest are lines with count and sum.
        called : str
            What the commands that it suggests call the run.

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
            called=called,
        )

    def derive(
        self, notation: str = "course", entries: Sequence[str] | None = None, *, called: str = "RUN"
    ) -> Explanation:
        """Return the derivation of every gradient of the network, from L back to W1.

        Parameters
        ----------
        notation : {"course", "matrix", "matrix-columns", "delta"}
            Entries and sums over rows; whole matrices, a row of the table as a row or as a column;
            or the errors of textbooks.
        entries : sequence of str, optional
            Weights whose whole chain is written out, such as ``["W1[0,2]"]``.
        called : str
            What the commands that it suggests call the run.

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
        """Return the report: scores, curves, data, network, the largest gradients opened.

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
        if self.steps and self.record.setup.rows and self.record.trouble is None:
            moment = self.at(self.steps - 1)
            names = self._input_names()
            opened = largest_gradients(self.record, moment, features=names, called=called)
        return report_page(self.record, self.report, opened=opened, called=called)
