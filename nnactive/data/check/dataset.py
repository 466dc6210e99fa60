"""Checking a dataset as a whole: its facts, and every finding about them."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from nnactive.data.cards import Card
from nnactive.data.check.case_facts import CaseFacts, Looked, look
from nnactive.data.check.findings import Finding, Severity, named, of, ordered
from nnactive.data.check.outliers import outliers
from nnactive.data.check.sides import (
    Sides,
    class_findings,
    duplicate_findings,
    patient_findings,
    unless_published,
)
from nnactive.data.fingerprints import case_problem, known_cases
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.files.integrity import SURPLUS
from nnactive.data.raw.files.nifti_forms import SIZE
from nnactive.data.raw.layout import Found
from nnactive.errors import UserError

WORKERS = 2
"""Cases to read at a time: one is unpacked while another is measured."""
STAGE = "check"
MANY = 4
"""As many label maps without a class, one in four, are told."""
WRONG = (SIZE, SURPLUS)
"""Kinds of notes on files that are errors."""


def look_at_all(
    cases: Sequence[Found],
    card: Card,
    progress: Progress,
    workers: int = WORKERS,
    stage: str = STAGE,
) -> list[Looked]:
    """Read every case once, in the order of ``cases``.

    Args:
        cases: from ``scan`` or ``list_cases``.
        card: the dataset's card.
        progress: receives every case that was read.
        workers: number of cases in memory at a time.
        stage: what it is told of.
    """
    with ThreadPoolExecutor(workers) as executor:
        try:
            looked = executor.map(lambda case: look(case, card), cases)
            return list(tracked(progress, stage, looked, len(cases)))
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


def judge(card: Card, looked: Iterable[Looked], sides: Sides | None) -> tuple[Finding, ...]:
    """All findings about the cases that were read, by severity.

    Args:
        card: the dataset's card.
        looked: from ``look_at_all``.
        sides: the split; None where the ids allow none, which is a finding of its own.
    """
    looked = list(looked)
    facts = [case.facts for case in looked if case.facts is not None]
    findings = [fault for case in looked for fault in case.faults]
    findings += _unusual(card, facts)
    findings += _empty(facts)
    findings += outliers(card, facts)
    findings += _published(card, facts)
    if sides is not None:
        findings += _across(card, facts, sides)
    return ordered(findings)


def _unusual(card: Card, facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    for case in facts:
        for kind, file, what in case.notes:
            severity: Severity = unless_published("error", card) if kind in WRONG else "note"
            yield Finding(severity=severity, kind=kind, cases=(case.id,), detail=f"{file}: {what}")


def _empty(facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    """Many label maps in which nothing is annotated, as if they were of another kind of file."""
    empty = [case.id for case in facts if not any(case.voxels[1:])]
    if empty[1:] and len(empty) * MANY >= len(facts):
        detail = (
            f"{len(empty)} of {len(facts)} label maps have no class at all, only background "
            f"({named(empty)}); are these cases annotated?"
        )
        yield Finding(severity="warning", kind="empty", cases=tuple(empty), detail=detail)


def _across(card: Card, facts: Sequence[CaseFacts], sides: Sides) -> Iterator[Finding]:
    yield from class_findings(card, card.classes, {case.id: case.voxels for case in facts}, sides)
    images = {case.id: case.image_digest for case in facts}
    labels = {case.id: case.label_digest for case in facts if any(case.voxels[1:])}
    yield from duplicate_findings(card, images, labels, sides)
    yield from patient_findings(card, sides)


def _published(card: Card, facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    known = known_cases(card)
    for case in facts:
        fact = known.get(case.id)
        if fact and (problem := case_problem(case.id, case.cropped, case.voxels[1:], fact)):
            detail = f"{problem}; give the published file"
            yield Finding(severity="error", kind="published", cases=(case.id,), detail=detail)


def refuse_errors(findings: Iterable[Finding], name: str, way_out: str) -> None:
    """Refuse a dataset with errors.

    Args:
        findings: from ``judge``.
        name: the dataset's.
        way_out: the command that lists them all.

    Raises:
        UserError: there is an error; tells the first one and how many more there are.
    """
    # A script that fails may fail in every case.
    errors = list(dict.fromkeys(finding.told_of(name) for finding in of(findings, "error")))
    if errors:
        more = f" (and {len(errors) - 1} more: {way_out} lists them)" if errors[1:] else ""
        raise UserError(f"{errors[0]}{more}")
