"""Machine code and its cache: what is kept is what was made, and nothing else is ever run."""

import os
import re
import stat
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from llvmlite import binding

import chainrule as cr
from chainrule.executors.native import cache
from chainrule.executors.native.code import compile_text, plan_key
from chainrule.executors.native.driver import driver_text
from chainrule.executors.native.lowering import lower
from chainrule.executors.native.program import native_program
from chainrule.executors.native.target import Target, host
from chainrule.plan import make_plan
from chainrule.train.native import native_loop

X = np.random.default_rng(0).standard_normal((40, 6))
Y = np.random.default_rng(1).integers(0, 3, 40)


def setup_of(spec="6-9:tanh-20:gelu-3", **settings):
    run = cr.train(
        spec, X, Y, steps=1, engine="interpreter",
        **{"loss": "cross_entropy", "batch_size": 16, **settings},
    )  # fmt: skip
    return run.record.setup


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "code"))
    return tmp_path / "code"


def simple(name="x"):
    x = cr.variable(name, np.zeros(5))
    return make_plan({"out": np.tanh(x) * 2.0})


def out_of(program):
    return program.values({"x": np.arange(5.0)}, [program.plan.forward["out"]])[0]


def test_an_entry_is_read_again(folder):
    first = out_of(native_program(simple()))
    kept = sorted(folder.iterdir())
    assert kept
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in kept)
    again = native_program(simple())
    np.testing.assert_array_equal(out_of(again), first)
    assert sorted(folder.iterdir()) == kept


@pytest.mark.parametrize("place", [0, 30, 60, -1, "half", "empty", "foreign"])
def test_a_damaged_entry_is_made_anew_and_never_run(folder, place):
    wanted = out_of(native_program(simple()))
    for path in folder.iterdir():
        data = bytearray(path.read_bytes())
        if place == "half":
            data = data[: len(data) // 2]
        elif place == "empty":
            data = bytearray()
        elif place == "foreign":
            data = bytearray(b"\x7fELF" + os.urandom(4000))
        else:
            data[place] ^= 1
        path.write_bytes(data)
    np.testing.assert_array_equal(out_of(native_program(simple())), wanted)


def test_an_entry_under_another_name_is_not_taken(folder):
    key, other = cache.key_of("one"), cache.key_of("two")
    cache.write(key, b"code")
    (folder / f"{key}.bin").rename(folder / f"{other}.bin")
    assert cache.read(other) is None
    assert cache.read(key) is None


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_an_entry_that_others_could_have_written_is_not_taken(folder):
    key = cache.key_of("one")
    cache.write(key, b"code")
    assert cache.read(key) == b"code"
    (folder / f"{key}.bin").chmod(0o666)
    assert cache.read(key) is None


def test_the_cache_is_bounded_and_the_oldest_entries_go(folder, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_MB", "1")
    keys = [cache.key_of(str(n)) for n in range(6)]
    for age, key in enumerate(keys):
        cache.write(key, bytes(300_000))
        path = folder / f"{key}.bin"
        os.utime(path, (1000 + age, 1000 + age))
    assert sum(p.stat().st_size for p in folder.iterdir()) <= 2**20
    assert cache.read(keys[-1]) is not None
    assert cache.read(keys[0]) is None


@pytest.mark.parametrize("value", ["", "/proc/nowhere", "/dev/null/x"])
def test_without_a_cache_everything_works(monkeypatch, value):
    monkeypatch.setenv("CHAINRULE_CACHE", value)
    assert np.isfinite(out_of(native_program(simple()))).all()


def test_another_plan_has_another_key():
    plans = [simple(), simple("y"), make_plan({"out": np.tanh(cr.variable("x", np.zeros(6)))})]
    assert len({plan_key(p) for p in plans}) == 3
    assert plan_key(simple()) == plan_key(simple())


TARGETS = {
    "arm": Target("aarch64-unknown-linux-gnu", "generic", "+neon", fused=True),
    "apple": Target("arm64-apple-macosx", "apple-m1", "", fused=True),
    "windows": Target("x86_64-pc-windows-msvc", "haswell", "+avx2,+fma", fused=True),
    "old": Target("x86_64-unknown-linux-gnu", "x86-64", "", fused=False),
}
OURS = re.compile(r"^(chainrule_\w+|memcpy|__chkstk)$")
"""Functions that code may call besides those in its own text: our kernels, and every platform's."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_other_machines_need_no_function_but_ours(name):
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    setup = setup_of("6-9:tanh-20:sigmoid-17:elu-12:softplus-3", optimizer=cr.Adam())
    state = [*setup.network.specs, *setup.slot_names()]
    kinds = {"x": "f64", "y": "i64"}
    lowered = lower(
        setup.plan(16, "train"), state=state, gathers=kinds, rows=16, target=TARGETS[name],
        threads=True,
    )  # fmt: skip
    for text in (lowered.text, driver_text(), *lowered.kernels.values()):
        assert compile_text(text, TARGETS[name])
        called = {c.lstrip("_") if name == "apple" else c for c in _called(text, TARGETS[name])}
        own = set(re.findall(r"define .*?@(\w+)\(", text))
        assert {c for c in called - own if not OURS.match(c)} == set()


def _called(text, target):
    """Names of the functions that the assembly of a module calls or jumps to."""
    module = binding.parse_assembly(text)
    machine = binding.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, reloc="pic", codemodel="small"
    )
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    call = r"^\s+(?:callq?|bl|b|jmp)\s+\*?([A-Za-z_][\w$]*)(?:@\w+)?(?:\(%rip\))?\s*$"
    found = re.findall(call, machine.emit_assembly(module), re.MULTILINE)
    return {n for n in found if not n.startswith(("LBB", "_LBB"))}


def test_without_llvmlite_auto_trains_and_says_so(monkeypatch):
    script = """
        import sys, warnings
        sys.modules["llvmlite"] = None
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "llvmlite" else real(name, *a)
        import chainrule as cr
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            run = cr.train("3-4:sigmoid-1", [[0.0, 1.0, 2.0]] * 4, [1.0] * 4, steps=5000)
        print(run.record.setup.engine, len(seen), str(seen[0].message))
        try:
            cr.train("3-4-1", [[0.0, 1.0, 2.0]], [1.0], steps=1, engine="native")
        except cr.ChainruleError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    first, *rest = done.stdout.splitlines()
    assert first.startswith("interpreter 1 llvmlite is not installed")
    assert "pip install llvmlite" in "\n".join(rest)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twenty_thousand_steps_do_not_grow_memory():
    from chainrule.train.process import resident_bytes

    setup = setup_of()
    loop = native_loop(setup, setup.initial_state({}))
    numbers = np.concatenate([setup.batch(k) for k in range(3)]).astype(np.int64)
    for _ in range(300):
        loop.advance(0, 3, numbers, 0)
    before = resident_bytes()
    for _ in range(6700):
        loop.advance(0, 3, numbers, 0)
    assert resident_bytes() - before < 2**20


def test_the_text_is_the_same_every_time():
    setup = setup_of()
    texts = {lower(setup.plan(16, "train"), state=[*setup.network.specs], target=host()).text
             for _ in range(3)}  # fmt: skip
    assert len(texts) == 1


@pytest.mark.slow
def test_a_call_of_a_mathematical_library_would_be_noticed():
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    lowered = lower(setup_of().plan(16, "train"), state=["W1"], target=Target(
        "x86_64-unknown-linux-gnu", "x86-64", "", fused=True))  # fmt: skip
    assert "fma" in _called(lowered.text, TARGETS["old"])


@pytest.mark.parametrize("x", [0.3, -2.0, 99_999.0, 1e5 + 1, 1e300, np.inf, np.nan])
def test_the_cosine_of_a_number_is_right_however_large(x):
    node = cr.variable("x", np.zeros(()))
    program = native_program(make_plan({"cos": np.cos(node) * 1.0, "sin": np.sin(node) + 0.0}))
    assert len(program.map.calls) == 2
    with np.errstate(invalid="ignore"):
        wanted = [np.cos(x), np.sin(x)]
    nodes = [program.plan.forward[name] for name in ("cos", "sin")]
    np.testing.assert_allclose(program.values({"x": x}, nodes), wanted, rtol=3e-16)


def test_without_llvmlite_the_command_line_says_so_in_one_line(tmp_path):
    script = f"""
        import sys, importlib.util
        sys.modules["llvmlite"] = None
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "llvmlite" else real(name, *a)
        from chainrule.apps.cli import main
        sys.argv = ["chainrule", "train", "--quiet", "--out", {str(tmp_path / "run")!r}]
        main()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True,
                          text=True, check=True)  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert line.startswith("chainrule: llvmlite is not installed")


def test_a_native_run_opened_without_llvmlite_says_whose_digits_its_replays_have(tmp_path):
    run = cr.train("2-2:tanh-1", [[0.0, 1.0]] * 4, [1.0] * 4, steps=3, engine="native")
    run.save(tmp_path / "run")
    script = f"""
        import sys, warnings, importlib.util
        sys.modules["llvmlite"] = None
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *a: None if name == "llvmlite" else real(name, *a)
        import chainrule as cr
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            run = cr.load({str(tmp_path / "run")!r})
        print(run.record.setup.engine, len(seen), str(seen[0].message))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.startswith(
        "interpreter 1 llvmlite is not installed, and this run was trained"
    )
