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
