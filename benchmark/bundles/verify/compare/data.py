"""What a prepared dataset tells of a bundle: its facts, the test set, what was labelled."""

from collections import defaultdict
from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import Problems
from benchmark.consistency.counts import LARGEST_IMAGE, fingerprint
from benchmark.consistency.patches import patches_of
from benchmark.consistency.quality.surfaces import measured_with
from benchmark.results import DatasetRecord, ExperimentResult
from nnactive.annotator.drawn import drawn_labels
from nnactive.effort import Work, total
from nnactive.geometry import Patch
from nnactive.labels import count_boundary, count_labelled, count_work
from nnactive.quality.distances import tolerances_of

if TYPE_CHECKING:
    from nnactive.data.prepared import PreparedDataset

Counts = tuple[int, ...]


def records(evidence: Evidence) -> Problems:
    """All results tell the same of a dataset, which is the setting's, and complete."""
    known: dict[str, tuple[str, DatasetRecord]] = {}
    for key, result in evidence.known_results().items():
        found = result.dataset
        if found.name != result.setting.dataset:
            yield f"{called(key)}: on the dataset '{found.name}', not '{result.setting.dataset}'"
        yield from (f"{called(key)}: {each}" for each in _of_record(found))
        # What is known of the full-data Dice depends on the setting.
        plain = found.model_copy(update={"full_data_dice": None})
        first, wanted = known.setdefault(found.name, (called(key), plain))
        for field, value in wanted:
            if getattr(plain, field) != value:
                yield f"{called(key)}: {field} of '{found.name}' isn't that of {first}"
    return f"{', '.join(sorted(known))}: the same in all results"


def prepared(evidence: Evidence) -> Problems:
    """Checksum, split, classes, cases and sizes are those of the prepared dataset."""
    for name, results in _by_dataset(evidence):
        info = evidence.prepared(name).info
        wanted = {
            "checksum": info.checksum,
            "split_kind": info.split_kind,
            "classes": info.classes[1:],
            "pool_cases": len(info.pool),
            "pool_foreground": info.pool_voxels[1:],
            "pool_boundary": info.pool_boundary,
            "pool_effort": info.pool_effort,
            "test_cases": tuple(case.id for case in info.test),
            "pool_shapes": {case.id: case.shape for case in info.pool},
        }
        for field, value in wanted.items():
            found = getattr(results[0].dataset, field)  # `records` compares the others with it
            if found is not None and value is not None and found != value:
                yield f"{field} of '{name}': {found!r:.70} instead of {value!r:.70}"
        for result in results:
            stated = measured_with(result)["tolerances"]
            if stated not in {None, tolerances_of(info.spacing)}:
                yield f"tolerances of '{name}': {stated!r:.70} instead of one and two voxels"
    return "checksum, split, classes, cases and sizes as prepared here"


def test_set(evidence: Evidence) -> Problems:
    """Reference voxels are the test labels', and no prediction has more than an image's voxels."""
    for name, results in _by_dataset(evidence):
        dataset = evidence.prepared(name)
        if tuple(case.id for case in dataset.info.test) != results[0].dataset.test_cases:
            yield f"'{name}': other test cases"
            continue
        for place, case in enumerate(dataset.info.test):
            yield from _of_test_case(dataset, place, case.id, results)
    return "every count fits the test labels and the size of its image"


def annotation(evidence: Evidence) -> Problems:
    """Labelled foreground, boundary and effort are those of the patches in the pool's labels."""
    for name, results in _by_annotator(evidence):
        dataset = evidence.prepared(name)
        counted = _counted(dataset, results)
        classes = len(dataset.info.classes)
        for result in results:
            inside, edge = (0,) * (classes - 1), (0,) * (classes - 1)
            work, images = total([], classes - 1, 0), 0
            for number, loop in enumerate(result.loops):
                for patch in patches_of(loop.patches):
                    more = counted.get(patch)
                    if more is None:
                        yield f"{name}: a patch of {patch.case} isn't in the pool"
                        break
                    inside = tuple(a + b for a, b in zip(inside, more[0][1:], strict=True))
                    edge = tuple(a + b for a, b in zip(edge, more[1], strict=True))
                    work = total([work, more[2]], classes - 1, 0)
                images += len(set(loop.patches.case))
                where = f"{result.setting.name}, seed {result.seed}, loop {number}"
                if loop.labelled_foreground != inside:
                    told = f"{loop.labelled_foreground} instead of {inside}"
                    yield f"{where}: labelled_foreground is {told}"
                if loop.labelled_boundary not in {None, edge}:
                    yield f"{where}: labelled_boundary is {loop.labelled_boundary}, not {edge}"
                wanted = work.model_copy(update={"images": images})
                if loop.effort not in {None, wanted}:
                    yield f"{where}: effort is {loop.effort}, not {wanted}"
    return "labelled foreground, boundary and effort counted again in the pool's labels"


def _of_record(found: DatasetRecord) -> Iterator[str]:
    if not found.classes or not found.test_cases:
        yield "the dataset has no foreground class or no test case"
    if len(set(found.test_cases)) < len(found.test_cases):
        yield "a test case is named twice"
    if found.pool_shapes is not None and len(found.pool_shapes) != found.pool_cases:
        yield f"shapes of {len(found.pool_shapes)} of {found.pool_cases} pool cases"
    sizes = [min(shape) for shape in (found.pool_shapes or {}).values()]
    voxels = [prod(shape) for shape in (found.pool_shapes or {}).values()]
    if min(sizes, default=1) < 1 or max(voxels, default=1) > LARGEST_IMAGE:
        yield "an image of the pool has a size that no image has"
    if found.pool_shapes and set(found.pool_shapes) & set(found.test_cases):
        yield "a test case is in the pool"
    if (
        len(found.pool_foreground) != len(found.classes)
        or min(found.pool_foreground, default=0) < 0
    ):
        yield "pool_foreground isn't a count for each class"


def _by_dataset(evidence: Evidence) -> Iterator[tuple[str, list[ExperimentResult]]]:
    found: dict[str, list[ExperimentResult]] = defaultdict(list)
    for result in evidence.known_results().values():
        found[result.setting.dataset].append(result)
    yield from sorted(found.items())


def _by_annotator(evidence: Evidence) -> Iterator[tuple[str, list[ExperimentResult]]]:
    """Results by dataset; where an annotator errs, those with the same errors."""
    for name, results in _by_dataset(evidence):
        found: dict[object, list[ExperimentResult]] = defaultdict(list)
        for result in results:
            errs = result.setting.annotator
            found[errs and (errs, result.seed)].append(result)
        for group in found.values():
            yield name, group


def _of_test_case(
    dataset: "PreparedDataset", place: int, case: str, results: list[ExperimentResult]
) -> Iterator[str]:
    import numpy as np

    classes = len(dataset.info.classes)
    label = dataset.test_label(case)
    there = np.bincount(label.ravel().clip(min=0), minlength=classes)[1:classes].tolist()
    for result in results:
        stated = fingerprint(result)
        if stated is None:
            continue
        where = f"{result.setting.name}, seed {result.seed}, {case}"
        found = [row[place] for row in stated]
        if found != there:
            yield f"{where}: reference voxels {found} instead of {there}"
        for loop in result.loops:
            wrong = [row[place] for row in loop.counts.false_positives]
            right = [row[place] for row in loop.counts.true_positives]
            for number, (false, size) in enumerate(zip(wrong, there, strict=True)):
                if false > label.size - size:
                    name = dataset.info.classes[number + 1]
                    yield (
                        f"{where}, loop {loop.loop}: {false:,} false positives of '{name}', but "
                        f"only {label.size - size:,} voxels aren't of it"
                    )
            if sum(wrong) + sum(right) > label.size:
                yield f"{where}, loop {loop.loop}: predicts more voxels than the image has"


def _counted(
    dataset: "PreparedDataset", results: list[ExperimentResult]
) -> dict[Patch, tuple[Counts, Counts, Work]]:
    """Voxels and boundary voxels by class, and the work, of every patch that lies in the pool.

    All results have the same annotator; if that one errs, they have the same seed, too.
    """
    by_case: dict[str, set[Patch]] = defaultdict(set)
    for result in results:
        for loop in result.loops:
            for patch in patches_of(loop.patches):
                by_case[patch.case].add(patch)
    shapes = {case.id: case.shape for case in dataset.info.pool}
    classes, found = len(dataset.info.classes), {}
    annotator, seed = results[0].setting.annotator, results[0].seed
    for case in sorted(by_case.keys() & shapes.keys()):
        inside = [p for p in by_case[case] if p.inside(shapes[case]) and min(p.size) > 0]
        label = drawn_labels(dataset, annotator, seed, case, inside)
        for patch in inside:
            found[patch] = (
                count_labelled(label, [patch], classes),
                count_boundary(label, [patch], classes),
                count_work(label, [patch], classes, dataset.info.slice_axis),
            )
    return found
