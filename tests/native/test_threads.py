"""Threads: the same bits for any number of them, and nothing of them left behind."""

import multiprocessing
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.train.native import native_loop, row_numbers
from chainrule.train.steppers import Pace

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 200)).astype(np.float32)
Y = RNG.integers(0, 10, 300)
SETTINGS = {"batch_size": 128, "dtype": "float32", "seed": 3, "loss": "cross_entropy"}


def setup_of(spec, optimizer, **settings):
    run = cr.train(spec, X, Y, steps=1, optimizer=optimizer, engine="native",
                   **{**SETTINGS, **settings})  # fmt: skip
    return run.record.setup


CASES = {
    "adam": ("200-256:relu-100:tanh-10", cr.Adam(1e-3), {}),
    "momentum, double": ("200-150:sigmoid-10", cr.Momentum(1e-2), {"dtype": "float64"}),
    "clipped": ("200-256:relu-10", cr.SGD(0.1, clip_value=0.01), {}),
    "uneven": ("200-257:relu-33:relu-10", cr.Adam(1e-3), {"batch_size": 101}),
    "all rows": ("200-64:gelu-10", cr.RMSProp(1e-3), {"batch_size": None}),
    "many terms": ("200-600:relu-10", cr.Nesterov(1e-2), {}),
}


def trained(setup, threads, steps=5):
    state = setup.initial_state({})
    loop = native_loop(setup, state)
    found = loop.advance(0, steps, row_numbers(setup, 0, steps), 2, threads)
    return loop, found


@pytest.mark.parametrize("name", CASES)
def test_no_bit_depends_on_the_number_of_threads(name):
    spec, optimizer, settings = CASES[name]
    setup = setup_of(spec, optimizer, **settings)
    loop, alone = trained(setup, 1)
    assert loop.threads > 1, "this network is large enough for threads"
    for threads in (2, 3, 8):
        other, together = trained(setup, threads)
        assert together.done == alone.done == 5
        np.testing.assert_array_equal(together.losses, alone.losses)
        for key, value in loop.state().items():
            np.testing.assert_array_equal(other.state()[key], value, err_msg=f"{key}, {threads}")
        assert together.copies.keys() == alone.copies.keys() == {0, 2, 4}
        np.testing.assert_array_equal(together.copies[4]["W1"], alone.copies[4]["W1"])


def test_threads_may_change_in_mid_run():
    setup = setup_of(*CASES["adam"][:2])
    whole, _ = trained(setup, 1, steps=6)
    state = setup.initial_state({})
    loop = native_loop(setup, state)
    for k, threads in enumerate((2, 1, 3, 8, 1, 2)):
        loop.advance(k, 1, row_numbers(setup, k, 1), 0, threads)
    np.testing.assert_array_equal(loop.state()["W1"], whole.state()["W1"])


def test_a_small_network_has_one_thread():
    run = cr.train("2-3-1", [[0.0, 1.0]], [1.0], steps=1, engine="native")
    loop = native_loop(run.record.setup, run.record.final)
    assert loop.threads == 1


def test_no_thread_is_left_behind_even_after_a_divergence():
    before = threading.active_count()
    with pytest.raises(cr.DivergenceError):
        cr.train(CASES["adam"][0], X, Y, steps=50, optimizer=cr.SGD(1e9), engine="native",
                 **SETTINGS)  # fmt: skip
    assert threading.active_count() == before


def _trained_elsewhere(out):
    run = cr.train(CASES["adam"][0], X, Y, steps=4, engine="native", **SETTINGS)
    out.put(run.parameters["W1"].tobytes())


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_give_the_same_bits(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{method} is not to be had here")
    context = multiprocessing.get_context(method)
    here = cr.train(CASES["adam"][0], X, Y, steps=4, engine="native", **SETTINGS)
    out = context.Queue()
    child = context.Process(target=_trained_elsewhere, args=(out,))
    child.start()
    there = out.get(timeout=120)
    child.join()
    assert there == here.parameters["W1"].tobytes()


def test_the_pace_takes_the_faster_number_of_threads_and_looks_again():
    pace = Pace(options=(1, 2), seconds=0.03)
    cost = {1: 0.001, 2: 0.0006}
    seen = []
    for spell in range(120):
        threads, steps = pace.next()
        seen.append(threads)
        if spell == 60:
            cost[2] = 0.005  # another program has come
        pace.see(threads, steps, steps * cost[threads])
        assert steps * cost[threads] < 0.3  # once, when the other program comes
    assert seen[5:20].count(2) >= 14
    assert seen[-30:].count(1) >= 28
