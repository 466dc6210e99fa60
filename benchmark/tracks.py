"""Tracks: which settings, methods and seeds are run."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from benchmark.cycles.find import check_files
from benchmark.layout import Experiment
from benchmark.submission.method_string import Method
from benchmark.track_file import TrackFile, read_track_file, settings_of
from nnactive import PROTOCOL_VERSION
from nnactive.errors import UserError
from nnactive.io.models import StateFile
from nnactive.settings import Setting

FOLDER = Path(__file__).parent / "tracks"
"""The tracks that come with the benchmark."""


class Track(StateFile):
    """A track with all settings complete."""

    protocol_version: str = PROTOCOL_VERSION
    name: str
    title: str
    description: str
    comparable: bool
    settings: tuple[Setting, ...]
    methods: tuple[str, ...]
    query: str | None = None
    """Query method of all later loops in a track that compares starts; None: it compares query
    methods."""
    seeds: tuple[int, ...]
    left_out: Annotated[dict[str, tuple[str, ...]], Field(exclude_if=operator.not_)] = Field(
        default_factory=dict
    )
    """Ids of the track's methods that a setting leaves out, by its name; all other methods, a new
    one too, are run in every setting."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets, in the order of the settings."""
        return tuple(dict.fromkeys(setting.dataset for setting in self.settings))

    @property
    def taken_from(self) -> str | None:
        """Track whose queries a setting trains on; None: all settings' methods choose."""
        found = (setting.queries.track for setting in self.settings if setting.queries)
        return next(found, None)

    @property
    def experiments_per_seed(self) -> int:
        """Settings x methods, without those that a setting leaves out."""
        return sum(self._methods_in(setting) for setting in self.settings)

    @property
    def trainings(self) -> int:
        """Number of networks trained for the track's own methods; a shared loop 0 counts once."""
        return len(self.seeds) * sum(
            s.training.folds
            * ((self._methods_in(s) if self.query else 1) + (s.loops - 1) * self._methods_in(s))
            for s in self.settings
        )

    @property
    def trainings_unshared(self) -> int:
        """The same if every experiment trained its own loop 0."""
        return len(self.seeds) * sum(
            self._methods_in(s) * s.training.folds * s.loops for s in self.settings
        )

    def _methods_in(self, setting: Setting) -> int:
        return len(self.methods) - len(self.left_out.get(setting.name, ()))

    def asks(self, setting: str, method: str) -> bool:
        """Whether a method is run in a setting.

        Args:
            setting: its name.
            method: method id.
        """
        return method not in self.left_out.get(setting, ())

    def asked(self, setting: str, methods: Iterable[str]) -> tuple[str, ...]:
        """Of some methods, by id, those that are run in a setting."""
        return tuple(method for method in methods if self.asks(setting, method))

    def part(
        self, dataset: str | None = None, regime: str | None = None, seeds: Sequence[int] = ()
    ) -> Self:
        """The same track with only the settings of one dataset or label regime, or some seeds.

        Raises:
            UserError: if no setting is left, or the track hasn't a seed.
        """
        wanted = {"dataset": dataset, "regime": regime}
        kept = self.settings
        for field, value in wanted.items():
            there = dict.fromkeys(getattr(setting, field) for setting in kept)
            if value is not None and value not in there:
                raise UserError(
                    f"track {self.name}: no setting with {field} '{value}'; "
                    f"choose from {', '.join(there)}"
                )
            kept = tuple(s for s in kept if value is None or getattr(s, field) == value)
        for seed in seeds:
            if seed not in self.seeds:
                known = ", ".join(map(str, self.seeds))
                raise UserError(f"track {self.name}: no seed {seed}; choose from {known}")
        wanted_seeds = tuple(s for s in self.seeds if not seeds or s in seeds)
        names = {setting.name for setting in kept}
        left_out = {name: ids for name, ids in self.left_out.items() if name in names}
        return self.model_copy(
            update={"settings": kept, "seeds": wanted_seeds, "left_out": left_out}
        )


def experiments(track: Track, method_ids: Sequence[str]) -> Iterator[Experiment]:
    """All experiments of the given methods on a track: by setting, then method, then seed."""
    for setting in track.settings:
        for method in track.asked(setting.name, method_ids):
            for seed in track.seeds:
                yield Experiment(setting.name, method, seed)


def track_names() -> list[str]:
    """Names of the tracks that come with the benchmark, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_track(name: str) -> Track:
    """A track by its name, or from the path of a YAML file.

    Raises:
        UserError: if there is no such track, or a field of its file or of a card is wrong.
    """
    is_path = name.endswith((".yaml", ".yml"))
    if not is_path and name not in track_names():
        raise UserError(
            f"unknown track '{name}'; known tracks: {', '.join(track_names())}, "
            "or give the path of a YAML file"
        )
    path = Path(name) if is_path else FOLDER / f"{name}.yaml"
    content = read_track_file(path)
    if is_path:
        _check_users_file(content, path)
        check_files(path, content)
    fields = content.model_dump(exclude={"settings", "cards"})
    settings = settings_of(content, path)
    left_out = {s.name: _ids(methods, path) for s, methods in settings.items() if methods}
    return Track(settings=tuple(settings), left_out=left_out, **fields)


def _ids(methods: Iterable[str], path: Path) -> tuple[str, ...]:
    """Ids of built-in methods that a setting leaves out.

    Raises:
        UserError: if one isn't built in: its id depends on its code.
    """
    return tuple(
        # What comes with the benchmark names built-in methods; looking them up takes NumPy.
        text if path.parent == FOLDER and text.isidentifier() else _builtin_id(text, path)
        for text in methods
    )


def _builtin_id(text: str, path: Path) -> str:
    from benchmark.submission.spec import describe

    method = Method.parse(text)
    if method.file is not None:
        raise UserError(
            f"{path}: field 'methods': a setting leaves out {method.string}; "
            "only built-in methods can be left out"
        )
    return describe(method).record.id


def _check_users_file(content: TrackFile, path: Path) -> None:
    """Refuse a user's file whose runs would mix with another track's, or with a wrong METHOD."""
    from benchmark.submission.spec import describe

    shipped = FOLDER / f"{content.name}.yaml"
    if shipped.is_file() and not path.samefile(shipped):
        raise UserError(
            f"{path}: field 'name': '{content.name}' is a track that comes with the benchmark, "
            "and their runs would mix; choose another name"
        )
    if content.query is not None:
        from benchmark.submission.pairs import fixed_query

        try:
            fixed_query(content.query)
        except UserError as error:
            raise UserError(f"{path}: field 'query': {error}") from None
    for number, text in enumerate(content.methods):
        try:
            method = Method.parse(text)
            if method.file is None:  # the run's check imports files
                describe(method)
        except UserError as error:
            raise UserError(f"{path}: field 'methods.{number}': {error}") from None
