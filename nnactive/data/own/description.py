"""The fields of a ``dataset.json`` in nnU-Net's raw layout; errors show the corrected field."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from nnactive.data.card_fields import Scheme, is_plain
from nnactive.data.prepare.split import MINIMUM
from nnactive.errors import UserError
from nnactive.io.files import read_json

READER = "overwrite_image_reader_writer"
READERS = (None, "None", "SimpleITKIO", "NibabelIO", "Tiff3DIO")
"""nnU-Net's readers that give the voxels as they lie in the file, as the benchmark does."""
KINDS = {
    "channel_names": (dict, "a mapping"),
    "labels": (dict, "a mapping"),
    "numTraining": (int, "a whole number"),
    "file_ending": (str, "a string"),
}


def read_description(file: Path) -> dict[str, Any]:
    """Content of a ``dataset.json``.

    Raises:
        UserError: it is missing, isn't a file or isn't JSON, or names an unknown reader.
    """
    if file.is_symlink() and not file.exists():
        raise UserError(f"{file}: a link to {file.readlink()}, which doesn't exist; fix the link")
    if not file.exists():
        raise UserError(
            f"{file}: missing; write it as nnU-Net's raw layout requires, or name a dataset"
        )
    content = read_json(file, "fix it")
    if not isinstance(content, dict):
        raise UserError(f"{file}: must contain fields such as 'labels'; write them")
    reader = content.get(READER)
    if not (reader is None or isinstance(reader, str)) or reader not in READERS:
        known = ", ".join(name for name in READERS if name and name != "None")
        raise UserError(
            f"{file}: field '{READER}': {reader!r} is none of {known}, which read images as they "
            "lie in the file, as the benchmark does; remove the field, and convert the images if "
            "they need another reader"
        )
    return content


def field_of(content: Mapping[str, Any], name: str, file: Path) -> Any:
    """A required field.

    Raises:
        UserError: it is missing or of another type.
    """
    if name not in content:
        # The Decathlon's and nnU-Net v1's files have 'modality', and map values to class names.
        old = " (from the Decathlon? nnUNetv2_convert_MSD_dataset converts it)"
        hint = old if "modality" in content else ""
        raise UserError(f"{file}: field '{name}' is missing; add it{hint}")
    kind, wanted = KINDS[name]
    value = content[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        right = _corrected(name, value)
        way_out = f"write {json.dumps(right, ensure_ascii=False)}" if right else "correct it"
        raise UserError(f"{file}: field '{name}': must be {wanted}, not {value!r}; {way_out}")
    return value


def cases_of(content: Mapping[str, Any], labels: int, file: Path) -> int:
    """Number of cases.

    Args:
        content: of the file.
        labels: number of classes with background.
        file: for messages.

    Raises:
        UserError: there are too few for a pool and a test set.
    """
    cases = int(field_of(content, "numTraining", file))
    if cases < MINIMUM:
        raise UserError(
            f"{file}: field 'numTraining': {cases} cases, but at least {MINIMUM} are needed: a "
            "quarter of them is the test set, and of the rest, the pool, the starting budget takes "
            f"two cases for each class and the background, so with {labels - 1} class"
            f"{'es' if labels > 2 else ''} give {enough_cases(labels)} or more"  # noqa: PLR2004
        )
    return cases


def enough_cases(labels: int) -> int:
    """The fewest cases whose pool has two for each label, background included."""
    return next(n for n in range(MINIMUM, 4 * labels + MINIMUM) if n - n // 4 >= 2 * labels)


def ending_of(content: Mapping[str, Any], file: Path) -> str:
    """Ending of all image files, such as ``.nii.gz``; the card checks it.

    Raises:
        UserError: it is missing, or could only be meant.
    """
    ending = str(field_of(content, "file_ending", file))
    meant = f".{ending.strip().lstrip('.').lower()}"
    if ending != meant and re.fullmatch(r"\.[a-z.]+", meant):
        raise UserError(
            f"{file}: field 'file_ending': '{ending}' isn't a file ending such as .nii.gz; write "
            f'"{meant}", as all files must end'
        )
    return ending


def channels_of(content: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Normalisation by channel name; z-score for unknown names, as in nnU-Net.

    Raises:
        UserError: channels aren't numbered from 0, or one has no name.
    """
    named = field_of(content, "channel_names", file)
    where = f"{file}: field 'channel_names':"
    if not named or sorted(named) != sorted(str(number) for number in range(len(named))):
        right = {str(number): name for number, name in enumerate(named.values())} or {"0": "MRI"}
        way_out = json.dumps(right, ensure_ascii=False)
        raise UserError(f"{where} keys must be '0', '1', ...; write {way_out}")
    names = [named[str(number)] for number in range(len(named))]
    for name in names:
        if not isinstance(name, str) or not is_plain(name):
            raise UserError(f'{where} {name!r} isn\'t a name, such as "MRI"; write one')
    known = get_args(Scheme)
    schemes = [name.lower() for name in names]
    if len(set(names)) != len(names):
        names = [f"{name} {number}" for number, name in enumerate(names)]
    return {
        name: scheme if scheme in known else "zscore"
        for name, scheme in zip(names, schemes, strict=True)
    }


def _corrected(name: str, value: Any) -> Any:
    """What a value of another type is likely to mean; None: that can't be told."""
    if name == "numTraining":
        number = str(value).strip().removesuffix(".0")
        return int(number) if number.isascii() and number.isdigit() else None
    if isinstance(value, str) and name in {"labels", "channel_names"}:
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list) or not value or not all(isinstance(n, str) for n in value):
        return None
    if name == "channel_names":
        return {str(number): channel for number, channel in enumerate(value)}
    if name == "labels":
        others = [label for label in value if label.lower() != "background"]
        return {label: number for number, label in enumerate(["background", *others])}
    return None
