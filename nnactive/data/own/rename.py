"""Adding the channel's number to the names of images that lack it, as nnU-Net wants it."""

from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.raw.files.formats import PAIR, PAIR_VOXELS
from nnactive.data.raw.known.naming import naming_problem
from nnactive.data.raw.layout import IMAGES, LABELS, channel_suffixes
from nnactive.errors import UserError


def add_channel(raw: Path, card: Card) -> int:
    """Rename ``imagesTr/knee.nii.gz`` to ``imagesTr/knee_0000.nii.gz``, for each label there is.

    Args:
        raw: folder in nnU-Net's raw layout.
        card: from ``describe_raw``.

    Returns:
        Number of renamed images.

    Raises:
        UserError: there are several channels, most names have another fault, an image has no label
            map, or a new name is taken; nothing was renamed.
    """
    ending = card.source.ending
    (suffix,) = channel_suffixes(1, ending)
    moves: list[tuple[Path, Path]] = []
    images, labels = (
        [path.name for path in (raw / part).glob(f"*{ending}") if path.name[0] != "."]
        for part in (IMAGES, LABELS)
    )
    if problem := naming_problem(raw, images, labels, ending):
        raise UserError(problem)
    for path in sorted((raw / IMAGES).glob(f"*{ending}")):
        name = path.name.removesuffix(ending)
        if path.name.startswith("."):
            continue
        if not (raw / LABELS / path.name).is_file():
            _check_labelled(path, raw / LABELS, card)
            continue
        moves.append((path, path.with_name(name + suffix)))
        if ending == PAIR:
            voxels = path.with_suffix(PAIR_VOXELS)
            moves.append((voxels, voxels.with_name(name + suffix).with_suffix(PAIR_VOXELS)))
    if moves and len(card.channels) > 1:
        raise UserError(
            f"{moves[0][0]}: which of the {len(card.channels)} channels this is can't be known; "
            "rename it yourself, with _0000 for the first channel"
        )
    for old, new in moves:
        if new.exists():
            raise UserError(f"{new}: exists, so {old.name} can't get this name; remove one of them")
    for old, new in moves:
        old.rename(new)
    return sum(old.name.endswith(ending) for old, _ in moves)


def _check_labelled(path: Path, labels: Path, card: Card) -> None:
    """Refuse an image without a label map, which keeps its name and so would seem to be another."""
    ending = card.source.ending
    cases = (path.name.removesuffix(each) for each in channel_suffixes(len(card.channels), ending))
    if not any(case != path.name and (labels / f"{case}{ending}").is_file() for case in cases):
        raise UserError(
            f"{path}: has no label map {labels / path.name}; add it, or remove the image; nothing "
            "was renamed"
        )
