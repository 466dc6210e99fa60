"""Whether Dice follow from counts that the test set can have."""

from math import isfinite

from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.counts import Reference, of_counts, reference_voxels
from benchmark.consistency.quality.calibration import of_calibration
from benchmark.consistency.quality.surfaces import of_surfaces
from benchmark.results import DatasetRecord, mean_dice


def counts(evidence: Evidence) -> Problems:
    """Counts have a row for each class and a column for each test case, and fit into an image."""
    yield from evidence.of_results(of_counts)
    return "a count for each class and test case, none above what an image holds"


def reference(evidence: Evidence) -> Problems:
    """True positives + false negatives are the reference: the same in all loops and results."""
    known: dict[str, tuple[str, Reference]] = {}
    for where, result, loop in evidence.loops():
        found = reference_voxels(loop.counts)
        first, wanted = known.setdefault(result.dataset.checksum, (where, found))
        if found != wanted:
            place = _first_difference(found, wanted, result.dataset)
            yield f"{where}: other reference voxels (tp + fn) than in {first}: {place}"
    sums = ", ".join(f"{sum(map(sum, found)):,}" for _, found in known.values())
    return f"the same reference in all loops of a dataset: {sums} voxels"


def dice(evidence: Evidence) -> Problems:
    """Every loop's Mean Dice is a number; no file holds one, all follow from counts."""
    means = []
    for where, _, loop in evidence.loops():
        if not any(any(row) for row in reference_voxels(loop.counts)):
            yield f"{where}: no reference has a class, so there is no Dice"
            continue
        value = mean_dice(loop.counts)
        means.append(value)
        if not (isfinite(value) and 0 <= value <= 1):
            yield f"{where}: the Mean Dice that follows from its counts is {value}"
    span = f"from {min(means):.3f} to {max(means):.3f}" if means else "none"
    return f"each Mean Dice follows from its counts: {span}"


def surfaces(evidence: Evidence) -> Problems:
    """Surfaces fit the test set's images and the counts."""
    yield from evidence.of_results(of_surfaces)
    measured = [loop.surfaces is not None for _, _, loop in evidence.loops()]
    if not any(measured):
        raise NotCheckedError("no result has surfaces; an older release wrote them")
    return f"areas and distances of {sum(measured)} loops fit their voxels and images"


def calibration(evidence: Evidence) -> Problems:
    """Bins of confidence hold the test set's voxels, as many of them right as the counts say."""
    yield from evidence.of_results(of_calibration)
    measured = [loop.calibration is not None for _, _, loop in evidence.loops()]
    if not any(measured):
        raise NotCheckedError("no result has a calibration; an older release wrote them")
    return f"bins of {sum(measured)} loops hold the voxels that are right and wrong"


def full_data(evidence: Evidence) -> Problems:
    """Mean Dice with all data is what the dataset's card says for this training."""
    from benchmark.collect import full_data_dice
    from nnactive.data.cards import list_cards, load_card

    cards, unknown = set(list_cards()), set[str]()
    for key, result in evidence.known_results().items():
        if result.setting.dataset not in cards:
            unknown.add(result.setting.dataset)
            continue
        wanted = full_data_dice(result.setting, load_card(result.setting.dataset))
        found = result.dataset.full_data_dice
        if found != wanted:
            yield f"{called(key)}: full_data_dice is {found}, but the card gives {wanted}"
    if unknown:
        raise NotCheckedError(f"no card of {', '.join(sorted(unknown))} here")
    return "as the datasets' cards give it"


def _first_difference(found: Reference, wanted: Reference, dataset: DatasetRecord) -> str:
    for number, (row, other) in enumerate(zip(found, wanted, strict=False)):
        for case, a, b in zip(dataset.test_cases, row, other, strict=False):
            if a != b:
                return f"{case}, class '{dataset.classes[number]}': {a:,} instead of {b:,}"
    return "of another shape"
