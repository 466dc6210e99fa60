"""Which settings differ in one thing alone, and may so be compared across leagues or blocks."""

import hashlib
import json

from nnactive.settings import Setting


def but_length(checksum: str, setting: Setting) -> str:
    """The same text for settings of the same data that differ in nothing but the epochs."""
    kept = setting.model_dump(mode="json", exclude={"name": True, "training": {"epochs"}})
    return _digest([checksum, kept])


def but_query_size(checksum: str, setting: Setting) -> str:
    """The same text for settings of the same data and total budget that differ in the query size.

    With it goes the number of candidates kept per image (protocol section 2).
    """
    kept = setting.model_dump(mode="json", exclude={"name", "query_size", "loops", "candidates"})
    total = setting.starting_budget + (setting.loops - 1) * setting.query_size
    return _digest([checksum, kept, total])


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
