"""What to say about a file that isn't where the layout has it: what is there instead."""

from pathlib import Path

from nnactive.data.raw.files.formats import ENDINGS, NIFTI, SMALL, check_parts, other_case
from nnactive.data.raw.layout import IMAGES, channel_suffixes
from nnactive.errors import UserError

FEW = 3
"""Names that a message lists."""


def file_problem(path: Path, case: str) -> str | None:
    """Why a file can't be read: it, or one that belongs to it, is missing or empty.

    Args:
        path: the file.
        case: the case that it belongs to.

    Returns:
        One line that says what is there instead; None: nothing is wrong.
    """
    if not path.is_file():
        return f"{path}: {_instead(path, case)}"
    if path.stat().st_size == 0:
        return f"{path}: empty file; copy or download it again"
    try:
        check_parts(path)
    except UserError as error:
        return str(error)
    return None


def without_channel(path: Path, ending: str) -> Path | None:
    """The name of a first channel's file without its number: ``knee.nii.gz``; None: no such."""
    (suffix,) = channel_suffixes(1, ending)
    if path.parent.name != IMAGES or not path.name.endswith(suffix):
        return None
    return path.with_name(path.name.removesuffix(suffix) + ending)


def no_case(folder: Path, names: list[str], ending: str) -> UserError | None:
    """What to say if no file of a folder has the dataset's ending; None if nothing else is there.

    Args:
        folder: where images should be.
        names: all files that are there.
        ending: the ending that they should have.
    """
    if not names:
        return None
    listed = ", ".join(sorted(names)[:FEW])
    if any(name.lower().endswith(ending) for name in names):
        return UserError(f"{folder}: no file ends in {ending}, but {listed}; {SMALL}")
    return UserError(
        f"{folder}: no file ends in {ending}, but {listed} {'is' if len(names) == 1 else 'are'} "
        "there; correct the ending ('file_ending' in a dataset.json, 'source.ending' in a card)"
    )


def left_out(names: list[str], ending: str) -> str:
    """Names the images that are left out because of their ending; empty if there are none."""
    others = sorted(name for name in names if name.endswith(ENDINGS) and not name.endswith(ending))
    if not others:
        return ""
    return f" ({others[0]} and all others that don't end in {ending} are left out: {len(others)})"


def _instead(path: Path, case: str) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}, which doesn't exist; copy that file or fix the link"
    if path.exists():
        what = "a folder, not a file" if path.is_dir() else "not a regular file"
        return f"{what}; put the file itself there"
    ending = next((known for known in ENDINGS if path.name.endswith(known)), path.suffix)
    plain = without_channel(path, ending)
    if plain is not None and plain.is_file():
        return (
            f"missing, but {plain.name} is there, without the number of its channel; "
            f"'nnactive-bench data add {path.parents[1]} --rename' adds _0000 to all names"
        )
    if alike := other_case(path):
        return f"missing, but {alike} is there; {SMALL}"
    stem = path.name.removesuffix(ending)
    for other in ENDINGS:
        there = path.with_name(stem + other)
        if other != ending and there.is_file():
            return (
                f"missing, but {there.name} is there; images and labels must have one ending: "
                f"{_way_to(ending, there)}"
            )
    return f"missing, though case '{case}' has other files; copy it again"


def _way_to(ending: str, there: Path) -> str:
    compressed, plain = NIFTI
    if ending == compressed and there.name.endswith(plain):
        return f"compress such files, as with 'gzip {there}'"
    if ending == plain and there.name.endswith(compressed):
        return f"unpack such files, as with 'gunzip {there}'"
    return f"convert such files to {ending}"
