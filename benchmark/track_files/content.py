"""What lies in a track's YAML file, and the settings that it and the datasets' cards give."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, model_validator

from nnactive.errors import UserError
from nnactive.geometry import slice_size
from nnactive.io.files import first_problem
from nnactive.io.models import Frozen
from nnactive.io.yamls import read_yaml
from nnactive.settings import (
    Annotator,
    Inference,
    Limits,
    Name,
    Setting,
    Sizes,
    TakenQueries,
    Training,
)

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
    queries: TakenQueries | None = None
    methods: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Of the track's methods, those that are run here; None: all. A method that the track doesn't
    name is run everywhere."""
    annotator: Annotator | None = None


class Entry(Rules):
    """One setting in a track file."""

    name: Name | None = None
    """By default, dataset and regime joined by an underscore."""
    dataset: str
    regime: str
    patch: Literal["slice"] | None = None
    """slice: a patch is one whole slice, as across the card's ``slice_axis``; the default name then
    ends in ``_slice``."""
    patch_size: Sizes | None = None
    starting_budget: PositiveInt | None = None
    query_size: PositiveInt | None = None
    loops: PositiveInt | None = None


class Cards(Rules):
    """Settings taken from cards: every dataset in every regime."""

    datasets: Annotated[tuple[str, ...], Field(min_length=1)]
    regimes: Annotated[tuple[str, ...], Field(min_length=1)]
    patch: Literal["query", "half", "slice"] = "query"
    """half: the card's half patch; slice: one whole slice. The names of these settings end in
    ``_half`` and ``_slice``."""
    query: Literal["usual", "half", "double"] = "usual"
    """Size of the queries relative to the card's; the starting budget and the total stay, and the
    names of these settings end in ``_query_half`` or ``_query_double``."""


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

    @model_validator(mode="before")
    @classmethod
    def _in_place(cls, content: Any) -> Any:
        """Refuse fields of a setting that are given to the track."""
        of_settings = {*Entry.model_fields, *Cards.model_fields} - {*cls.model_fields}
        for name in content if isinstance(content, dict) else ():
            if name in of_settings:
                raise ValueError(f"'{name}' belongs in an entry of 'settings' or 'cards'")
        return content

    @model_validator(mode="after")
    def _some_settings(self) -> Self:
        if not self.cards and not self.settings:
            raise ValueError("needs 'settings', 'cards' or both")
        return self

    @model_validator(mode="after")
    def _chosen_elsewhere(self) -> Self:
        parts: tuple[Rules, ...] = (*self.cards, *self.settings)
        if any(part.queries is not None and part.queries.track == self.name for part in parts):
            raise ValueError(f"'queries.track': '{self.name}' is this track; name another one")
        return self

    @model_validator(mode="after")
    def _known_methods(self) -> Self:
        parts = {"cards": self.cards, "settings": self.settings}
        narrowed = [
            (f"{name}.{number}.methods", rules.methods)
            for name, part in parts.items()
            for number, rules in enumerate(part)
            if rules.methods is not None
        ]
        for where, methods in narrowed:
            unknown = [method for method in methods if method not in self.methods]
            if unknown:
                raise ValueError(f"'{where}': '{unknown[0]}' isn't one of the track's methods")
            if self.query is not None:
                raise ValueError(f"'{where}' isn't for a track that compares starts")
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


def settings_of(content: TrackFile, path: Path) -> dict[Setting, tuple[str, ...]]:
    """The track's settings, completed from the cards of its datasets.

    Args:
        content: the track file.
        path: its path, for errors.

    Returns:
        For each setting, in order, the METHOD strings of the track that it leaves out.

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

    settings: list[tuple[Setting, tuple[str, ...]]] = []

    def add(entry: Entry, found: "Card") -> None:
        kept = content.methods if entry.methods is None else entry.methods
        left_out = tuple(method for method in content.methods if method not in kept)
        settings.append((_setting(entry, found, path), left_out))

    for number, cards in enumerate(content.cards):
        for dataset, regime in product(cards.datasets, cards.regimes):
            found = card(dataset, f"cards.{number}.datasets")
            add(_entry(cards, found, regime, f"{path}: field 'cards.{number}'"), found)
    for number, entry in enumerate(content.settings):
        add(entry, card(entry.dataset, f"settings.{number}.dataset"))
    _check_duplicates(content, [setting for setting, _ in settings], path)
    return dict(settings)


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
    changed: dict[str, Any] = {key: getattr(cards, key) for key in Rules.model_fields}
    name = f"{card.name}_{regime}"
    if cards.patch == "half":
        if card.half_patch is None:
            raise UserError(f"{where}: the card of {card.name} has no half_patch")
        name, changed["patch_size"] = f"{name}_half", card.half_patch
    if cards.patch == "slice":
        name, changed["patch"] = f"{name}_slice", "slice"
    if cards.query != "usual":
        name = f"{name}_query_{cards.query}"
        changed |= _resized(
            card, regime, Fraction(2) if cards.query == "double" else Fraction(1, 2), where
        )
    return Entry(name=name, dataset=card.name, regime=regime, **changed)


def _resized(card: "Card", regime: str, factor: Fraction, where: str) -> dict[str, int]:
    """The query size times a factor, and the loops that make the same total budget with it."""
    budget = card.budgets.get(regime)
    if budget is None:
        return {}  # the setting says so
    query, later = budget.query * factor, (budget.loops - 1) / factor
    if query.denominator > 1 or later.denominator > 1:
        raise UserError(
            f"{where}: {budget.loops - 1} queries of {budget.query} patches ({card.name}, "
            f"{regime}) can't become {later} of {query}; leave 'query' out"
        )
    return {"query_size": int(query), "loops": 1 + int(later)}


def _setting(entry: Entry, card: "Card", path: Path) -> Setting:
    given = {key: value for key, value in entry if value is not None and key != "methods"}
    merged = {**_defaults(card, entry.regime), **given}
    if merged.pop("patch", None) == "slice":
        if entry.patch_size is not None:
            raise UserError(
                f"{path}: 'patch: slice' and 'patch_size' exclude each other; give one of them"
            )
        # Every slice is scored: with the card's stride only each eighth could be queried.
        stride = entry.stride or (1, 1, 1)
        merged |= {"patch_size": slice_size(card.slice_axis), "stride": stride}
        merged["name"] = entry.name or f"{merged['name']}_slice"
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
