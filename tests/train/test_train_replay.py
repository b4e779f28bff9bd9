"""Replay: any step of any run, bit for bit what training computed, whatever is in between."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import SpecError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(23, 4))
CLASSES = RNG.integers(0, 3, 23)
SPEC = "4-6:gelu-3:softmax"

OPTIMIZERS = [
    cr.SGD(0.1),
    cr.Momentum(0.1),
    cr.Nesterov(0.05),
    cr.RMSProp(0.01),
    cr.Adam(cr.WarmUp(cr.Cosine(0.05, steps=30), steps=5)),
    cr.AdamW(0.01, clip_norm=0.5),
]


class Watch:
    """A callback that keeps a copy of the parameters after each epoch."""

    def __init__(self):
        self.seen = {}

    def __call__(self, progress):
        self.seen[progress.step] = {k: v.copy() for k, v in progress.parameters.items()}


def same(left, right):
    assert set(left) == set(right)
    for name in left:
        assert left[name].dtype == right[name].dtype
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def train(watch=None, **settings):
    given = {"steps": 40, "seed": 5, "optimizer": cr.Adam(0.01), **settings}
    return cr.train(SPEC, X, CLASSES, callbacks=[watch] if watch else [], **given)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.kind)
@pytest.mark.parametrize("batch_size", [None, 5, 23, 99])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_step_is_that_of_training(optimizer, batch_size, dtype):
    """The run of k steps is the witness: its final state is the state before update k."""
    watch = Watch()
    run = train(watch, optimizer=optimizer, batch_size=batch_size, dtype=dtype, steps=17)
    for k, parameters in watch.seen.items():
        same(run.at(k).parameters, parameters)
    for k in (0, 1, 4, 5, 6, 16, 17):
        witness = train(optimizer=optimizer, batch_size=batch_size, dtype=dtype, steps=k)
        same(run.at(k).parameters, witness.parameters)
        same(run.at(k).slots, {s: v for s, v in witness.record.final.items() if "." in s})
        if k < 17:
            assert run.at(k).loss == run.losses[k]
            after = run.at(k + 1).parameters
            same(run.at(k).updates, {n: after[n] - v for n, v in run.at(k).parameters.items()})


@pytest.mark.parametrize("snapshot_bytes", [0, 1, 2000, 5000, 10**9])
def test_thinned_snapshots_change_nothing(snapshot_bytes):
    watch = Watch()
    run = train(watch, batch_size=5, steps=300, snapshot_bytes=snapshot_bytes)
    kept = run.record.snapshots
    size = sum(v.nbytes for v in kept[0].values())
    assert 0 in kept
    assert len(kept) <= max(1, min(128, snapshot_bytes // size))
    for k in (*sorted(watch.seen)[::9], 300):
        same(run.at(k).parameters, watch.seen[k])


def test_the_last_batch_of_an_epoch_may_be_smaller():
    run = train(batch_size=5, steps=10)
    sizes = [len(run.at(k).rows) for k in range(10)]
    assert sizes == [5, 5, 5, 5, 3] * 2
    first = np.concatenate([run.at(k).rows for k in range(5)])
    second = np.concatenate([run.at(k).rows for k in range(5, 10)])
    assert sorted(first) == sorted(second) == list(range(23))
    assert first.tolist() != second.tolist()
    np.testing.assert_array_equal(run.at(7).values["x"], X[run.at(7).rows])
    np.testing.assert_array_equal(run.at(7).values["y"], CLASSES[run.at(7).rows])


def test_without_shuffling_rows_come_in_their_order():
    run = train(batch_size=5, steps=6, shuffle=False)
    assert run.at(0).rows.tolist() == [0, 1, 2, 3, 4]
    assert run.at(5).rows.tolist() == [0, 1, 2, 3, 4]


def test_the_last_state_has_gradients_but_no_updates():
    run = train(steps=3)
    last = run.at(3)
    assert last.updates == {}
    assert set(last.gradients) == {"W1", "b1", "W2", "b2"}
    same(last.parameters, run.parameters)
    assert last.loss < run.losses[0]


@pytest.mark.parametrize("step", [-1, 4, 10**30, 2.0, True, "1", None, np.float64(1)])
def test_there_are_only_the_steps_that_were_done(step):
    run = train(steps=3)
    with pytest.raises(SpecError, match=r"step .* was asked for; this run has steps 0 to 3"):
        run.at(step)


def test_numpy_integers_are_steps():
    assert train(steps=3).at(np.uint8(2)).step == 2


def test_what_a_moment_hands_out_can_be_written_to_without_harm():
    run = train(steps=3)
    clean = run.at(1)
    for role in ("parameters", "values", "gradients", "updates", "slots"):
        for array in getattr(run.at(1), role).values():
            array[...] = 77
    run.parameters["W1"][...] = 77
    run.history["loss"][...] = 77
    again = run.at(1)
    for role in ("parameters", "values", "gradients", "updates", "slots"):
        same(getattr(again, role), getattr(clean, role))


def test_inputs_are_not_changed_and_later_changes_to_them_do_not_matter():
    x, y, w = X.copy(), np.eye(3)[CLASSES], np.linspace(0.1, 1, 23)
    start = {"W1": np.full((4, 6), 0.5), "b1": np.arange(6.0)}
    given = [x, y, w, *start.values()]
    before = [a.copy() for a in given]
    run = cr.train(SPEC, x, y, sample_weight=w, initial=start, steps=9, batch_size=5)
    for now, then in zip(given, before, strict=True):
        np.testing.assert_array_equal(now, then)
        assert now.flags.writeable
    moments = [run.at(k) for k in (0, 3, 9)]
    for array in given:
        array[...] = 9.0
    for old in moments:
        new = run.at(old.step)
        same(new.values, old.values)
        same(new.gradients, old.gradients)


def test_a_callback_cannot_write_into_the_past():
    def vandal(progress):
        with pytest.raises(ValueError, match="read-only"):
            progress.parameters["W1"][0, 0] = 5.0

    assert cr.train(SPEC, X, CLASSES, steps=2, callbacks=[vandal]).steps == 2


def test_randomness_is_the_seeds_alone():
    np.random.seed(1)
    first = train(batch_size=5)
    np.random.seed(2)
    np.random.rand(7)
    again, other = train(batch_size=5), train(batch_size=5, seed=6)
    np.testing.assert_array_equal(first.losses, again.losses)
    same(first.parameters, again.parameters)
    assert not np.array_equal(first.losses, other.losses)
    assert not np.array_equal(first.at(0).parameters["W1"], other.at(0).parameters["W1"])
    assert first.at(0).rows.tolist() != other.at(0).rows.tolist()
    huge = train(batch_size=5, seed=2**200)
    np.testing.assert_array_equal(huge.losses, train(batch_size=5, seed=2**200).losses)


def test_validation_never_touches_the_bits_of_training():
    plain = train(batch_size=5)
    judged = train(batch_size=5, validation=(X[:7], CLASSES[:7]))
    np.testing.assert_array_equal(plain.losses, judged.losses)
    same(plain.parameters, judged.parameters)


def test_replay_after_early_stopping():
    flipped = (CLASSES + 1) % 3
    settings = {"optimizer": cr.Adam(0.05), "batch_size": 5, "steps": 500}
    run = train(**settings, validation=(X, flipped), patience=3)
    assert run.stopped == "early stopping"
    assert run.steps == run.best_step + 3 * 5
    same(run.parameters, run.at(run.best_step).parameters)
    best = np.nanargmin(run.history["validation_loss"])
    assert run.best_step == best + 1
    assert run.evaluate(X, flipped)["loss"] == run.history["validation_loss"][best]
    free = train(**settings)
    for k in (0, run.best_step, run.steps):
        same(run.at(k).parameters, free.at(k).parameters)


def test_replay_of_a_run_of_no_steps():
    run = train(steps=0)
    assert run.steps == 0
    assert run.losses.shape == (0,)
    assert run.at(0).updates == {}
    same(run.at(0).parameters, run.parameters)
    assert run.predict(X).shape == (23, 3)


PROGRAM = """
    import hashlib, json, sys
    import numpy as np
    import chainrule as cr

    def digest(run):
        sums = {}
        for k in (0, 1, 7, run.steps - 1, run.steps):
            moment = run.at(k)
            found = hashlib.sha256()
            for role in ("parameters", "values", "gradients", "updates", "slots"):
                for name, array in sorted(getattr(moment, role).items()):
                    found.update(name.encode() + np.ascontiguousarray(array).tobytes())
            sums[k] = found.hexdigest()
        return sums

    where, make = sys.argv[1], sys.argv[2] == "make"
    if make:
        rng = np.random.default_rng(0)
        x, y = rng.random((1000, 784)), rng.integers(0, 10, 1000)
        run = cr.train("784-128:relu-10:softmax", x, y, batch_size=128, steps=20, seed=3,
                       optimizer=cr.Momentum(0.05), snapshot_bytes=4_000_000)
        run.save(where)
    else:
        run = cr.load(where)
    print(json.dumps(digest(run)))
"""


@pytest.mark.slow
def test_replay_in_another_process_with_other_threads(tmp_path):
    def digests(make, threads):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads)}
        out = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / "run"), make],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(out.stdout)

    made = digests("make", "2")
    assert digests("load", "1") == made
    assert digests("load", "2") == made
