"""Runs exported scripts where nothing but NumPy can be imported, and brings home what they found.

Called as a program with a folder: it runs every script of it and writes ``NAME.found.npz``. Imports
nothing of ours, so that no script can either.
"""

import contextlib
import io
import runpy
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path


def run_scripts(folder):
    """Run the scripts of a folder in a process of their own; return what each one names."""
    import numpy as np

    with tempfile.TemporaryDirectory() as alone:
        site = Path(np.__file__).parents[1]
        for name in ("numpy", "numpy.libs"):
            if (site / name).exists():
                (Path(alone) / name).symlink_to(site / name)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-W", "error", __file__, alone, str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for script in sorted(Path(folder).glob("*.py")):
        with np.load(script.with_suffix(".found.npz"), allow_pickle=False) as file:
            found[script.stem] = dict(file)
    return found


def main(alone, folder):
    """Run each script and write the arrays that it leaves."""
    sys.path.append(alone)
    import numpy as np

    with contextlib.suppress(ImportError):
        import chainrule  # noqa: F401

        raise AssertionError("chainrule can be imported here, so the test shows nothing")
    for script in sorted(Path(folder).glob("*.py")):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("error")
            left = runpy.run_path(str(script))
        unknown = Path(folder) / f"{script.stem}.ask.npy"
        arrays = {k: v for k, v in left.items() if isinstance(v, np.ndarray)}
        if unknown.exists():
            arrays["predicted"] = left["predict"](np.load(unknown))
        arrays["losses"] = np.array(left.get("losses", []), float)
        arrays["said"] = np.array(said.getvalue())
        np.savez(script.with_suffix(".found.npz"), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
