"""What a person asks for when a project begins, and how its texts are read."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from benchmark.annotation.project.model import EPOCHS, ROUNDS, SEED, Millimetres
from nnactive.data.card_fields import Scheme, is_plain
from nnactive.errors import UserError

METHOD: Final = "clasp_pe"
START: Final = "random_start"
RESERVED: Final = frozenset({"background", "ignore", "ignored", "all"})
"""Names that mean something else in label files, tools or options."""
SEPARATORS: Final = ',;=:"/\\'
"""Separate names in options, files' names and ITK-SNAP's label descriptions."""
MOST_CLASSES: Final = 253
"""Label files are uint8, with 0 for the background, a value for "ignore" and one that is none."""


@dataclass(frozen=True)
class Asked:
    """The options of a new project; None or empty: chosen by the guideline or a default."""

    images: Path | None
    classes: str
    csv: Path | None = None
    channels: str | None = None
    labels: tuple[str, ...] = ()
    patch_mm: str | None = None
    boxes: tuple[str, ...] = ()
    high_variance: tuple[str, ...] = ()
    budget: int | None = None
    rounds: int = ROUNDS
    method: str = METHOD
    start: str = START
    epochs: int = EPOCHS
    iterations: int | None = None
    folds: int | None = None
    base_features: int | None = None
    batch_size: int | None = None
    spacing: str | None = None
    context_mm: float = 20
    view: Literal["crop", "image"] = "crop"
    draft: Literal["none", "prediction"] = "prediction"
    seed: int = SEED
    name: str | None = None


def class_names(text: str) -> tuple[str, ...]:
    """Foreground classes, in label order.

    Raises:
        UserError: there is none, or a name can't be used in label files and options.
    """
    names = tuple(name.strip() for name in text.split(","))
    if names == ("",):
        raise UserError("--classes: no name; give the foreground classes, as in liver,tumour")
    seen: dict[str, str] = {}
    for name in names:
        if not name:
            raise UserError(f"--classes: '{text}' has an empty name; remove the extra comma")
        if bad := sorted({letter for letter in name if letter in SEPARATORS}):
            raise UserError(
                f"--classes: '{name}' contains {bad[0]}, which separates names; leave it out"
            )
        if not is_plain(name):
            raise UserError(f"--classes: {name!r} has control characters; remove them")
        if name.casefold() in RESERVED:
            raise UserError(
                f"--classes: '{name}' isn't a class to label; leave it out: 0 is the background, "
                "and the value after the last class marks what isn't labelled"
                if name.casefold() != "all"
                else "--classes: 'all' stands for all patches in options; rename the class"
            )
        if (twin := seen.setdefault(name.casefold(), name)) is not name:
            raise UserError(f"--classes: '{twin}' and '{name}' are the same; give each once")
    if len(names) > MOST_CLASSES:
        raise UserError(f"--classes: {len(names)} classes, at most {MOST_CLASSES} fit in 8 bits")
    return names


def channel_schemes(text: str, count: int) -> dict[str, Scheme]:
    """Normalisation by channel name, from ``CT`` or ``T1,FLAIR=zscore``.

    A channel called after a scheme has it, as in nnU-Net; all others are normalised by z-score.

    Raises:
        UserError: not one name for each channel, a name occurs twice, or an unknown scheme.
    """
    known = get_args(Scheme)
    found: dict[str, Scheme] = {}
    for item in text.split(","):
        name, _, scheme = (part.strip() for part in item.partition("="))
        scheme = (scheme or (name if name.lower() in known else "zscore")).lower()
        if not is_plain(name):
            raise UserError(f"--channels: '{text}' has an empty name; give one for each channel")
        if scheme not in known:
            raise UserError(
                f"--channels: '{scheme}' is no normalisation; choose from: {', '.join(known)}"
            )
        if name in found:
            raise UserError(f"--channels: '{name}' occurs twice; give each channel its own name")
        found[name] = scheme  # type: ignore[assignment]  # one of get_args(Scheme)
    if len(found) != count:
        raise UserError(
            f"--channels: {len(found)} names, but the images have {count} "
            f"{'channel' if count == 1 else 'channels'}; give one name for each"
        )
    return found


def millimetres(text: str, option: str) -> Millimetres:
    """Three lengths in mm, (z, y, x); one number stands for all three.

    Raises:
        UserError: they aren't positive numbers.
    """
    try:
        sizes = [float(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) == 1:
        sizes *= 3
    if len(sizes) != len("zyx") or not all(size > 0 and math.isfinite(size) for size in sizes):
        raise UserError(f"{option}: '{text}' isn't Z,Y,X in mm; give three lengths, as in 40,60,60")
    z, y, x = sizes
    return z, y, x


def class_boxes(texts: Sequence[str], classes: Sequence[str]) -> dict[str, Millimetres]:
    """Typical size in mm of each class's structures, from ``CLASS=Z,Y,X``.

    Raises:
        UserError: a text isn't written so, or names an unknown class or one twice.
    """
    found: dict[str, Millimetres] = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        if not name:
            raise UserError(
                f"--box: '{text}' isn't CLASS=Z,Y,X; as in --box {classes[0]}=40,60,60 (mm)"
            )
        check_known((name,), classes, "--box")
        if name in found:
            raise UserError(f"--box: '{name}' is given twice; give one size for each class")
        found[name] = millimetres(sizes, f"--box {name}")
    return found


def check_known(names: Sequence[str], classes: Sequence[str], option: str) -> None:
    """Refuse classes that the project doesn't have.

    Raises:
        UserError: names one, and those to choose from.
    """
    for name in names:
        if name not in classes:
            raise UserError(f"{option}: no class '{name}'; choose from: {', '.join(classes)}")


def project_name(asked: str | None, root: Path) -> str:
    """The project's name: as asked, or made from the name of its folder.

    >>> project_name(None, Path("/data/Liver Mets (2026)"))
    'liver_mets_2026'

    Raises:
        UserError: what was asked can't be part of file names.
    """
    if asked is None:
        plain = re.sub(r"[^a-z0-9_-]+", "_", root.resolve().name.lower()).strip("_-")
        return plain or "project"
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", asked) is None:
        raise UserError(
            f"--name: '{asked}' isn't a name of lowercase letters, digits, '_' and '-' that begins "
            "with a letter or digit; change it"
        )
    return asked
