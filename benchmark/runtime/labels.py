"""Whether an image is of this checkout: by the labels that its build gave it."""

from pathlib import Path
from typing import Final

from benchmark.runtime.container import Image
from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.files import sha256

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
