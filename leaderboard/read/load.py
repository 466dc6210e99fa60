"""Read result files, check them, and leave out, with its reason, what can't be used."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

from benchmark.bundles.baselines import own_baselines
from leaderboard.cache import Cache
from leaderboard.formatting import plain
from leaderboard.model import Apart, LeftOut
from leaderboard.read.agreement import disagreements
from leaderboard.read.believe import believed, told_apart, unvouched
from leaderboard.read.facts import Facts
from leaderboard.read.files import Told, read_files
from leaderboard.read.find import Named, result_files
from leaderboard.read.found import Entry, Found
from leaderboard.read.full_data import with_full_data, with_slices_of_the_card
from leaderboard.read.groups import group_key, identity
from leaderboard.read.public import read_public
from leaderboard.undefined import Undefined
from nnactive.errors import UserError


@dataclass(frozen=True)
class Entries:
    """The results that are used, in an order independent of files, and the files that are not."""

    results: tuple[Facts, ...]
    left_out: tuple[LeftOut, ...]
    unvouched: tuple[str, ...] = ()
    """Tracks whose results of built-in methods nothing vouches for."""
    vouched: frozenset[int] = frozenset()
    """Positions of the results that something vouches for."""
    apart: tuple[Apart, ...] = ()
    """Entries of the public board that were withdrawn or replaced."""
    public: Mapping[str, Entry] = field(default_factory=dict)
    """The public board's entry of a method, by the method's identity."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Files of one's own runs by their results' ``Facts.content``; pictures may lie beside them."""


def load_entries(
    sources: Sequence[Path],
    *,
    board: Path | None = None,
    strict: bool = False,
    cache: Cache | None = None,
) -> Entries:
    """Read every ``result.json`` in the given folders (or the files themselves).

    A file that is broken, inconsistent or of a newer schema is left out with its reason; so are
    different results of one experiment, results that contradict others on the same data, and those
    that claim what nothing vouches for. A result that is found twice counts once.

    Args:
        sources: folders of the user's own runs, searched recursively, and files; their seals
            count.
        board: folder of the public board with its entries; what they say is believed only where
            its list of the benchmark's own results has it.
        strict: refuse the first file that would be left out.
        cache: where what a file tells is kept; None: nowhere.

    Raises:
        UserError: A given path does not exist, or (strict) a file would be left out; names it.
    """
    public, baselines = read_public(board), own_baselines(board)
    found: list[Found] = []
    left_out: set[LeftOut] = set(public.left_out)
    files: list[tuple[Named, Entry | None]] = [(each, None) for each in result_files(sources)]
    files += public.files
    told = read_files([(path, entry is None) for (_, path), entry in files], cache)
    for ((label, path), entry), each in zip(files, told, strict=True):
        outcome = _found(plain(label), each, entry, baselines)
        if isinstance(outcome, LeftOut):
            if strict:
                raise UserError(f"{plain(str(path), limit=4096)}: {outcome.reason}")
            left_out.add(outcome)
        else:
            found.append(replace(outcome, path=path if entry is None else None))
    entries = replace(select(found, left_out), apart=public.apart)
    if strict and entries.left_out:
        first = entries.left_out[0]
        raise UserError(f"{first.file}: {first.reason}")
    return entries


def select(found: Sequence[Found], left_out: Iterable[LeftOut] = ()) -> Entries:
    """The results that may stand beside one another.

    Args:
        found: consistent results.
        left_out: files that were left out before.
    """
    kept, doubted = believed(told_apart(found))
    single, several = _unique(kept)
    odd = disagreements(
        [each.result for each in single],
        {place for place, each in enumerate(single) if each.vouched},
    )
    contradicting = {LeftOut(single[place].label, reason) for place, reason in odd.items()}
    used = [each for place, each in enumerate(single) if place not in odd]
    return Entries(
        results=tuple(each.result for each in used),
        left_out=tuple(sorted({*left_out, *doubted, *several, *contradicting})),
        unvouched=unvouched(used),
        vouched=frozenset(place for place, each in enumerate(used) if each.vouched),
        public={identity(e.result.method): e.entry for e in used if e.entry is not None},
        files={each.result.content: each.path for each in used if each.path is not None},
    )


def _found(
    label: str, told: Told, entry: Entry | None, baselines: frozenset[str]
) -> Found | LeftOut:
    """The result that a file tells, or why it is left out."""
    facts = told.facts
    if isinstance(facts, str):
        return LeftOut(label, facts)
    if entry is not None and identity(facts.method) != identity(entry.method):
        return LeftOut(
            label, f"belongs to another method than its entry: {plain(entry.method.id, 60)}"
        )
    complete = with_full_data(with_slices_of_the_card(facts))
    if isinstance(complete, Undefined):
        return LeftOut(label, complete.reason)
    return Found(label, complete, told.sealed or told.digest in baselines, entry)


def _unique(found: Iterable[Found]) -> tuple[list[Found], set[LeftOut]]:
    """Unique results of experiments, in a fixed order, and the files of those with several.

    One that something vouches for stays, whatever the others say.
    """
    experiments: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for each in found:
        experiments[_experiment(each.result)].append(each)
    single: list[Found] = []
    left_out = set()
    for _, copies in sorted(experiments.items(), key=itemgetter(0)):
        versions = _versions(copies)
        several = _conflict(versions)
        left_out |= several
        single += [each for each in versions.values() if each.label not in _labels(several)]
    return single, left_out


def _versions(copies: Sequence[Found]) -> dict[str, Found]:
    """The different results among those of an experiment, by their content."""
    if len(copies) == 1:
        return {"": copies[0]}
    versions: dict[str, Found] = {}
    for each in copies:
        result = each.result
        digest = f"{result.content} {result.method.id} {result.dataset.full_data_dice}"
        # What vouches for one copy does for the other, and what the public board says of it. The
        # smaller label, so that the order of files changes nothing.
        both = (versions.get(digest, each), each)
        entries = sorted((one.entry for one in both if one.entry), key=lambda entry: entry.title)
        versions[digest] = replace(
            min(both, key=_preference), entry=entries[0] if entries else None
        )
    return versions


def _conflict(versions: Mapping[str, Found]) -> set[LeftOut]:
    """Those of an experiment's different results that are not used."""
    if len(versions) == 1:
        return set()
    sure = [each for each in versions.values() if each.vouched]
    reason = f"one of {len(versions)} different results of this experiment; keep only one"
    if len(sure) == 1:
        reason = (
            "not the result of this experiment that a seal or the benchmark's own list vouches for"
        )
    return {
        LeftOut(each.label, reason)
        for each in versions.values()
        if len(sure) != 1 or each is not sure[0]
    }


def _labels(left_out: Iterable[LeftOut]) -> set[str]:
    return {each.file for each in left_out}


def _preference(each: Found) -> tuple[bool, str]:
    return not each.vouched, each.label


def _experiment(result: Facts) -> tuple[str, ...]:
    key = group_key(result)
    return (*map(str, vars(key).values()), identity(result.method), f"{result.seed:+020d}")
