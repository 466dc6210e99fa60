"""Experiments with the same labelled patches train once; the others take the first one's members.

Two methods, or two settings of a parameter, can have the same patches labelled after a loop. Their
training folders are equal then, since its draws are named by the set of patches, so a second
training would only repeat the first one's chance.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.costs import Cost, cost_file, read_cost
from nnactive.io.files import write_model
from nnactive.io.leases import LeaseLostError, lease
from nnactive.io.seals import Seal, is_intact, read_seal, seal, seal_file


def set_name(patches: Iterable[Patch]) -> str:
    """A name of a set of patches, whatever their order: SHA-256, hexadecimal."""
    rows = sorted((patch.case, *patch.start, *patch.size) for patch in patches)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def corrected(name: str, versions: Mapping[str, str]) -> str:
    """A name of labelled patches that changes when their labels are corrected.

    Args:
        name: of the set of patches.
        versions: name of each case's labels; where none has one, the set's name stays.
    """
    named = sorted((case, version) for case, version in versions.items() if version)
    if not named:
        return name
    return hashlib.sha256(json.dumps([name, named]).encode()).hexdigest()


def train_once(
    kept: Path,
    output: Path,
    train: Callable[[], None],
    inputs: Mapping[str, str] | None = None,
) -> bool:
    """Make ``output``, a trained member, unless an experiment with the same patches has it.

    If another process trains it at this moment, this one waits; if that one fails, it trains.

    Args:
        kept: where the member of this set, loop, fold and seed is kept for other experiments;
            relative to the same folder as ``output``.
        output: the member's file.
        train: writes ``output``, its seal and its cost.
        inputs: digests of what ``output`` would be trained on, for the seal of one that is taken.

    Returns:
        Whether it was taken from another experiment.
    """
    with lease(kept.with_name(f".{kept.name}.lease"), seconds=math.inf) as held:
        made = _usable(kept)
        if made is not None:
            _take(
                kept,
                output,
                made.model_copy(update={"inputs": dict(inputs or {}), "name": str(output)}),
            )
            return True
        train()
        try:
            if held is not None:
                held.beat(now=True)
            _keep(output, kept)
        except LeaseLostError:  # another process trained it, too; each has its own
            pass
        return False


def _usable(kept: Path) -> Seal | None:
    """The seal of a member that may be taken; a damaged one is removed."""
    if not kept.is_file():
        return None
    with suppress(UserError):
        read_cost(kept)
        made = read_seal(kept)
        if made is None:
            return seal(kept, kept, {}, late=True)
        if is_intact(kept, made):
            return made
    kept.unlink(missing_ok=True)
    return None


def tidy(kept: Path) -> None:
    """Remove the members below a folder that no experiment uses any more."""
    for member in sorted(kept.rglob("*.pth")):
        if member.stat().st_nlink == 1:
            member.unlink()
            cost_file(member).unlink(missing_ok=True)
            seal_file(member).unlink(missing_ok=True)


def _take(kept: Path, output: Path, made: Seal) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    cost = read_cost(kept)
    if cost.taken_from == str(output):
        cost = cost.model_copy(update={"taken_from": None})
    _record(output, cost, made)
    _link(kept, output)


def _keep(output: Path, kept: Path) -> None:
    cost: Cost = read_cost(output)
    made = read_seal(output)
    if made is None:
        return
    cost = cost.model_copy(update={"taken_from": str(output)})
    _record(kept, cost, made.model_copy(update={"name": str(kept)}))
    _link(output, kept)


def _record(member: Path, cost: Cost, made: Seal) -> None:
    write_model(seal_file(member), made.model_copy(update={"cost": cost.model_dump(mode="json")}))
    write_model(cost_file(member), cost)


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the file system has no hard links."""
    draft = target.with_name(f".{target.name}.taken")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copyfile(source, draft)
    with suppress(FileNotFoundError):
        target.unlink()
    draft.replace(target)
