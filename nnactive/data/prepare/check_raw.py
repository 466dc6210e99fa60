"""Checking the raw dataset as a whole, before anything is converted or resampled."""

from nnactive.data.cards import Card
from nnactive.data.check.case_facts import Looked, look
from nnactive.data.check.dataset import STAGE, judge, refuse_errors
from nnactive.data.check.findings import Finding, of, summed_up
from nnactive.data.check.sides import Sides
from nnactive.data.prepare.job import Job
from nnactive.data.prepare.resume import NOTE, Note
from nnactive.data.prepared import SCRATCH
from nnactive.io.files import write_model


def check_raw(job: Job, note: Note) -> tuple[Note, tuple[Finding, ...], int]:
    """Read every raw case that hasn't been read yet, and judge all of them together.

    Args:
        job: the preparation, with the raw cases.
        note: what earlier runs found.

    Returns:
        The note with every case's facts, already written; the warnings to record, one a kind; and
        how many findings are notes.

    Raises:
        UserError: the dataset has an error; tells the first one, and how many there are.
    """
    unread = {case.id: case for case in job.cases if case.id not in note.facts}
    # Too little memory, say, isn't the case's fault for good.
    looked = dict(
        zip(
            unread,
            job.each(
                STAGE,
                lambda case: look(unread[case], job.card),
                list(unread),
                sure=lambda found: found.facts is not None,
            ),
            strict=True,
        )
    )
    facts = dict(note.facts) | {case: found.facts for case, found in looked.items() if found.facts}
    note = note.model_copy(update={"facts": facts})
    write_model(job.out / SCRATCH / NOTE, note)
    for case in facts:
        looked.setdefault(case, Looked(facts[case], ()))
    findings = judge(job.card, [looked[case.id] for case in job.cases], Sides(job.pool, job.test))
    refuse_errors(findings, job.card.name, _command(job.card))
    return note, summed_up(of(findings, "warning")), len(of(findings, "note"))


def _command(card: Card) -> str:
    return f"nnactive-bench data check {card.name} --raw DIR"
