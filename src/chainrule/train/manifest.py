"""The form of a manifest: what a run folder may say of a training, field by field.

A field that is unknown, absent or of another type is refused: what is not understood may change
what the others mean. Knows types and ranges; knows nothing of what networks and losses hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from chainrule.train.record import Stopped

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**62)]


class OriginForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a branch began."""

    run: str
    step: Count
    changes: list[str]


class WindowsForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How training rows stood in blocks on disk."""

    sizes: Annotated[list[Count], msgspec.Meta(min_length=1)]
    together: Positive


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A manifest; fields that came later have a default, as the runs before them need it."""

    network: dict[str, Any]
    loss: dict[str, Any]
    reduction: Literal["mean", "sum"]
    optimizer: dict[str, Any]
    batch_size: Positive | None
    seed: Any
    shuffle: bool
    dtype: Literal["float32", "float64"]
    features: list[str] | None
    soft_labels: bool
    rows: Count
    steps: Count
    best_step: Count
    stopped: Stopped
    trouble: tuple[Count, str, str] | None
    executor: Literal["native", "interpreter"]
    summation: str
    versions: dict[str, str]
    first: Count = 0
    clock: Count = 0
    planned: Count | None = None
    patience: int | None = None
    snapshot_bytes: Count | None = None
    checkpoints: dict[str, Any] | None = None
    origin: OriginForm | None = None
    windows: WindowsForm | None = None
    preparation: Any = None
    report: dict[str, Any] | None = None
    own: dict[str, str] | None = None


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Raise ValueError unless a manifest has its form.

    Examples
    --------
    >>> check_manifest({"network": 1})
    Traceback (most recent call last):
    ...
    ValueError: Expected `object`, got `int` - at `$.network`
    """
    free: dict[str, dict[str, Any]] = {
        name: {} for name in ("network", "loss", "optimizer", "report")
    }
    whole = {k: v for k, v in manifest.items() if k not in free or not isinstance(v, dict)}
    plain = whole | {name: {} for name in free if isinstance(manifest.get(name), dict)}
    try:
        found = msgspec.convert(plain, Form, strict=True)
    except msgspec.ValidationError as problem:
        raise ValueError(str(problem)) from None
    if type(found.seed) is not int or found.seed < 0:
        raise ValueError(f"a seed of {str(found.seed)[:40]!r}, not a whole number from 0 on")
    if found.best_step > found.steps:
        raise ValueError(f"best_step {found.best_step} of {found.steps} steps")
    if (found.trouble is None) == (found.stopped == "diverged"):
        raise ValueError(f"stopped is {found.stopped!r}, trouble is {found.trouble!r}")
