"""Whether an image is of this checkout: by the labels that its build gave it."""

from pathlib import Path
from typing import Final

from benchmark.containers.container import Image
from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.io.files import sha256

PROTOCOL: Final = "org.nnactive.protocol"
LOCK: Final = "org.nnactive.lock"
VARIANT: Final = "org.nnactive.variant"
REVISION: Final = "org.opencontainers.image.revision"
LOCKS: Final = {"cuda13": "requirements.lock", "cuda12": "requirements-cuda12.lock"}
"""A checkout's lock file by variant."""
ROOT: Final = Path(__file__).parents[2]


def check_agreement(image: Image, target: str, root: Path = ROOT) -> None:
    """Refuse an image of another protocol version or of other packages than this checkout's.

    Args:
        image: what is to be run.
        target: the ``make`` target that builds such an image.
        root: this checkout; its lock files are compared where it has them.

    Raises:
        UserError: names the image, what it has, what is wanted and the way out.
    """
    name, labels = image.reference, image.labels
    missing = [label for label in (PROTOCOL, LOCK, VARIANT) if label not in labels]
    if missing:
        raise UserError(
            f"{name}: isn't a benchmark image, as it lacks the label {missing[0]}; "
            f"build one: make {target}"
        )
    variant = labels[VARIANT]
    way_out = f"build it anew: make {target} VARIANT={variant}"
    if labels.get(REVISION, "unknown") != "unknown":
        way_out += f", or use the checkout of commit {labels[REVISION]}"
    if labels[PROTOCOL] != PROTOCOL_VERSION:
        raise UserError(
            f"{name}: its protocol version is {labels[PROTOCOL]}, this checkout's is "
            f"{PROTOCOL_VERSION}; {way_out}"
        )
    if variant not in LOCKS:
        raise UserError(
            f"{name}: its variant is '{variant}', this checkout knows {' and '.join(LOCKS)}; "
            f"build one of these: make {target}"
        )
    lock = root / LOCKS[variant]
    wanted = sha256(lock) if lock.is_file() else labels[LOCK]
    if labels[LOCK] != wanted:
        raise UserError(
            f"{name}: disagrees with {lock.name}: it was built from one with SHA-256 "
            f"{labels[LOCK][:12]}, this checkout's has {wanted[:12]}; {way_out}"
        )


def other_commit(image: Image, commit: str) -> str | None:
    """What to tell where an image holds other code than a checkout of ``commit``; None: the same.

    Its code is what runs, and results say its commit.
    """
    held = image.labels.get(REVISION, "unknown")
    if "unknown" in {held, commit} or (held == commit and not held.endswith("+dirty")):
        return None
    return (
        f"{image.reference}: holds the code of commit {_short(held)}, this checkout is "
        f"{_short(commit)}; what runs is the image's"
    )


def _short(commit: str) -> str:
    number, plus, dirty = commit.partition("+")
    return f"{number[:12]}{plus}{dirty}"
