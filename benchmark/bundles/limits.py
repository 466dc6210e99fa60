"""How large a bundle may be: a stranger's file is measured before it is read."""

from typing import Final

from benchmark.bundles.places import CODE, MANIFEST, QUERIES, RECORD, RESULTS

MiB: Final = 1 << 20
MOST_FILES: Final = 5000
"""Largest number of files; the largest shipped track has fewer than 2,000 for a method."""
LARGEST: Final = 256 * MiB
"""Largest number of bytes of all files together."""
LARGEST_FILE: Final = 10 * MiB
"""Largest number of bytes of a file that the others of this module say nothing about: a code or
data file of the method. What is larger is declared under ``weights`` and stays outside."""
LONGEST_PART: Final = 200
"""Bytes of one folder's or file's name."""
LONGEST_NAME: Final = 500
"""Bytes of a path in the bundle."""
DEEPEST: Final = 16
"""Folders and file in a path."""
BY_PLACE: Final = {
    RECORD.name: 2 * MiB,
    MANIFEST.name: MiB // 16,
    RESULTS.name: 8 * MiB,
    QUERIES.name: 2 * MiB,
    CODE.name: LARGEST_FILE,
}
"""Largest number of bytes of a file, by the first part of its path."""
REST: Final = MiB
"""Of ``track.json`` and ``method.json``."""


def largest(name: str) -> int:
    """Bytes that a file of a bundle may have, by its path with forward slashes.

    >>> largest("submission.yaml")
    65536
    """
    return BY_PLACE.get(name.partition("/")[0], REST)
