"""A finding: one thing that is wrong or odd with a dataset, of one severity."""

from collections.abc import Iterable, Sequence
from typing import Literal

from nnactive.io.models import Frozen

Severity = Literal["error", "warning", "note"]
"""error: it can't be prepared, or results would be wrong; warning: results may mean something else
than they seem to, recorded with them; note: worth a look."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
FILE = "file"
"""Kind of what is wrong with one file."""
LISTED = 3
"""Cases to name in one line."""
FOLDED = 20
"""Cases to name of which the same is said."""


class Finding(Frozen):
    """What a check found, in one line."""

    severity: Severity
    kind: str
    """``file``, ``spacing``, ``crop``, ...: findings of one kind are alike."""
    cases: tuple[str, ...] = ()
    """Ids of the cases that it is about; empty: the whole dataset."""
    detail: str

    @property
    def line(self) -> str:
        """Kind and detail."""
        return f"{self.kind}: {self.detail}"

    def told_of(self, dataset: str) -> str:
        """The detail as one line, with the dataset's name unless it begins with a file's path."""
        return self.detail if self.kind == FILE else f"{dataset}: {self.detail}"


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By severity, then files before the rest, then kind and case; on nothing else."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (SEVERITIES.index(f.severity), f.kind != FILE, f.kind, f.cases, f.detail),
        )
    )


def of(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Those of one severity."""
    return tuple(finding for finding in findings if finding.severity == severity)


def named(cases: Sequence[str]) -> str:
    """The first cases by name, and how many more there are."""
    more = f" and {len(cases) - LISTED} more" if len(cases) > LISTED else ""
    return ", ".join(cases[:LISTED]) + more


def folded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same, but what is said of many cases in the same words once, with their ids."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        said = finding.detail
        for case in finding.cases:
            said = said.replace(case, "{}")
        groups.setdefault((finding.severity, finding.kind, said), []).append(finding)
    told: list[Finding] = []
    for group in groups.values():
        told += [_folded(group)] if len(group) > LISTED else group
    return tuple(told)


def _folded(group: Sequence[Finding]) -> Finding:
    others = [case for finding in group[1:] for case in finding.cases]
    ids = ", ".join(others[:FOLDED]) + (", ... (--json lists all)" if others[FOLDED:] else "")
    detail = f"{group[0].detail}; and {len(group) - 1} more: {ids}"
    return group[0].model_copy(update={"detail": detail, "cases": (*group[0].cases, *others)})


def summed_up(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding a severity and kind, as results record them: cases named, the first one told."""
    groups: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in ordered(findings):
        groups.setdefault((finding.severity, finding.kind), []).append(finding)
    return tuple(_together(group) for group in groups.values())


def _together(group: Sequence[Finding]) -> Finding:
    first = group[0]
    if len(group) == 1:
        return first
    cases = tuple(sorted({case for finding in group for case in finding.cases}))
    about = f" ({named(cases)})" if cases else ""
    detail = f"{first.detail}; {len(group) - 1} more of this kind{about}"
    return Finding(severity=first.severity, kind=first.kind, cases=cases, detail=detail)
