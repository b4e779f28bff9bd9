"""Flags that commands share or that would crowd a command's file, as groups of fields.

Each group is a frozen dataclass whose fields appear as flags of their own. Knows names, defaults
and help; knows nothing of what is done with them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter, Token
from cyclopts.validators import Number

from chainrule.nn import known_activations, losses
from chainrule.optim import optimizers
from chainrule.train.checkpoints import EVERY, Checkpoints

NEVER = "never"
READING = Group("The table", sort_key=1)
SHOWING = Group("Output", sort_key=9)


def _words(kind: Any, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return words from ``a,b`` (quoted as in CSV where a word holds a comma)."""
    found: list[str] = []
    for token in tokens:
        found += next(csv.reader([token.value], skipinitialspace=True), [])
    return tuple(found)


def _units(kind: Any, tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return the units of layers from ``64,32``, or none from ``none``."""
    words = _words(kind, tokens)
    if words in ((), ("none",), ("",)):
        return ()
    if not all(word.strip().isdecimal() for word in words):
        raise ValueError(f"hidden layers are written as 64,32 or none, got {','.join(words)!r}.")
    return tuple(int(word) for word in words)


def _whole(kind: Any, tokens: Sequence[Token]) -> int:
    """Return a whole number; cyclopts would take 2.5 for 2."""
    text = tokens[0].value.strip()
    if not text.removeprefix("-").replace("_", "").isdecimal():
        raise ValueError(f"a whole number is needed, got {text!r}.")
    return int(text)


Words = Annotated[
    tuple[str, ...],
    Parameter(converter=_words, n_tokens=1, metavar="WORD,..", allow_leading_hyphen=True),
]
Whole = Annotated[int, Parameter(converter=_whole)]
Natural = Annotated[int, Parameter(converter=_whole, validator=Number(gte=0))]
Columns = Annotated[tuple[str, ...], Parameter(converter=_words, n_tokens=1, metavar="COLUMN,..")]
Units = Annotated[tuple[int, ...], Parameter(converter=_units, n_tokens=1, metavar="UNITS,..")]


@Parameter(name="*", group=SHOWING)
@dataclass(frozen=True)
class Common:
    """What every command takes.

    Attributes
    ----------
    json : bool
        Print one JSON object on stdout and nothing else there.
    config : str
        Take settings from this TOML file instead of chainrule.toml.
    debug : bool
        Show the traceback of an error.
    """

    json: bool = False
    config: Annotated[str | None, Parameter(metavar="FILE")] = None
    debug: bool = False


@Parameter(name="*", group=READING)
@dataclass(frozen=True)
class TableFlags:
    """How a table is read.

    Attributes
    ----------
    missing : tuple of str
        Words that stand for a missing cell, such as NA, beside the empty cell.
    delimiter : str
        What stands between cells: a character, or tab; found by itself.
    encoding : str
        Encoding of the text; UTF-8 unless the file says otherwise.
    no_header : bool
        The first row holds data; columns are called column_1, column_2 ...
    ragged : str
        A row with too few cells: an error, or filled up with missing cells.
    decimal : str
        The decimal mark; a point.
    thousands : str
        The mark between groups of digits; none.
    stream : bool
        Prepare rows on disk and read them in blocks: CSV and Parquet of any size, in fixed memory.
        By default only a table that would not fit, or one of several files ("part-*.csv").
    """

    missing: Words = ()
    delimiter: str | None = None
    encoding: str | None = None
    no_header: bool = False
    ragged: Literal["error", "missing"] = "error"
    decimal: str | None = None
    thousands: str | None = None
    stream: Annotated[bool | None, Parameter(show_default=False)] = None


@Parameter(name="*", group=Group("Its columns and rows", sort_key=2))
@dataclass(frozen=True)
class ColumnFlags:
    """What the columns mean, and which rows do what.

    Attributes
    ----------
    task : str
        Predict a class or a number; inferred from the target.
    drop : tuple of str
        Columns to leave out.
    categorical : tuple of str
        Columns to take as categories, whatever they look like.
    text : tuple of str
        Columns to take as free text, which is left out.
    impute : bool
        Fill in NaN in files that can hold it; empty cells are filled in anyway.
    unseen : str
        A category that training did not have: an error when predicting, or ignored.
    missing_target : str
        Rows without a target: an error, or dropped.
    no_scale : bool
        Leave numbers as they are instead of giving them mean 0 and spread 1.
    validation : float
        Share of the rows held out to stop early by.
    test : float
        Share of the rows held out for the score.
    """

    task: Literal["auto", "classification", "regression"] = "auto"
    drop: Columns = ()
    categorical: Columns = ()
    text: Columns = ()
    impute: bool = False
    unseen: Literal["error", "ignore"] = "error"
    missing_target: Literal["error", "drop"] = "error"
    no_scale: bool = False
    validation: float = 0.15
    test: float = 0.15


@Parameter(name="*", group=Group("The network", sort_key=3))
@dataclass(frozen=True)
class NetworkFlags:
    """What is trained.

    Attributes
    ----------
    hidden : tuple of int
        Units of the hidden layers, such as 64,32; none is a linear model.
    activation : str
        Activation of the hidden layers.
    loss : str
        What is descended; chosen by the task.
    l1 : float
        Penalty l1 sum |W| on the weights.
    l2 : float
        Penalty l2/2 sum W^2 on the weights; 5 / rows for classes, 10 / rows for numbers,
        none without hidden layers.
    dtype : str
        Precision of all numbers.
    """

    hidden: Units = (64,)
    activation: Annotated[str, Parameter(choices=known_activations())] = "relu"
    loss: Annotated[str | None, Parameter(choices=sorted(losses))] = None
    l1: float = 0.0
    l2: float | None = None
    dtype: Literal["float64", "float32"] = "float64"


@Parameter(name="*", group=Group("Training", sort_key=4))
@dataclass(frozen=True)
class TrainingFlags:
    """How it is trained.

    Attributes
    ----------
    epochs : int
        Times through all rows, at most.
    patience : int
        Stop after so many epochs without a lower validation loss; 0 never stops early.
    batch_size : int
        Rows of a step; 32, and 256 from 10,000 rows on.
    optimizer : str
        The update rule.
    learning_rate : float
        Its rate; by default 0.003 for adam, the rule's own usual rate for others.
    seed : int
        Fixes the split, the starting weights and the order of rows.
    engine : str
        What carries out the steps.
    """

    epochs: Whole = 300
    patience: Natural = 30
    batch_size: Annotated[int | None, Parameter(converter=_whole)] = None
    optimizer: Annotated[str, Parameter(choices=sorted(optimizers))] = "adam"
    learning_rate: float | None = None
    seed: Natural = 0
    engine: Literal["auto", "native", "interpreter"] = "auto"


@Parameter(name="*", group=Group("While it trains", sort_key=5))
@dataclass(frozen=True)
class CheckpointFlags:
    """How a training is kept while it runs.

    Attributes
    ----------
    checkpoint_every : str
        Keep the training after so many steps (500), epochs (2epochs) or so much time (30s, 10min,
        1h), so that chainrule resume goes on after a crash; never keeps only the finished run.
    keep : int
        Keep so many of the latest checkpoints.
    """

    checkpoint_every: Annotated[str, Parameter(metavar="INTERVAL")] = EVERY.replace(" ", "")
    keep: Annotated[int, Parameter(converter=_whole, validator=Number(gte=1))] = 1

    def checkpoints(self, place: str | Path, *, overwrite: bool = False) -> Checkpoints | None:
        """Return the flags as checkpoints in a folder."""
        if self.checkpoint_every == NEVER:
            return None
        return Checkpoints(place, self.checkpoint_every, self.keep, overwrite)


@Parameter(name="*", group=SHOWING)
@dataclass(frozen=True)
class RunFlags:
    """Where the run goes, and how much is said.

    Attributes
    ----------
    out : str
        Folder of the run; by default the next free runs/NAME.
    overwrite : bool
        Replace a run that is there.
    quiet : bool
        Print nothing but the folder of the run.
    log : tuple of str
        Also send figures to FILE.jsonl, tensorboard:DIR, or mlflow:, wandb:, trackio:NAME.
    log_every : int
        With --log: send the loss of every so many steps, too.
    """

    out: Annotated[str | None, Parameter(metavar="RUN")] = None
    overwrite: bool = False
    quiet: Annotated[bool, Parameter(alias="-q")] = False
    log: Annotated[Words, Parameter(metavar="WHERE,..")] = ()
    log_every: Annotated[int | None, Parameter(converter=_whole)] = None
    common: Common = field(default_factory=Common)
