"""Engines: each trains the same, step by step, or says in which way it does not."""

import dataclasses

import numpy as np
import pytest

from chainrule.bench.engines import all_engines, chainrule_native, chosen_engines, pieces
from chainrule.bench.engines.cpp import build
from chainrule.bench.workloads import classifier, of_depth, random_rows, workload
from chainrule.errors import MissingExtraError, SpecError
from chainrule.optim import SGD, Adam, Momentum
from chainrule.train import native

ENGINES = all_engines()
PLAIN = ["numpy_by_hand", "numpy_in_place", "chainrule_native"]
HEAVY = ["cpp", "jax_loop", "scikit_learn", "torch_eager", "torch_compiled"]
STEPS = {"W1": 40, "W2": 20, "W3": 20, "W4": 4, "W5": 2}
SLOW = pytest.mark.slow
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


def one_by_one(run, steps):
    """Losses of single steps: an engine that tells means tells each of them then."""
    return np.concatenate([run(1) for _ in range(steps)])


def engine(name):
    found = ENGINES[name]
    if not found.installed():
        pytest.skip(found.lacks)
    return found


def check_same_training(name, one, steps):
    found = engine(name)
    if found.refuses(one) or found.strays(one):
        pytest.skip(found.refuses(one) or found.strays(one))
    expected = ENGINES["chainrule_interpreter"].prepare(one)(steps)
    losses = one_by_one(found.prepare(one), steps)
    assert losses.shape == (steps,)
    within = 1e-9 if one.dtype == np.float64 else 1e-3
    np.testing.assert_allclose(losses, expected, rtol=within)


@pytest.fixture(scope="module")
def made():
    """Workloads by name, each made once."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = workload(name)
        return known[name]

    return get


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("key", ["W1", "W2", "W3"])
def test_numpy_trains_the_same(made, name, key):
    check_same_training(name, made(key), STEPS[key])


@SLOW
@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("key", ["W4", "W5"])
def test_numpy_trains_the_same_when_large(made, name, key):
    check_same_training(name, made(key), STEPS[key])


@SLOW
@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.parametrize("key", STEPS)
def test_every_engine_trains_the_same(made, name, key):
    check_same_training(name, made(key), STEPS[key])


SMALL = {
    "sgd": SGD(0.1),
    "momentum": Momentum(0.1, momentum=0.9),
    "adam": Adam(1e-2),
}


def small(kind, spec="5-7:tanh-6:tanh-4", steps=6):
    return classifier("small", "small", spec, SMALL[kind], random_rows(40, 5, 4), 8, steps)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("name", PLAIN)
def test_every_update_and_activation(name, kind):
    one = small(kind, "5-7:sigmoid-6:tanh-5:relu-4")
    check_same_training(name, one, 15)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("name", PLAIN)
def test_float64_agrees_to_its_last_digits(name, kind):
    one = small(kind)
    one = dataclasses.replace(one, dtype=np.dtype(np.float64), X=one.X.astype(np.float64))
    check_same_training(name, one, 30)


@SLOW
@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("name", ["jax_loop", "scikit_learn", "torch_eager"])
def test_every_update_of_the_others(name, kind):
    check_same_training(name, small(kind), 15)


@pytest.mark.parametrize("name", ["chainrule_interpreter", *PLAIN])
def test_a_run_goes_on_where_it_stopped_and_begins_its_rows_anew(name):
    one = small("adam", steps=5)
    whole = ENGINES[name].prepare(one)(12)
    run = ENGINES[name].prepare(one)
    parts = np.concatenate([run(1), run(3), run(7), run(1)])
    assert np.array_equal(whole, parts)
    assert whole[5] < whole[0]


@SLOW
@pytest.mark.parametrize("name", ["cpp", "jax_loop", "torch_eager"])
def test_the_others_go_on_too(made, name):
    one = dataclasses.replace(made("W3"), order=made("W3").order[:7].copy())
    prepare = engine(name).prepare
    whole, run = prepare(one)(20), prepare(one)
    parts = np.concatenate([run(1), run(0), run(12), run(7)])
    np.testing.assert_allclose(parts, whole, rtol=1e-6)
    assert whole[14:].mean() < whole[:7].mean()


def test_in_place_blocks_cover_all_parameters(monkeypatch):
    from chainrule.bench.engines import numpy_in_place

    monkeypatch.setattr(numpy_in_place, "BLOCK", 10)
    for kind in SMALL:
        check_same_training("numpy_in_place", small(kind), 10)


def test_starting_values_and_rows_stay_as_they_were(made):
    one = small("momentum")
    before = [array.copy() for array in (one.X, one.y, one.order, *one.start.values())]
    for name in ["chainrule_interpreter", *PLAIN]:
        ENGINES[name].prepare(one)(8)
    after = [one.X, one.y, one.order, *one.start.values()]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_cpp_is_written_for_the_five_only():
    assert ENGINES["cpp"].refuses(of_depth(1)) == "is written for W1 to W5 only"
    assert ENGINES["cpp"].refuses(workload("W1")) == ""


@SLOW
def test_a_source_that_cannot_be_compiled_is_told(monkeypatch):
    engine("cpp")
    monkeypatch.setattr(build, "FLAGS", ("--no-such-flag",))
    with pytest.raises(MissingExtraError, match=r"wide\.cpp cannot be compiled"):
        build.built.__wrapped__("wide.cpp")


def test_without_a_compiler_there_is_no_cpp(monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    assert not build.can_build()


def test_scikit_learn_says_what_it_does_otherwise():
    assert "linear output" in ENGINES["scikit_learn"].strays(workload("W1"))
    assert ENGINES["scikit_learn"].strays(workload("W2")) == ""
    mixed = small("sgd", "5-7:tanh-6:relu-4")
    assert "one activation" in ENGINES["scikit_learn"].refuses(mixed)


def test_machine_code_is_not_there_without_llvm(monkeypatch):
    monkeypatch.setattr(native, "find_spec", lambda name: None)
    assert not chainrule_native.ENGINE.installed()
    assert chainrule_native.ENGINE.lacks == "llvmlite"


def test_pieces_cover_the_steps():
    assert list(pieces(0, 25, 10)) == [(0, 10), (0, 10), (0, 5)]
    assert list(pieces(13, 3, 10)) == [(3, 3)]
    assert list(pieces(3, 0, 10)) == []


def test_every_engine_says_what_it_needs():
    assert {"chainrule_interpreter", *PLAIN, *HEAVY} == set(ENGINES)
    assert all(one.lacks and one.name for one in ENGINES.values())
    assert [one.name for one in ENGINES.values() if one.ours] == [
        "chainrule, interpreter",
        "chainrule, native",
    ]


def test_an_engine_that_is_not_known():
    with pytest.raises(SpecError, match="there is no engine 'fortran'; there are chainrule_int"):
        chosen_engines(["fortran"])
