"""The classes of your own dataset: from ``dataset.json``, and from what ``--map`` says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnactive.data.card_fields import RAW_VALUES, is_plain
from nnactive.errors import UserError

IGNORE = "ignore"
BACKGROUND = "background"


def read_mapping(text: str | None) -> dict[int, int]:
    """Labels by raw value, from text such as ``255=1,5=3``; 0 is background.

    Raises:
        UserError: it isn't written so, or a value occurs twice.
    """
    mapping: dict[int, int] = {}
    for pair in (text or "").split(",") if text else ():
        raw, _, label = pair.partition("=")
        try:
            value, number = int(raw), int(label)
        except ValueError:
            raise UserError(
                f"--map: '{pair}' isn't VALUE=LABEL, two whole numbers; give it as in 255=1,5=3"
            ) from None
        if mapping.setdefault(value, number) != number:
            raise UserError(f"--map: {value} has two labels; give one")
    return mapping


def own_labels(
    labels: Mapping[str, Any], mapping: Mapping[int, int], file: Path
) -> tuple[dict[str, int], dict[int, int]]:
    """Label by class name, and the card's ``label_map``, empty if it isn't needed.

    Args:
        labels: the field of ``dataset.json``.
        mapping: labels by raw value; values that aren't in it keep their label, unless that is the
            label of another value.
        file: where the labels come from.

    Raises:
        UserError: they are none from which a dataset can be made; says which one could be.
    """
    where = f"{file}: field 'labels':"
    _check_direction(labels, where)
    _check_regions(labels, where)
    _check_names(labels, where)
    values = {name: int(value) for name, value in labels.items()}
    if IGNORE in values:
        _check_ignore(values.pop(IGNORE), mapping, where)
    ordered = dict(sorted(values.items(), key=lambda item: item[1]))
    if list(ordered.values()) != list(range(len(ordered))):
        ordered = _renumbered(ordered, mapping, where)
    if not mapping:
        return ordered, {}
    if outside := set(mapping.values()) - set(ordered.values()):
        raise UserError(
            f"--map: {min(outside)} is no label; those of {file} are 0 to {len(ordered) - 1}"
        )
    taken = set(mapping.values())
    kept = {value: value for value in ordered.values() if value and value not in taken}
    return ordered, dict(sorted((kept | dict(mapping)).items()))


def _check_direction(labels: Mapping[str, Any], where: str) -> None:
    if labels and all(
        str(name).isdigit() and isinstance(value, str) for name, value in labels.items()
    ):
        turned = ", ".join(f'"{value}": {name}' for name, value in labels.items())
        raise UserError(f"{where} names and values are the wrong way round; write {{{turned}}}")


def _check_regions(labels: Mapping[str, Any], where: str) -> None:
    regions = [name for name, value in labels.items() if isinstance(value, list)]
    if regions:
        flat = [value for value in labels.values() for value in _as_list(value)]
        values = sorted({value for value in flat if isinstance(value, int) and value})
        plain = ", ".join(f'"part{value}": {value}' for value in values)
        raise UserError(
            f"{where} '{regions[0]}' must be one whole number, because regions overlap; the label "
            f'maps have plain values, so write {{"{BACKGROUND}": 0, {plain}}}, with names of yours'
        )
    for name, value in labels.items():
        if type(value) is not int:
            whole = {each: _as_whole(number) for each, number in labels.items()}
            right = json.dumps(whole, ensure_ascii=False)
            way_out = "correct it" if None in whole.values() else f"write {right}"
            raise UserError(f"{where} '{name}' must be one whole number, not {value!r}; {way_out}")


def _as_whole(value: Any) -> int | None:
    """The number that a text or a number such as 1.0 means; None: none."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


def _check_names(labels: Mapping[str, Any], where: str) -> None:
    """Refuse labels without a class, without background, or with a name that can't be read."""
    for name in labels:
        if not is_plain(name):
            raise UserError(
                f"{where} {name!r} isn't a name: it is empty, or has control characters; name the "
                f"class of value {labels[name]}"
            )
    zero = next((name for name, value in labels.items() if value == 0), None)
    if zero is not None and zero != BACKGROUND and BACKGROUND not in labels:
        raise UserError(
            f"{where} the first class must be '{BACKGROUND}'; write it in place of '{zero}'"
        )
    if len(labels.keys() - {IGNORE}) < 2:  # noqa: PLR2004
        raise UserError(
            f"{where} must have '{BACKGROUND}' and at least one class; write them, such as "
            f'{{"{BACKGROUND}": 0, "lesion": 1}}'
        )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_ignore(value: int, mapping: Mapping[int, int], where: str) -> None:
    if value not in mapping:
        raise UserError(
            f"{where} '{IGNORE}' is not supported, because the benchmark reveals labels in place "
            f"of an annotator; take only cases without the value {value} and remove '{IGNORE}', "
            f"or give --map {value}=0 if it is background"
        )


def _renumbered(
    labels: Mapping[str, int], mapping: Mapping[int, int], where: str
) -> dict[str, int]:
    """Labels without gaps, by the user's mapping."""
    found = {name: mapping.get(value, value) for name, value in labels.items()}
    ordered = dict(sorted(found.items(), key=lambda item: item[1]))
    if list(ordered.values()) != list(range(len(ordered))):
        # Negative values come first, but background has label 0.
        values = sorted(labels.values(), key=lambda value: (value != 0, value))
        changed = [f"{value}={n}" for n, value in enumerate(values) if value != n]
        way = f"run 'data add' with --map {','.join(changed)}"
        low, high = RAW_VALUES
        if not low <= min(values) <= max(values) <= high:
            way = "renumber the label maps, as larger values than 16 bits hold aren't read"
        elif len(set(values)) < len(values) or labels.get(BACKGROUND) != 0:
            way = "give each class a value of its own, and 'background' 0"
        raise UserError(f"{where} values must be 0, 1, 2, ... without gaps, not {values}; {way}")
    return ordered
