"""The attestation of who reproduced an entry: what was repeated, where, and what came out."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmark.bundles.levels import Attestation, Level, Repeated
from benchmark.provenance import environment
from nnactive.errors import UserError
from nnactive.io.files import write_model

LONGEST: Final = 100


def attest(
    folder: Path, digest: str, level: Level, by: str, repeated: Sequence[Repeated]
) -> Path | None:
    """Write an attestation, whether or not the entry agrees; an earlier one stays.

    Args:
        folder: gets the file.
        digest: of the bundle.
        level: what was done.
        by: who did it.
        repeated: the experiments that were judged.

    Returns:
        The file; None if nothing was judged: there is nothing to attest.

    Raises:
        UserError: if ``by`` names nobody.
    """
    check_name(by)
    if not repeated:
        return None
    now = datetime.now(UTC)
    made = Attestation(
        bundle=digest,
        level=level,
        by=by,
        done=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        repeated=tuple(repeated),
        environment=environment(),
    )
    slug = re.sub(r"[^a-z0-9]+", "-", by.lower()).strip("-")[:40] or "somebody"
    file = folder / f"{level}-{slug}-{now:%Y%m%dT%H%M%SZ}.json"
    write_model(file, made)
    return file


def check_name(by: str) -> None:
    """Refuse a name that shows nobody.

    Raises:
        UserError: if it is empty, too long or not printable.
    """
    if not by.strip() or len(by) > LONGEST or not by.isprintable():
        raise UserError(
            f"--by {by!r:.120}: write who you are in 1 to {LONGEST} printable characters"
        )
