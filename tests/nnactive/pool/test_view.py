import threading
import time
from collections.abc import Mapping
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest

from nnactive.errors import MethodError, NnactiveError
from nnactive.geometry import Patch
from nnactive.labels import partial_label
from nnactive.methods import Bald, PredictiveEntropy
from nnactive.methods.random import RandomForeground66
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.query.prediction import Need
from nnactive.streams import stream


def test_labels_of_a_labelled_patch_and_no_other(make_pool, labelled_patch):
    truth = make_pool(RandomForeground66).oracle.label("d")
    pool = make_pool(labelled=[labelled_patch])
    np.testing.assert_array_equal(pool.labels_in(labelled_patch), truth[3:7, 3:7, 3:7])
    for patch in (
        Patch("d", (3, 3, 4), (4, 4, 4)),
        Patch("d", (0, 0, 0), (10, 10, 10)),
        Patch("a", (3, 3, 3), (4, 4, 4)),
    ):
        with pytest.raises(MethodError, match="isn't labelled"):
            pool.labels_in(patch)


def arrays_within(thing, seen=None):
    """Every array that can be reached through attributes, items and closures of ``thing``."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, (str, bytes, int, float, type)):
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield thing
        return
    parts = list(getattr(thing, "__dict__", {}).values())
    parts += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
    parts += [getattr(thing, name, None) for name in ("__self__", "func", "args", "keywords")]
    if isinstance(thing, dict):
        parts += list(thing.values())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        parts += list(thing)
    for part in parts:
        yield from arrays_within(part, seen)


def test_view_leads_to_no_other_label(make_pool, labelled_patch):
    truth = np.full((10, 10, 10), 7, dtype=np.int16)
    truth[labelled_patch.slices] = 1
    parts = {
        "labelled": [labelled_patch],
        "shapes": {"d": truth.shape},
        "partial_labels": {"d": partial_label(truth, [labelled_patch], 99)}.__getitem__,
    }

    def reachable(pool):
        arrays = [pool.labels_in(labelled_patch), *arrays_within(pool)]
        return {int(v) for array in arrays for v in np.unique(array)}

    pool = make_pool(**parts)
    assert reachable(pool) == {1, 99}
    assert pool._sources.oracle_labels is None
    with pytest.raises(MethodError, match="oracle = True"):
        _ = pool.oracle
    # The search isn't blind: through the declared door it does find the others.
    oracle_labels = {"d": truth}.__getitem__
    assert 7 in reachable(make_pool(**parts, oracle_labels=oracle_labels))


PUBLIC = {
    *("info", "shapes", "spacing", "patch_size", "stride", "candidates", "loop", "queries"),
    *("n_classes", "labelled", "cases", "shape", "image", "labelled_in", "labels_in", "predict"),
    *("embed", "map", "rng", "oracle", "history", "state", "save", "file", "torch_rng"),
    *("features", "stages", "n_members", "network", "device"),
}


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_a_view_shows_what_is_documented_and_nothing_else(make_pool):
    pool = make_pool(RandomForeground66)
    assert public(pool) == PUBLIC
    assert all(name.startswith("_") for name in vars(pool))
    assert public(pool.oracle) == {"label"}
    facts = {each.name for each in fields(PoolInfo)}
    assert public(pool.info) == facts < PUBLIC
    assert {name: getattr(pool, name) for name in facts} == {
        name: getattr(pool.info, name) for name in facts
    }


def publicly_reachable(thing, seen):
    """Objects that public attributes and items of ``thing`` lead to."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, (str, int, float, np.ndarray)):
        return
    if isinstance(thing, (Mapping, list, tuple, set, frozenset)):
        parts = [*thing, *(thing.values() if isinstance(thing, Mapping) else ())]
    else:
        parts = [getattr(thing, name) for name in public(thing)]
    for part in parts:
        publicly_reachable(part, seen)


class NetworkStandIn:
    members, channels = 1, 1

    def stages(self):
        return ("encoder.0",)


def test_no_public_attribute_leads_to_a_reader(make_pool, labelled_patch):
    network = NetworkStandIn()
    pool = make_pool(
        RandomForeground66,
        labelled=[labelled_patch],
        embedder=lambda *_: None,
        network=network,
        needs=frozenset(Need),
    )
    sources = [getattr(pool._sources, each.name) for each in fields(Sources)]
    callables = {id(source) for source in sources if callable(source)}
    assert len(callables) == 5  # images, both label maps, predictions, embeddings
    hidden = callables | {id(pool._sources), id(network)}
    seen = {}
    publicly_reachable(pool, seen)
    assert id(labelled_patch) in seen
    assert not hidden & set(seen)
    # The search isn't blind: made public, they are found.
    seen = {}
    publicly_reachable(SimpleNamespace(sources=pool._sources), seen)
    assert hidden <= set(seen)


def test_what_the_pool_returns_is_read_only(make_pool, labelled_patch):
    pool = make_pool(RandomForeground66, labelled=[labelled_patch])
    for array in (pool.image("a"), pool.labels_in(labelled_patch), pool.oracle.label("a")):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(TypeError):
        pool.shapes["a"] = (1, 1, 1)
    for thing, name in ((pool, "labelled"), (pool, "info"), (pool.info, "labelled")):
        with pytest.raises(AttributeError):
            setattr(thing, name, ())


def test_cases_are_sorted_and_unknown_ones_refused(make_pool):
    pool = make_pool(shapes={"b": (4, 5, 6), "a": (7, 8, 9)})
    assert pool.cases == ("a", "b")
    assert pool.shape("b") == (4, 5, 6)
    for ask in (pool.shape, pool.image, pool.predict, pool.labelled_in):
        with pytest.raises(MethodError, match="no case 'z'"):
            ask("z")
    with pytest.raises(MethodError, match="no case 'z'"):
        pool.map(len, ["a", "z"])


def test_prediction_holds_what_the_method_needs(make_pool):
    assert make_pool(Bald()).predict("c").expected_entropy.shape == (3, 16, 16)
    with pytest.raises(MethodError, match="expected_entropy"):
        _ = make_pool(PredictiveEntropy()).predict("c").expected_entropy


def test_streams_carry_the_names_of_the_experiment(make_pool):
    pool = make_pool(names=("setting", "method", 12345, 3))
    expected = stream("setting", "method", 12345, 3, "noise", "a", "1").random(3)
    np.testing.assert_array_equal(pool.rng("noise", "a", "1").random(3), expected)
    assert pool.rng("noise", "a").random() != pool.rng("noise", "b").random()


@pytest.mark.parametrize("workers", [1, 3])
def test_map_keeps_case_order_and_reports_progress(make_pool, workers):
    reports = []
    pool = make_pool(workers=workers, progress=lambda done, whole: reports.append((done, whole)))

    def slow_first(case):
        time.sleep(0.05 if case == "a" else 0)
        return case.upper()

    assert pool.map(slow_first) == ["A", "B", "C", "D"]
    assert reports == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert pool.map(slow_first, ["d", "a"]) == ["D", "A"]


def test_map_works_on_as_many_images_at_once_as_there_are_workers(make_pool):
    barrier = threading.Barrier(2, timeout=300)
    assert len(set(make_pool(workers=2).map(lambda _: barrier.wait()))) == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_map_raises_the_first_failure_in_case_order(make_pool, workers):
    def fail(case):
        if case in "bd":
            time.sleep(0.05 if case == "b" else 0)
            raise ValueError(f"two\nlines of {case}")

    with pytest.raises(MethodError, match=r"^b: ValueError: two lines of b$") as caught:
        make_pool(workers=workers).map(fail)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("workers", [1, 2])
def test_keyboard_interrupt_propagates(make_pool, workers):
    def interrupt(case):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_pool(workers=workers).map(interrupt)


def test_failure_of_the_step_is_not_the_methods(make_pool):
    def broken(case, *_):
        raise OSError("disk gone")

    pool = make_pool(images=broken, predictor=broken)
    for ask, thing in ((pool.image, "image"), (pool.predict, "prediction")):
        with pytest.raises(NnactiveError, match=f"a: no {thing}.*disk gone") as caught:
            pool.map(ask)
        assert not isinstance(caught.value, MethodError)
