"""Finding on isolation: how a method's code is kept from the labels here."""

from collections.abc import Mapping
from typing import Final

from benchmark.machine.findings import Finding
from nnactive.answers.isolation import Isolation

WHAT: Final = "isolation"
KEEPS: Final[dict[Isolation, str]] = {
    "bubblewrap": "methods run without labels, network or other processes",
    "landlock": "the kernel refuses methods all files but their own, and the network",
}


def isolation_finding(
    best: Isolation, reasons: Mapping[Isolation, str], wish: str = "auto"
) -> Finding:
    """What the isolation that works here keeps, and what would keep more.

    Args:
        best: the strongest that works.
        reasons: by way, why one doesn't work and what to do; empty for one that does.
        wish: what the environment asks for.
    """
    if wish == "none":
        why = "NNACTIVE_ISOLATION=none; unset it"
        return Finding(WHAT, "note", f"none: a method's code could read all labels; {why}")
    if best == "none":
        why = "; ".join(f"{way} {reason}" for way, reason in reasons.items() if reason)
        return Finding(WHAT, "note", f"none: a method's code could read all labels; {why}")
    told = f"{best}: {KEEPS[best]}"
    if best != "bubblewrap" and reasons["bubblewrap"]:
        return Finding(
            WHAT, "ok", f"{told}; bubblewrap, which also hides them, {reasons['bubblewrap']}"
        )
    return Finding(WHAT, "ok", told)
