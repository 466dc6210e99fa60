"""What is believed of a method's box: patches that keep the rules, and planes of plain numbers."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmark.boxed.question import MOST_BYTES, MOST_CHARACTERS, parse, shown
from benchmark.replay.answers import Ask, Choice, Failure, Progress
from benchmark.replay.boxed.inside import CHOICE, FAILURE, PROGRESS, SCORES
from benchmark.replay.scores import AXES, file_of
from nnactive.answers.patch_rules import problems
from nnactive.answers.plain import UnbelievableError, read_plain
from nnactive.errors import MethodError
from nnactive.geometry import Patch, Triple
from nnactive.io.files import atomic_path
from nnactive.texts import plain

if TYPE_CHECKING:
    from nnactive.settings import Setting
    from nnactive.steps.pool_files import PoolFacts

OVERHEAD: Final = 1 << 16
"""Bytes of a file with a patch's planes, beside these."""
KINDS: Final = ("voxel", "patch")
BYTES: Final = 4
"""Of a float32."""


def choice_of(
    folder: Path, before: Sequence[Patch], facts: "PoolFacts", setting: "Setting"
) -> Choice:
    """What a method chose, checked.

    Raises:
        UnbelievableError: if there is no choice.
        MethodError: if it breaks the contract.
    """
    content = read_plain(folder / CHOICE, MOST_BYTES)
    if content is None:
        raise UnbelievableError("its process ended without an answer")
    choice = parse(Choice, content, CHOICE)
    if len(choice.patches) != setting.query_size:
        raise MethodError(f"{len(choice.patches)} patches instead of {setting.query_size}")
    chosen = [Patch(each.case, each.start, each.size) for each in choice.patches]
    rules = problems([before, chosen], facts.shapes, setting.patch_size, facts.given)
    wrong = next(rules, None)
    if wrong:
        raise MethodError(plain(wrong, MOST_CHARACTERS))
    return choice


def failure_of(folder: Path) -> Failure | None:
    """Why a method chose nothing, as it says; None if it doesn't.

    Raises:
        UnbelievableError: if it wrote something else.
    """
    content = read_plain(folder / FAILURE, MOST_BYTES)
    if content is None:
        return None
    told = parse(Failure, content, FAILURE)
    return Failure(reason=plain(told.reason, MOST_CHARACTERS), traceback=shown(told.traceback))


def progress_of(folder: Path) -> Progress:
    """How far a query says it is; of nothing, if it says nothing that can be read."""
    try:
        content = read_plain(folder / PROGRESS, OVERHEAD)
        return parse(Progress, content, PROGRESS) if content else Progress(done=0, total=0)
    except UnbelievableError:
        return Progress(done=0, total=0)


def keep_scores(ask: Ask, choice: Choice, facts: "PoolFacts") -> None:
    """Copy the scores around a method's patches, as far as they are planes of its images."""
    import numpy as np

    for number, patch in enumerate(choice.patches[: ask.pictures]):
        shape = facts.shapes[patch.case]
        try:
            found = _planes(file_of(ask.folder / SCORES, number), shape)
        except (UnbelievableError, ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
            continue
        if found:
            with atomic_path(file_of(ask.scores, number)) as draft:
                np.savez(draft, **found)


def _planes(file: Path, shape: Triple) -> dict[str, Any]:
    """The arrays in a file of scores; empty if there is none.

    Raises:
        UnbelievableError: if it holds anything else than planes of an image of ``shape``.
    """
    import numpy as np

    most = OVERHEAD + len(KINDS) * BYTES * sum(
        int(np.prod(np.delete(shape, axis))) for axis in range(AXES)
    )
    content = read_plain(file, most)
    if content is None:
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(each.file_size for each in archive.infolist()) > most:
            raise UnbelievableError(f"{file.name}: contains more than planes")
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        kinds = [kind for kind in KINDS if f"{kind}_range" in loaded]
        found = {
            name: np.asarray(loaded[name], dtype=np.float32)
            for kind in kinds
            for name in (f"{kind}_range", *(f"{kind}_{axis}" for axis in range(AXES)))
        }
    for name, array in found.items():
        axis = name.rpartition("_")[2]
        plane = axis != "range" and array.ndim == AXES - 1
        fits = plane and all(np.array(array.shape) <= np.delete(shape, int(axis)))
        if not fits and (axis != "range" or array.shape != (2,)):
            raise UnbelievableError(f"{file.name}: contains something other than planes")
    return found
