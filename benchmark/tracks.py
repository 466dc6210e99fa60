"""Tracks: which settings, methods and seeds are run, expanded from YAML and the datasets' cards."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import Field, PositiveInt, ValidationError

from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.files import first_problem
from nnactive.settings import Frozen, Inference, Setting, Sizes, Training

FOLDER = Path(__file__).parent / "tracks"
"""Where the tracks that come with the benchmark lie."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class Entry(Frozen):
    """One setting as a track file states it; what is left out comes from the dataset's card."""

    name: Name | None = None
    """Default: dataset and regime, joined by an underscore."""
    dataset: str
    regime: str
    patch_size: Sizes | None = None
    stride: Sizes | None = None
    candidates: PositiveInt | None = None
    starting_budget: PositiveInt | None = None
    query_size: PositiveInt | None = None
    loops: PositiveInt | None = None
    training: Training = Training()
    inference: Inference = Inference()


class TrackFile(Frozen):
    """The content of a track's YAML file."""

    name: Name
    title: str
    description: str
    comparable: bool
    """False for tracks that exist to be cheap: they compare with nothing but themselves."""
    settings: Annotated[tuple[Entry, ...], Field(min_length=1)]
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    """METHOD strings of the baselines."""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]


class Track(Frozen):
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
    def trainings(self) -> int:
        """Networks that are trained for the track's own methods, shared loops 0 once."""
        later = len(self.methods)
        return len(self.seeds) * sum(
            s.training.folds * (1 + (s.loops - 1) * later) for s in self.settings
        )


class Experiment(NamedTuple):
    """Setting x method x seed."""

    setting: str
    method: str
    """Method id."""
    seed: int

    def __str__(self) -> str:
        return f"{self.setting}, {self.method}, seed {self.seed}"


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
        return resolve(_read(Path(name)), Path(name))
    if name not in track_names():
        raise UserError(
            f"unknown track '{name}'; known are {', '.join(track_names())}, "
            "or give the path of a YAML file"
        )
    return resolve(_read(FOLDER / f"{name}.yaml"), FOLDER / f"{name}.yaml")


def resolve(content: TrackFile, path: Path) -> Track:
    """Complete a track's settings from the cards of its datasets; ``path`` names it in errors."""
    settings = tuple(_setting(entry, path) for entry in content.settings)
    listed: dict[str, Sequence[object]] = {
        "settings": [setting.name for setting in settings],
        "methods": content.methods,
        "seeds": content.seeds,
    }
    for field, values in listed.items():
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise UserError(f"{path}: field '{field}': '{twice[0]}' is listed twice")
    fields = content.model_dump(exclude={"settings"})
    return Track(settings=settings, **fields)


def _read(path: Path) -> TrackFile:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such track file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        cause = " ".join(str(error).split())
        raise UserError(f"{path}: not valid YAML ({cause})") from None
    try:
        return TrackFile.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def _setting(entry: Entry, path: Path) -> Setting:
    from nnactive.data.cards import load_card

    card = load_card(entry.dataset)
    budget = card.budgets.get(entry.regime)
    defaults: dict[str, Any] = {
        "name": f"{entry.dataset}_{entry.regime}",
        "patch_size": card.query_patch,
        "stride": card.stride,
        "candidates": card.candidates,
        "starting_budget": budget.starting if budget else None,
        "query_size": budget.query if budget else None,
        "loops": budget.loops if budget else None,
    }
    given = {key: value for key, value in entry if value is not None}
    merged = {**defaults, **given}
    missing = [key for key, value in merged.items() if value is None]
    if missing:
        raise UserError(
            f"{path}: field '{missing[0]}' is needed: the card of {entry.dataset} has no regime "
            f"'{entry.regime}' (it has {', '.join(card.budgets)})"
        )
    try:
        return Setting.model_validate(merged)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
