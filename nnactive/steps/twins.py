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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnactive.geometry import Patch
from nnactive.io.costs import Cost, cost_file, read_cost
from nnactive.io.files import write_model
from nnactive.io.locks import exclusive_lock


def set_name(patches: Iterable[Patch]) -> str:
    """A name of a set of patches, whatever their order: SHA-256, hexadecimal."""
    rows = sorted((patch.case, *patch.start, *patch.size) for patch in patches)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def train_once(kept: Path, output: Path, train: Callable[[], None]) -> bool:
    """Make ``output``, a trained member, unless an experiment with the same patches has it.

    If another process trains it at this moment, this one waits; if that one fails, it trains.

    Args:
        kept: where the member of this set, loop, fold and seed is kept for other experiments;
            relative to the same folder as ``output``.
        output: the member's file.
        train: writes ``output`` and its cost.

    Returns:
        Whether it was taken from another experiment.
    """
    with _turn(kept):
        if kept.is_file() and cost_file(kept).is_file():
            _take(kept, output)
            return True
        train()
        _keep(output, kept)
        return False


def tidy(kept: Path) -> None:
    """Remove the members below a folder that no experiment uses any more."""
    for member in sorted(kept.rglob("*.pth")):
        if member.stat().st_nlink == 1:
            member.unlink()
            cost_file(member).unlink(missing_ok=True)


@contextmanager
def _turn(kept: Path) -> Iterator[None]:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(kept.with_name(f".{kept.name}.lock"), seconds=math.inf):
        yield


def _take(kept: Path, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    cost = read_cost(kept)
    own = cost.taken_from == str(output)
    write_model(cost_file(output), cost.model_copy(update={"taken_from": None}) if own else cost)
    _link(kept, output)


def _keep(output: Path, kept: Path) -> None:
    cost: Cost = read_cost(output)
    write_model(cost_file(kept), cost.model_copy(update={"taken_from": str(output)}))
    _link(output, kept)


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
