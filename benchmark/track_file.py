"""What lies in a track's YAML file, and the settings that it and the datasets' cards give."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, model_validator

from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.models import Frozen
from nnactive.io.yamls import read_yaml
from nnactive.settings import Inference, Limits, Name, Setting, Sizes, Training

if TYPE_CHECKING:
    from nnactive.data.cards import Card

Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
"""Fits 64 bits, as it is part of file names and of JSON files that other programs may read."""
Candidates = PositiveInt | Literal["query_size"]
"""Candidates kept per image: a number, or as many as a query has patches."""


class Rules(Frozen):
    """What a track file may state about settings; the dataset's card gives the rest."""

    stride: Sizes | None = None
    candidates: Candidates | None = None
    training: Training = Training()
    inference: Inference = Inference()
    limits: Limits = Limits()


class Entry(Rules):
    """One setting in a track file."""

    name: Name | None = None
    """By default, dataset and regime joined by an underscore."""
    dataset: str
    regime: str
    patch_size: Sizes | None = None
    starting_budget: PositiveInt | None = None
    query_size: PositiveInt | None = None
    loops: PositiveInt | None = None


class Cards(Rules):
    """Settings taken from cards: every dataset in every regime."""

    datasets: Annotated[tuple[str, ...], Field(min_length=1)]
    regimes: Annotated[tuple[str, ...], Field(min_length=1)]
    patch: Literal["query", "half"] = "query"
    """half: the card's half patch; the names of these settings end in ``_half``."""


class TrackFile(Frozen):
    """The content of a track's YAML file."""

    name: Name
    title: str
    description: str
    comparable: bool
    """False for reduced-cost tracks, whose results compare only with each other."""
    cards: tuple[Cards, ...] = ()
    settings: tuple[Entry, ...] = ()
    """Follow those of ``cards``."""
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    """METHOD strings of the baselines."""
    query: str | None = None
    """In a track that compares starts, whose methods are start methods: the built-in query method
    of all later loops, as a METHOD. None: the track compares query methods, and all begin with the
    protocol's starting budget."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _some_settings(self) -> Self:
        if not self.cards and not self.settings:
            raise ValueError("needs 'settings', 'cards' or both")
        return self


def read_track_file(path: Path) -> TrackFile:
    """Read a track's YAML file.

    Raises:
        UserError: names the field that is wrong.
    """
    try:
        return TrackFile.model_validate(read_yaml(path, "track file"))
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def settings_of(content: TrackFile, path: Path) -> tuple[Setting, ...]:
    """The track's settings, completed from the cards of its datasets.

    Args:
        content: the track file.
        path: its path, for errors.

    Raises:
        UserError: names a field that is wrong, needed or has duplicates.
    """
    from nnactive.data.cards import list_cards, load_card

    known = list_cards()

    @cache
    def card(dataset: str, field: str) -> "Card":
        try:
            return load_card(dataset)
        except UserError as error:
            if dataset in known:
                raise
            raise UserError(f"{path}: field '{field}': {error}") from None

    settings = []
    for number, cards in enumerate(content.cards):
        for dataset, regime in product(cards.datasets, cards.regimes):
            found = card(dataset, f"cards.{number}.datasets")
            entry = _entry(cards, found, regime, f"{path}: field 'cards.{number}'")
            settings.append(_setting(entry, found, path))
    for number, entry in enumerate(content.settings):
        found = card(entry.dataset, f"settings.{number}.dataset")
        settings.append(_setting(entry, found, path))
    _check_duplicates(content, settings, path)
    return tuple(settings)


def _check_duplicates(content: TrackFile, settings: Sequence[Setting], path: Path) -> None:
    listed: dict[str, Sequence[object]] = {
        "settings": [setting.name for setting in settings],
        "methods": content.methods,
        "seeds": content.seeds,
    }
    for field, values in listed.items():
        repeated = [value for value in values if values.count(value) > 1]
        if repeated:
            raise UserError(f"{path}: field '{field}': duplicate '{repeated[0]}'; list it once")


def _entry(cards: Cards, card: "Card", regime: str, where: str) -> Entry:
    """The entry that ``cards`` stands for, of one dataset in one regime."""
    given = {key: getattr(cards, key) for key in Rules.model_fields}
    if cards.patch == "query":
        return Entry(dataset=card.name, regime=regime, **given)
    half = card.half_patch
    if half is None:
        raise UserError(f"{where}: the card of {card.name} has no half_patch")
    name = f"{card.name}_{regime}_half"
    return Entry(name=name, dataset=card.name, regime=regime, patch_size=half, **given)


def _setting(entry: Entry, card: "Card", path: Path) -> Setting:
    given = {key: value for key, value in entry if value is not None}
    merged = {**_defaults(card, entry.regime), **given}
    for part in ("training", "inference"):
        stated = getattr(entry, part).model_dump(exclude_unset=True)
        merged[part] = getattr(card, part).model_dump() | stated
    if merged["candidates"] == "query_size":
        merged["candidates"] = merged["query_size"]
    missing = [key for key, value in merged.items() if value is None]
    if missing:
        raise UserError(
            f"{path}: field '{missing[0]}' is required: the card of {card.name} has no regime "
            f"'{entry.regime}' (it has {', '.join(card.budgets)})"
        )
    try:
        return Setting.model_validate(merged)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _defaults(card: "Card", regime: str) -> dict[str, Any]:
    """What the card gives for a setting; None for a budget that it doesn't have."""
    budget = card.budgets.get(regime)
    return {
        "name": f"{card.name}_{regime}",
        "patch_size": card.query_patch,
        "stride": card.stride,
        "candidates": card.candidates,
        "starting_budget": budget.starting if budget else None,
        "query_size": budget.query if budget else None,
        "loops": budget.loops if budget else None,
    }
