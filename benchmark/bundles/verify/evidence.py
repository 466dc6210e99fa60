"""A bundle as the checks see it: its files, read once, within limits; what it is compared with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from benchmark.bundles import places
from benchmark.bundles.bounded import bounded_text, read_bounded
from benchmark.bundles.limits import MiB, largest
from benchmark.bundles.read import read_plain_manifest
from benchmark.bundles.record import BundleRecord
from benchmark.bundles.verify.findings import NotCheckedError
from benchmark.results import ExperimentResult, LoopResult
from benchmark.submission.requirements import Manifest
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.errors import UserError
from nnactive.io.queries import Query

Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str, int]
"""Setting and seed of an experiment."""
MOST_EXPERIMENTS: Final = 1000
"""Settings x seeds; the largest shipped track has fewer than 100."""
MOST_LOOPS: Final = 100
MOST_PATCHES: Final = 20_000
"""Of an experiment; the largest shipped setting has 10,500."""
LARGEST: Final = 128 * MiB
"""Bytes of all files that are parsed."""


@dataclass(frozen=True)
class Evidence:
    """What the checks compare."""

    folder: Path
    """The bundle's, unpacked."""
    record: BundleRecord
    data: Path | None = None
    """Folder of the prepared datasets."""
    baselines: tuple[ExperimentResult, ...] = ()
    """The benchmark's own results, of any track."""
    signers: Path | None = None
    """List of allowed signers."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why a file can't be read, by its path in the bundle."""
    parsed: list[int] = field(default_factory=list)
    """Bytes of the files that were read."""

    @cached_property
    def track(self) -> Track | None:
        """The track, if its file is one, and no larger than a track can be."""
        found = self._read(places.TRACK, Track)
        if found is not None and len(found.settings) * len(found.seeds) > MOST_EXPERIMENTS:
            reason = f"more than {MOST_EXPERIMENTS:,} experiments"
            self.unreadable[places.TRACK.as_posix()] = reason
            return None
        return found

    @cached_property
    def spec(self) -> MethodSpec | None:
        """The method, if its file describes one."""
        return self._read(places.SPEC, MethodSpec)

    @cached_property
    def manifest(self) -> Manifest | None:
        """What the authors say of the method, if its file is readable."""
        try:
            bounded_text(self.folder / places.MANIFEST, largest(str(places.MANIFEST)))
            return read_plain_manifest(self.folder / places.MANIFEST)
        except UserError as error:
            reason = str(error).removeprefix(f"{self.folder / places.MANIFEST}: ")
            self.unreadable[places.MANIFEST.as_posix()] = reason
            return None

    @cached_property
    def results(self) -> dict[Key, ExperimentResult]:
        """The results at the places of the track's settings and seeds, as far as they are some."""
        found = {}
        for setting, seed in self.wanted:
            place = places.result_file(setting, seed)
            result = self._read(place, ExperimentResult)
            if result is None:
                continue
            patches = sum(len(loop.patches.case) for loop in result.loops)
            if len(result.loops) > MOST_LOOPS or patches > MOST_PATCHES:
                told = f"more than {MOST_LOOPS} loops or {MOST_PATCHES:,} patches"
                self.unreadable[place.as_posix()] = told
                continue
            found[setting, seed] = result
        return found

    @cached_property
    def queries(self) -> dict[tuple[str, int, int], Query]:
        """The query files of the results' loops, as far as they are some."""
        found = {}
        for (setting, seed), result in self.results.items():
            for loop in range(len(result.loops)):
                query = self._read(places.query_file(setting, seed, loop), Query)
                if query is not None:
                    found[setting, seed, loop] = query
        return found

    @cached_property
    def wanted(self) -> tuple[Key, ...]:
        """Setting and seed of each experiment of the track; empty without a track."""
        if self.track is None:
            return ()
        method, track = self.record.method.id, self.track
        asked = [each.name for each in track.settings if track.asks(each.name, method)]
        return tuple((name, seed) for name in asked for seed in track.seeds)

    def known_track(self) -> Track:
        """The track.

        Raises:
            NotCheckedError: if its file is none.
        """
        if self.track is None:
            raise NotCheckedError(f"{places.TRACK} can't be read")
        return self.track

    def known_spec(self) -> MethodSpec:
        """The method.

        Raises:
            NotCheckedError: if its file describes none.
        """
        if self.spec is None:
            raise NotCheckedError(f"{places.SPEC} can't be read")
        return self.spec

    def known_results(self) -> Mapping[Key, ExperimentResult]:
        """The results.

        Raises:
            NotCheckedError: if there is none.
        """
        if not self.results:
            raise NotCheckedError("no result can be read")
        return self.results

    def loops(self) -> Iterator[tuple[str, ExperimentResult, LoopResult]]:
        """Every loop: how it is called, its result, the loop."""
        for key, result in self.known_results().items():
            for number, loop in enumerate(result.loops):
                yield f"{called(key)}, loop {number}", result, loop

    def of_results(self, problems: Callable[[ExperimentResult], Iterable[str]]) -> Iterator[str]:
        """What a check of one result finds in each of them."""
        for key, result in self.known_results().items():
            yield from (f"{called(key)}, {problem}" for problem in problems(result))

    def prepared(self, name: str) -> PreparedDataset:
        """The prepared dataset of that name.

        Raises:
            NotCheckedError: if it isn't at hand.
        """
        if self.data is None:
            raise NotCheckedError("no prepared datasets are given (--data)")
        # A name with slashes would leave the folder.
        if Path(name).name != name or not (self.data / name / INFO).is_file():
            raise NotCheckedError(f"{self.data} has no dataset '{name}': data prepare makes it")
        return PreparedDataset(self.data / name)

    def _read(self, place: Path, kind: type[Model]) -> Model | None:
        name, path = place.as_posix(), self.folder / place
        try:
            if path.is_file():
                self.parsed.append(path.stat().st_size)
            if sum(self.parsed) > LARGEST:
                raise UserError(f"not read: with it, more than {LARGEST // MiB} MiB")
            return read_bounded(path, kind, largest(name))
        except UserError as error:
            self.unreadable[name] = str(error)
            return None


def called(key: Key) -> str:
    """An experiment in messages."""
    return f"{key[0]}, seed {key[1]}"
