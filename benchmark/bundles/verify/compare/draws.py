"""Patches that follow from a random stream: starts, and queries of methods without predictions."""

import time
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Final, NoReturn

from benchmark.bundles.verify.evidence import MOST_PATCHES, Evidence, called
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.patches import patches_of
from benchmark.results import ExperimentResult
from benchmark.submission.method_class import builtin_class, instance
from benchmark.submission.spec import MethodSpec
from nnactive.geometry import Patch
from nnactive.io.queries import PROTOCOL_START
from nnactive.methods.run_method import run_method

if TYPE_CHECKING:
    import numpy as np

    from nnactive.methods import QueryMethod


SECONDS: Final = 900
"""For computing draws again."""
MOST_TILES: Final = 500_000
"""Query patches that the pool's images have room for, side by side; full's have some 10,000."""


def shared_start(evidence: Evidence) -> Problems:
    """Results of the same data, patch size, budget and seed have the same loop 0."""
    known: dict[tuple[object, ...], tuple[str, list[Patch]]] = {}
    for key, result in evidence.known_results().items():
        if result.loops:
            found = patches_of(result.loops[0].patches)
            first, wanted = known.setdefault(start_key(result), (called(key), found))
            if found != wanted:
                yield f"{called(key)}: starts with other patches than {first}"
    seeds: dict[tuple[object, ...], tuple[str, list[Patch]]] = {}
    for rule, (where, found) in known.items():
        if rule[-2] != PROTOCOL_START:  # another start may choose without chance
            continue
        other, same = seeds.setdefault(rule[:-1], (where, found))
        if other != where and same == found:
            yield f"{where}: starts with the same patches as {other}, though the seeds differ"
    return f"starts: {len(known)}, each the same wherever it must be"


def starts(evidence: Evidence) -> Problems:
    """Loop 0 is what the start method chooses, computed again."""
    again: dict[tuple[object, ...], list[Patch]] = {}
    begin = time.monotonic()
    for key, result in evidence.known_results().items():
        if not result.loops:
            continue
        rule = start_key(result)
        if rule not in again:
            _check_time(begin, len(again))
            again[rule] = _start(evidence, result)
        found = patches_of(result.loops[0].patches)
        if found != again[rule]:
            yield f"{called(key)}: {_first(found, again[rule])}"
    return f"starts computed again: {len(again)}"


def streams(evidence: Evidence) -> Problems:
    """Queries of a built-in method that needs no predictions are computed again."""
    spec = evidence.known_spec()
    method = _without_network(spec.later)
    count, begin = 0, time.monotonic()
    for key, result in evidence.known_results().items():
        for number in range(1, len(result.loops)):
            _check_time(begin, count)
            wanted = _query(evidence, method, spec.record.id, result, number)
            found = patches_of(result.loops[number].patches)
            count += 1
            if found != wanted:
                yield f"{called(key)}, loop {number}: {_first(found, wanted)}"
    return f"{count} queries of '{spec.later.record.id}' computed again"


def _check_time(begin: float, done: int) -> None:
    if time.monotonic() - begin > SECONDS:
        raise NotCheckedError(f"takes more than {SECONDS} s; the first {done} are right")


def _check_size(result: ExperimentResult, count: int) -> None:
    """Refuse to compute what no track of this benchmark asks for.

    Raises:
        NotCheckedError: if the numbers are beyond it.
    """
    shapes = result.dataset.pool_shapes
    if shapes is None:
        raise NotCheckedError("the results don't have the pool's shapes (pool_shapes)")
    patch = result.setting.patch_size
    tiles = sum(
        prod(-(-side // min(side, size)) for side, size in zip(shape, patch, strict=True))
        for shape in shapes.values()
        if min(shape) > 0
    )
    if tiles > MOST_TILES or count > MOST_PATCHES:
        raise NotCheckedError(f"a pool of {tiles:,} tiles, or {count:,} patches, are too many")


def start_key(result: ExperimentResult) -> tuple[object, ...]:
    """What a start depends on; the start method and the seed are last."""
    about = result.setting
    rule = result.method.start or PROTOCOL_START
    sizes = about.patch_size, about.starting_budget
    return result.dataset.checksum, *sizes, about.stride, rule, result.seed


def _start(evidence: Evidence, result: ExperimentResult) -> list[Patch]:
    from nnactive.methods import STARTS
    from nnactive.steps.start import StartInputs, start_pool
    from nnactive.steps.starting_budget import starting_budget

    rule, setting = result.method.start or PROTOCOL_START, result.setting
    if rule.partition(",")[0] not in STARTS:
        raise NotCheckedError(f"'{rule}' is the author's code, which is never run")
    dataset = evidence.prepared(setting.dataset)
    n = setting.starting_budget
    if n > MOST_PATCHES:
        raise NotCheckedError(f"{n:,} patches are too many")
    if rule == PROTOCOL_START:
        return starting_budget(dataset, setting.patch_size, n, result.seed)
    name = rule.partition(",")[0]
    pair = evidence.known_spec().pair
    parameters = pair[0].record.parameters if pair else {}
    method = instance(STARTS[name], name, parameters)
    inputs = StartInputs(dataset, setting, result.seed, method, rule)  # type: ignore[arg-type]
    return run_method(inputs.method, start_pool(inputs), n)


def _without_network(spec: MethodSpec) -> "QueryMethod":
    """The built-in method, if its choice depends on no network.

    Raises:
        NotCheckedError: if it isn't one.
    """
    from nnactive.methods import QueryMethod

    if spec.record.origin != "builtin":
        raise NotCheckedError("the author's code isn't run; `reproduce --method` does that")
    method = instance(builtin_class(spec.entry), spec.entry, spec.record.parameters)
    if not isinstance(method, QueryMethod) or method.needs:
        raise NotCheckedError("its queries depend on networks; `reproduce` can repeat them")
    return method


def _query(
    evidence: Evidence, method: "QueryMethod", method_id: str, result: ExperimentResult, loop: int
) -> list[Patch]:
    from nnactive.pool.info import PoolInfo
    from nnactive.pool.sources import Sources
    from nnactive.pool.view import PoolView
    from nnactive.steps.network import no_predictor

    setting = result.setting
    _check_size(result, setting.query_size)
    labelled = [
        Patch(patch.case, patch.start, patch.size, loop=number)
        for number in range(loop)
        for patch in patches_of(result.loops[number].patches)
    ]
    info = PoolInfo(
        shapes=result.dataset.pool_shapes or {},
        spacing=(1.0, 1.0, 1.0),  # of no account without images
        patch_size=setting.patch_size,
        stride=setting.stride,
        candidates=setting.candidates,
        loop=loop,
        queries=setting.loops - 1,
        n_classes=len(result.dataset.classes) + 1,
        labelled=tuple(labelled),
    )
    sources = Sources(
        images=_no_image,
        partial_labels=_no_image,
        predictor=no_predictor,
        needs=frozenset(),
        names=(setting.name, method_id, result.seed, loop),
        oracle_labels=_labels(evidence, setting.dataset) if method.oracle else None,
    )
    return run_method(method, PoolView(info, sources), setting.query_size)


def _labels(evidence: Evidence, name: str) -> "Callable[[str], np.ndarray]":
    """Reads the pool's labels.

    Raises:
        NotCheckedError: if they aren't at hand.
    """
    return evidence.prepared(name).pool_label


def _no_image(case: str) -> NoReturn:
    raise NotCheckedError(f"needs the image of {case}")


def _first(found: list[Patch], wanted: list[Patch]) -> str:
    """The first patch that differs."""
    for number, (a, b) in enumerate(zip(found, wanted, strict=False)):
        if a != b:
            return f"patch {number} is {a.case} at {a.start} instead of {b.case} at {b.start}"
    return f"{len(found)} patches instead of {len(wanted)}"
