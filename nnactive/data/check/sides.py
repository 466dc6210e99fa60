"""Pool against test set: classes that one side lacks, and what lies on both."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnactive.data.cards import CARD_FILE, DATASETS, Card
from nnactive.data.check.findings import Finding, Severity, named

CLASS_CASES = 2
"""Pool cases that must contain each class: starting budget and folds both need two."""
MOST_SCANS = 12
"""Cases with the same beginning that may be one patient's; more are a site's or a study's."""
FEWEST = 4
"""Patients that a split needs at least."""
PATIENT = r"^(.*[0-9].*?)[_-][A-Za-z]*[0-9]*$"
"""A patient's number, and behind it a scan's: ``patient001_frame12``, ``p7_left``."""


@dataclass(frozen=True)
class Sides:
    """Ids of the split's two sides."""

    pool: tuple[str, ...]
    test: tuple[str, ...]

    def both(self, cases: Sequence[str]) -> bool:
        """Whether some of the cases are in the pool and some in the test set."""
        return not set(cases).isdisjoint(self.pool) and not set(cases).isdisjoint(self.test)


def class_findings(
    card: Card, classes: Sequence[str], present: Mapping[str, Sequence[int]], sides: Sides
) -> Iterator[Finding]:
    """Classes that too few cases of a side have.

    Args:
        card: the dataset's card.
        classes: names, background first.
        present: voxels of each class, background first, by case.
        sides: the split.
    """
    scored = []
    for number, name in enumerate(classes):
        pool, test = (_having(side, present, number) for side in (sides.pool, sides.test))
        if pool < CLASS_CASES:
            detail = _rare(card, number, name, (pool, len(sides.pool)), test)
            yield Finding(severity="error", kind="class", detail=detail)
        if number and test:
            scored.append(name)
        if number and pool and test == 1:
            detail = f"class '{name}' is in one test case only, which alone decides its Dice"
            yield Finding(severity="note", kind="class", detail=detail)
    for name in classes[1:]:
        if name not in scored and _having((*sides.pool,), present, classes.index(name)):
            yield _unscored(name, scored)


def _rare(card: Card, number: int, name: str, pool: tuple[int, int], test: int) -> str:
    """What to say of a label that too few pool cases have."""
    found, cases = pool
    if not number:
        return (
            f"{found} of {cases} pool cases have a voxel that is background (value 0), but "
            f"{CLASS_CASES} are required; correct the label maps, in which every voxel has a class"
        )
    without = _without(card, number, name)
    if not found + test:
        return f"class '{name}': occurs in no label map; {without}"
    return (
        f"class '{name}' occurs in {found} of {cases} pool cases, but {CLASS_CASES} are required; "
        f"give more cases that have it, or {without}"
    )


def _without(card: Card, number: int, name: str) -> str:
    """How to leave a class out of a dataset."""
    left = [label for label in card.labels.values() if label != number]
    pairs = ((raw, left.index(n) if n in left else 0) for raw, n in sorted(card.raw_labels.items()))
    if (card.folder / CARD_FILE).is_file():
        mapped = ", ".join(f"{raw}: {label}" for raw, label in pairs)
        return f"remove '{name}' from the card's 'labels' and write label_map: {{{mapped}}}"
    mapped = ",".join(f"{raw}={label}" for raw, label in pairs if raw != label)
    return f"remove '{name}' from 'labels' in dataset.json and give --map {mapped}"


def _having(side: Sequence[str], present: Mapping[str, Sequence[int]], number: int) -> int:
    # A case that couldn't be read may have the class; its fault is told anyway.
    return sum(case not in present or present[case][number] > 0 for case in side)


def _unscored(name: str, scored: Sequence[str]) -> Finding:
    rest = "no class can" if not scored else f"Mean Dice is that of {', '.join(scored)}"
    severity: Severity = "warning" if scored else "error"
    detail = f"class '{name}' is in no test case, so it can't be scored: {rest}"
    return Finding(severity=severity, kind="unscored", detail=detail)


def duplicate_findings(
    card: Card, images: Mapping[str, str], labels: Mapping[str, str], sides: Sides
) -> Iterator[Finding]:
    """Cases with the same content, which is worst across the split.

    Args:
        card: the dataset's card; what its publishers did can't be mended, only told.
        images: digest of each case's voxels.
        labels: likewise of its label map.
        sides: the split.
    """
    for same in _alike(images):
        detail = f"{named(same)} have the same image"
        if sides.both(same):
            severity = unless_published("error", card)
            detail += ", in the pool and in the test set; remove all but one"
            yield Finding(severity=severity, kind="duplicate", cases=same, detail=detail)
        else:
            yield Finding(severity="warning", kind="duplicate", cases=same, detail=detail)
    for same in _alike(labels):
        if len({images[case] for case in same}) > 1:
            detail = f"{named(same)} have the same label map, but not the same image"
            yield Finding(severity="note", kind="duplicate", cases=same, detail=detail)


def _alike(digests: Mapping[str, str]) -> list[tuple[str, ...]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for case in sorted(digests):
        groups[digests[case]].append(case)
    return sorted(tuple(cases) for cases in groups.values() if len(cases) > 1)


def patient_findings(card: Card, sides: Sides) -> Iterator[Finding]:
    """Patients on both sides of the split: those the card groups, or whose ids look alike."""
    pattern = card.split.group or PATIENT
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for case in (*sides.pool, *sides.test):
        found = re.search(pattern, case)
        groups[(found and found.group(1)) or case].append(case)
    if not card.split.group and not _are_patients(groups, sides):
        return
    torn = {patient: sorted(cases) for patient, cases in groups.items() if sides.both(cases)}
    if torn:
        patient, cases = min(torn.items())
        way_out = (
            ""
            if card.split.group
            else f"; group them with --group '{PATIENT}' (split.group in a card), or say with "
            "--group '(.+)' that each case is a patient"
        )
        yield Finding(
            severity=unless_published("error", card),
            kind="patient",
            cases=tuple(case for cases in torn.values() for case in cases),
            detail=f"patient '{patient}' is in the pool and in the test set ({named(cases)}; "
            f"{len(torn)} such patients){way_out}",
        )


def _are_patients(groups: Mapping[str, Sequence[str]], sides: Sides) -> bool:
    """Whether the beginnings of the ids look like patients, rather than sites or a name."""
    alike = all(re.search(PATIENT, case) for case in (*sides.pool, *sides.test))
    return alike and len(groups) >= FEWEST and max(map(len, groups.values())) <= MOST_SCANS


def unless_published(severity: Severity, card: Card) -> Severity:
    """A severity; a warning for the benchmark's datasets, which are as their authors made them."""
    return "warning" if card.folder.parent == DATASETS else severity
