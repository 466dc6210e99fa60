"""Which results may share a table (protocol section 9), and whose they are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from benchmark.results import MethodRecord
from leaderboard.read.facts import Facts
from nnactive.settings import Setting

SHARED: dict[str, str] = {
    "comparable": "comparability of the track",
    "protocol": "protocol version",
    "nnunet": "nnU-Net version",
    "split_kind": "kind of split",
    "checksum": "prepared data",
    "details": "parameters of the setting",
}
"""What results of a setting must share, in words, by the field of `GroupKey`."""


@dataclass(frozen=True, order=True)
class GroupKey:
    """What results must share to be compared in one table (protocol section 9)."""

    track: str
    comparable: bool
    """False: run on a reduced-cost track."""
    setting: str
    protocol: str
    """Major.Minor."""
    nnunet: str
    """Version of nnU-Net."""
    checksum: str
    """Of the prepared data with its split."""
    split_kind: str
    """Where the split comes from: the dataset's own, or the rule."""
    details: str
    """The whole setting as JSON."""
    query: str = ""
    """Where starts are compared: the query method of all later loops; empty: query methods are
    compared, all from the protocol's starting budget."""


def group(results: Iterable[Facts]) -> dict[GroupKey, list[Facts]]:
    """Results by what they must share to be compared; keys and lists are in a fixed order."""
    groups: dict[GroupKey, list[Facts]] = defaultdict(list)
    for result in results:
        groups[group_key(result)].append(result)
    return {
        key: sorted(groups[key], key=lambda result: (identity(result.method), result.seed))
        for key in sorted(groups)
    }


def identity(method: MethodRecord) -> str:
    """What distinguishes a method from all others: its id alone is not proof.

    >>> from benchmark.results import MethodRecord
    >>> fields = {"name": "", "description": "", "parameters": {}, "oracle": False}
    >>> identity(MethodRecord(id="bald", origin="builtin", source_hash="ab", **fields))
    'bald'
    >>> identity(MethodRecord(id="bald", origin="submission", source_hash="ab", **fields))
    'bald ab'
    """
    return method.id if method.origin == "builtin" else f"{method.id} {method.source_hash}"


def group_key(result: Facts) -> GroupKey:
    """The table that a result belongs to."""
    return GroupKey(
        track=result.track,
        comparable=result.comparable,
        setting=result.setting.name,
        protocol=".".join(result.protocol_version.split(".")[:2]),
        nnunet=result.environment.packages.get("nnunetv2", "unknown"),
        checksum=result.dataset.checksum,
        split_kind=result.dataset.split_kind,
        details=details(result.setting),
        query=result.method.query or "",
    )


@lru_cache(maxsize=1024)
def details(setting: Setting) -> str:
    """The whole setting as JSON."""
    return setting.model_dump_json()
