"""Verifying that a prepared dataset is intact, and whose split it has; one case at a time."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from nnactive import PROTOCOL_VERSION
from nnactive.data.cards import Card
from nnactive.data.case_ids import id_problem
from nnactive.data.check.findings import summed_up
from nnactive.data.check.sides import (
    Sides,
    class_findings,
    duplicate_findings,
    patient_findings,
)
from nnactive.data.fingerprints import agrees, case_problem, known_cases, whose_split
from nnactive.data.prepare.split import split_cases
from nnactive.data.prepared import (
    IMAGES,
    POOL_LABELS,
    TEST_LABELS,
    CaseInfo,
    PreparedDataset,
    PreparedInfo,
    array_digest,
    dataset_checksum,
    seal_dataset,
    volume_file,
)
from nnactive.data.progress import Progress, tracked
from nnactive.errors import UserError
from nnactive.io.files import read_json, sha256
from nnactive.io.formatting import numbers
from nnactive.nnunet.store import SUFFIX

LISTED = 3
"""Problems of one kind to list; the rest are only counted."""


@dataclass(frozen=True)
class Finding:
    """Result of one check."""

    what: str
    ok: bool
    detail: str
    warning: bool = False
    """Whether a passed check tells something that results must be read with."""


@dataclass
class _Seen:
    """What was found while reading all cases; problems by kind."""

    digests: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    """Digests of the images alone."""
    voxels: dict[str, np.ndarray] = field(default_factory=dict)
    geometry: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


def verify(card: Card, dataset: PreparedDataset, progress: Progress) -> list[Finding]:
    """Check counts, ids, files, geometry, values, checksum and split of a prepared dataset.

    Args:
        card: the dataset's card.
        dataset: the dataset to check.
        progress: receives every case that was read.

    Returns:
        All findings; a failed one doesn't stop the rest.
    """
    info = dataset.info
    dataset = PreparedDataset(dataset.folder, checked=False)  # all that is wrong is to be named
    seen = _Seen()
    cases = sorted((*info.pool, *info.test), key=lambda case: case.id)
    pool = {case.id for case in info.pool}
    for case in tracked(progress, "verify", cases, len(cases)):
        _look(dataset, case, POOL_LABELS if case.id in pool else TEST_LABELS, seen)
    sides = _sides(card, info)
    found = [
        _card(card, info),
        _counts(card, info),
        _files(dataset),
        _plans(dataset),
        _finding("geometry", seen.geometry, "images and labels have the shapes of prepared.json"),
        _finding("values", seen.values, f"images finite, labels 0 to {len(info.classes) - 1}"),
        _voxels(info, seen),
        _checksum(info, seen),
        sides,
        _test_set(card, info, seen, by_split=sides.ok),
        *_published(card, info, seen),
        *_dataset(card, info, seen),
    ]
    if all(finding.ok for finding in found):
        _seal(dataset)
    return found


def _seal(dataset: PreparedDataset) -> None:
    """Seal a dataset that is right, but was prepared before there were seals, or stored anew."""
    known = dataset.sums
    if known and all(sha256(dataset.folder / name) == known[name] for name in known):
        return
    with suppress(OSError):  # a data folder may be read-only
        seal_dataset(dataset.folder, dataset.info, late=True)


def _look(dataset: PreparedDataset, case: CaseInfo, side: str, seen: _Seen) -> None:
    """Read a case and record what is wrong with it."""
    info = dataset.info
    try:
        image = dataset.image(case.id)
        label = dataset.pool_label(case.id) if side == POOL_LABELS else dataset.test_label(case.id)
    except UserError as error:
        seen.geometry.append(str(error))
        return
    wanted = (len(info.channels), *case.shape)
    for kind, array, shape in ((IMAGES, image, wanted), (side, label, case.shape)):
        if array.shape != shape:
            file = volume_file(dataset.folder, kind, case.id)
            seen.geometry.append(f"{file}: shape {array.shape} instead of {shape}")
    if not np.isfinite(image).all():
        file = dataset.image_file(case.id)
        seen.values.append(f"{file}: contains NaN or infinite values")
    low, high = int(label.min()), int(label.max())
    if low < 0 or high >= len(info.classes):
        file = volume_file(dataset.folder, side, case.id)
        seen.values.append(f"{file}: label values {low} to {high}")
    else:
        seen.voxels[case.id] = np.bincount(label.ravel(), minlength=len(info.classes))
    seen.digests[case.id] = array_digest(image, label)
    seen.images[case.id] = array_digest(image)


def _finding(what: str, problems: Sequence[str], detail: str) -> Finding:
    more = f" and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
    text = "; ".join(problems[:LISTED]) + more
    return Finding(what=what, ok=not problems, detail=text or detail)


def _card(card: Card, info: PreparedInfo) -> Finding:
    problems = []
    if info.protocol_version != PROTOCOL_VERSION:
        problems.append(
            f"prepared under protocol {info.protocol_version}, but this is {PROTOCOL_VERSION}; "
            "prepare it again"
        )
    if info.source != card.preparation_hash():
        problems.append("prepared from another card or version of the dataset; prepare it again")
    return _finding("card", problems, f"prepared from {card.title}'s card")


def _counts(card: Card, info: PreparedInfo) -> Finding:
    total = len(info.pool) + len(info.test)
    text = f"{len(info.pool)} pool and {len(info.test)} test cases"
    wrong = [f"{text}, but {card.title} has {card.cases} cases"] if total != card.cases else []
    problem = None if wrong else id_problem([case.id for case in (*info.pool, *info.test)], card)
    return _finding("cases", [*wrong, *([problem] if problem else [])], text)


def _files(dataset: PreparedDataset) -> Finding:
    info = dataset.info
    problems = []
    sides = {IMAGES: (*info.pool, *info.test), POOL_LABELS: info.pool, TEST_LABELS: info.test}
    for kind, cases in sides.items():
        folder = dataset.folder / kind
        wanted = {f"{case.id}{SUFFIX}" for case in cases}
        there = {path.name for path in folder.glob("*")}
        problems += [f"{folder / name}: missing" for name in sorted(wanted - there)]
        problems += [f"{folder / name}: unexpected" for name in sorted(there - wanted)]
    return _finding("files", problems, "one image and one label per case, and nothing else")


def _plans(dataset: PreparedDataset) -> Finding:
    info = dataset.info
    try:
        plans = read_json(dataset.plans_file)
        described = read_json(dataset.dataset_json_file)
        read_json(dataset.fingerprint_file)
        spacing = plans["configurations"]["3d_fullres"]["spacing"]
        labels = list(described["labels"])
    except UserError as error:
        return Finding(what="plans", ok=False, detail=str(error))
    except (KeyError, TypeError):
        return Finding(what="plans", ok=False, detail=f"{dataset.plans_file}: not nnU-Net's plans")
    problems = []
    if not np.allclose(spacing, info.spacing, rtol=1e-6):
        problems.append(f"{dataset.plans_file}: spacing {spacing} instead of {list(info.spacing)}")
    problems += [
        f"{dataset.folder / name}: changed since it was prepared; remove {dataset.folder} and "
        "prepare it again"
        for name, digest in info.planned.items()
        if sha256(dataset.folder / name) != digest
    ]
    if labels != [*info.classes, "ignore"]:
        problems.append(f"{dataset.dataset_json_file}: labels are not the dataset's")
    note = "" if info.planned else ", not compared: prepared before their checksums were stored"
    return _finding("plans", problems, f"at {numbers(info.spacing)} mm (z, y, x){note}")


def _voxels(info: PreparedInfo, seen: _Seen) -> Finding:
    found = _sum(info.pool, info, seen)
    problems = [
        f"class '{name}': {now:,} in the pool, but {before:,} in prepared.json"
        for name, now, before in zip(info.classes, found, info.pool_voxels, strict=True)
        if now != before
    ]
    text = f"{sum(found):,} in the pool, {sum(found[1:]):,} of them foreground"
    return _finding("voxels", problems, text)


def _checksum(info: PreparedInfo, seen: _Seen) -> Finding:
    pool, test = (
        {case.id: seen.digests.get(case.id, "") for case in side} for side in (info.pool, info.test)
    )
    found = dataset_checksum(pool, test)
    problems = []
    if found != info.checksum:
        problems.append(f"{found[:12]}, not prepared.json's {info.checksum[:12]}; prepare it again")
    return _finding("checksum", problems, f"{found[:12]}, as recorded in every result")


def _sides(card: Card, info: PreparedInfo) -> Finding:
    pool, test = ([case.id for case in side] for side in (info.pool, info.test))
    try:
        right = (pool, test) == split_cases([*pool, *test], card)
    except UserError as error:
        return Finding(what="split", ok=False, detail=str(error))
    wrong = [] if right else ["pool and test ids are not those of the card's split"]
    name = {"rule": "the protocol's rule", "authors": "the authors' list"}[card.split.kind]
    return _finding("split", wrong, f"pool and test ids by {name}")


def _test_set(card: Card, info: PreparedInfo, seen: _Seen, *, by_split: bool) -> Finding:
    ok, detail = whose_split(_sum(info.test, info, seen), card, by_split=by_split)
    return Finding(what="test set", ok=ok, detail=detail)


def _published(card: Card, info: PreparedInfo, seen: _Seen) -> list[Finding]:
    """Compare the cases with what is known of the published ones, where anything is."""
    cases = (*info.pool, *info.test)
    problems, whole = [], card.fingerprints.all_cases
    if whole is not None:
        found = _sum(cases, info, seen)
        total, classes = sum(found), found[1:]
        if not agrees(total, classes, whole):
            problems.append(
                f"{total:,} voxels in all cases, {sum(classes):,} of them foreground, but "
                f"{whole.voxels:,} and {sum(whole.classes):,} as published"
            )
    known = known_cases(card)
    for case in cases:
        fact, voxels = known.get(case.id), seen.voxels.get(case.id)
        if fact and voxels is not None and fact.spacing == info.spacing:
            problem = case_problem(case.id, case.shape, [int(n) for n in voxels[1:]], fact)
            problems += [problem] if problem else []
    if whole is None and not known:
        return []
    compared = f"{len(known)} cases" if known else "totals"
    return [_finding("published", problems, f"{compared} as published")]


def _dataset(card: Card, info: PreparedInfo, seen: _Seen) -> list[Finding]:
    """What is odd with the dataset as a whole: in the arrays, and earlier in the raw files."""
    sides = Sides(tuple(c.id for c in info.pool), tuple(c.id for c in info.test))
    present = {case: [int(n) for n in voxels] for case, voxels in seen.voxels.items()}
    found = [
        *class_findings(card, info.classes, present, sides),
        *duplicate_findings(card, seen.images, {}, sides),
        *patient_findings(card, sides),
    ]
    again = {finding.kind for finding in found}
    found += [warning for warning in info.warnings if warning.kind not in again]
    return [
        Finding(
            what=finding.kind,
            ok=finding.severity != "error",
            detail=finding.detail,
            warning=finding.severity == "warning",
        )
        for finding in summed_up(found)
        if finding.severity != "note"
    ]


def _sum(cases: Iterable[CaseInfo], info: PreparedInfo, seen: _Seen) -> list[int]:
    none = np.zeros(len(info.classes), int)
    return [int(n) for n in sum((seen.voxels.get(case.id, none) for case in cases), none)]
