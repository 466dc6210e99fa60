"""Tracks: which settings, methods and seeds are run, expanded from YAML and the datasets' cards."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, model_validator

from benchmark.layout import Experiment
from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.state_file import StateFile
from nnactive.io.yamls import read_yaml
from nnactive.settings import Frozen, Inference, Name, Setting, Sizes, Training

if TYPE_CHECKING:
    from nnactive.data.cards import Card

FOLDER = Path(__file__).parent / "tracks"
"""Where the tracks that come with the benchmark lie."""

Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
"""Part of file names, and of JSON files that other programs may read: whole, of 64 bits."""
Candidates = PositiveInt | Literal["query_size"]
"""Candidates kept per image: a number, or as many as a query has patches."""


class Rules(Frozen):
    """What a track file may say of settings; what it leaves out comes from the dataset's card."""

    stride: Sizes | None = None
    candidates: Candidates | None = None
    training: Training = Training()
    inference: Inference = Inference()


class Entry(Rules):
    """One setting as a track file states it."""

    name: Name | None = None
    """Default: dataset and regime, joined by an underscore."""
    dataset: str
    regime: str
    patch_size: Sizes | None = None
    starting_budget: PositiveInt | None = None
    query_size: PositiveInt | None = None
    loops: PositiveInt | None = None


class Cards(Rules):
    """Settings that the cards hold: every dataset in every regime."""

    datasets: Annotated[tuple[str, ...], Field(min_length=1)]
    regimes: Annotated[tuple[str, ...], Field(min_length=1)]
    patch: Literal["query", "half"] = "query"
    """half: the card's half patch; the settings' names then end in ``_half``."""


class TrackFile(Frozen):
    """The content of a track's YAML file."""

    name: Name
    title: str
    description: str
    comparable: bool
    """False for tracks that exist to be cheap: they compare with nothing but themselves."""
    cards: tuple[Cards, ...] = ()
    settings: tuple[Entry, ...] = ()
    """Come after those of ``cards``."""
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    """METHOD strings of the baselines."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _some_settings(self) -> Self:
        if not self.cards and not self.settings:
            raise ValueError("needs 'settings', 'cards' or both")
        return self


class Track(StateFile):
    """A track with every setting complete."""

    protocol_version: str = PROTOCOL_VERSION
    name: str
    title: str
    description: str
    comparable: bool
    settings: tuple[Setting, ...]
    methods: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets, in the order of the settings."""
        return tuple(dict.fromkeys(setting.dataset for setting in self.settings))

    @property
    def experiments_per_seed(self) -> int:
        """Settings x methods."""
        return len(self.settings) * len(self.methods)

    @property
    def trainings(self) -> int:
        """Networks that are trained for the track's own methods, shared loops 0 once."""
        later = len(self.methods)
        return len(self.seeds) * sum(
            s.training.folds * (1 + (s.loops - 1) * later) for s in self.settings
        )

    @property
    def trainings_unshared(self) -> int:
        """As ``trainings``, if every experiment trained a loop 0 of its own."""
        return (
            len(self.seeds)
            * len(self.methods)
            * sum(s.training.folds * s.loops for s in self.settings)
        )

    def part(self, dataset: str | None = None, regime: str | None = None) -> Self:
        """The same track with the settings of one dataset, one label regime, or both alone.

        Raises:
            UserError: the track has no such setting.
        """
        wanted = {"dataset": dataset, "regime": regime}
        kept = self.settings
        for field, value in wanted.items():
            there = dict.fromkeys(getattr(setting, field) for setting in kept)
            if value is not None and value not in there:
                raise UserError(
                    f"track {self.name}: no setting of {field} '{value}'; "
                    f"choose among {', '.join(there)}"
                )
            kept = tuple(s for s in kept if value is None or getattr(s, field) == value)
        return self.model_copy(update={"settings": kept})


def experiments(track: Track, method_ids: tuple[str, ...]) -> Iterator[Experiment]:
    """All experiments of a track for the given methods: by setting, then method, then seed."""
    for setting in track.settings:
        for method in method_ids:
            for seed in track.seeds:
                yield Experiment(setting.name, method, seed)


def track_names() -> list[str]:
    """Names of the tracks that come with the benchmark, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_track(name: str) -> Track:
    """Track by its name, or from a YAML file given by its path.

    Raises:
        UserError: if there is no such track, or a field of its file or of a card is wrong.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        content = _read(path)
        _check_own(content, path)
        return resolve(content, path)
    if name not in track_names():
        raise UserError(
            f"unknown track '{name}'; known are {', '.join(track_names())}, "
            "or give the path of a YAML file"
        )
    return resolve(_read(FOLDER / f"{name}.yaml"), FOLDER / f"{name}.yaml")


def resolve(content: TrackFile, path: Path) -> Track:
    """Complete a track's settings from the cards of its datasets; ``path`` names it in errors."""
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
    listed: dict[str, Sequence[object]] = {
        "settings": [setting.name for setting in settings],
        "methods": content.methods,
        "seeds": content.seeds,
    }
    for field, values in listed.items():
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise UserError(f"{path}: field '{field}': '{twice[0]}' is listed twice")
    fields = content.model_dump(exclude={"settings", "cards"})
    return Track(settings=tuple(settings), **fields)


def _read(path: Path) -> TrackFile:
    try:
        return TrackFile.model_validate(read_yaml(path, "track file"))
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _check_own(content: TrackFile, path: Path) -> None:
    """Refuse a file whose runs would lie among another track's, or whose methods are none."""
    from benchmark.submission.method_string import parse
    from benchmark.submission.spec import describe, is_builtin, split

    theirs = FOLDER / f"{content.name}.yaml"
    if theirs.is_file() and not path.samefile(theirs):
        raise UserError(
            f"{path}: field 'name': '{content.name}' is a track that comes with the benchmark, "
            "and its runs would lie among these; give another name"
        )
    for number, text in enumerate(content.methods):
        try:
            method = parse(text).method
            if is_builtin(method):
                describe(text)
            else:
                # The rest would run the author's code; that is for the run's own check.
                split(method)
        except UserError as error:
            raise UserError(f"{path}: field 'methods.{number}': {error}") from None


def _entry(cards: Cards, card: "Card", regime: str, where: str) -> Entry:
    """One of the settings that ``cards`` stands for."""
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
            f"{path}: field '{missing[0]}' is needed: the card of {card.name} has no regime "
            f"'{entry.regime}' (it has {', '.join(card.budgets)})"
        )
    try:
        return Setting.model_validate(merged)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _defaults(card: "Card", regime: str) -> dict[str, Any]:
    """What a setting is where its track doesn't say otherwise; None where the card doesn't."""
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
