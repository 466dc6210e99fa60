"""What an entry reports, read from its bundle or from the run that made it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.results import ExperimentResult, load_result, patch_columns
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.queries import Query, load_query
from nnactive.settings import Setting


@dataclass(frozen=True)
class Reported:
    """One method's experiments on a track, with all its queries."""

    source: str
    """Names where it comes from, in messages."""
    track: Track
    spec: MethodSpec
    results: dict[Experiment, ExperimentResult]
    queries: dict[Experiment, tuple[Query, ...]]
    """By loop, from 0 on; as many as the result has loops."""
    digest: str | None = None
    """Of the bundle; None: it comes from a run."""

    def setting(self, experiment: Experiment) -> Setting:
        """The setting of an experiment."""
        return next(each for each in self.track.settings if each.name == experiment.setting)

    def chosen(self, settings: Sequence[str] = (), seeds: Sequence[int] = ()) -> Self:
        """The same with only some settings or seeds; none given: all.

        Raises:
            UserError: if it has no such setting or seed.
        """
        asked: tuple[tuple[str, Sequence[object], int], ...] = (
            ("setting", settings, 0),
            ("seed", seeds, 2),
        )
        for what, wanted, field in asked:
            there = dict.fromkeys(each[field] for each in self.results)
            if unknown := [each for each in wanted if each not in there]:
                known = ", ".join(map(str, there))
                raise UserError(f"{self.source}: no {what} {unknown[0]}; it has {known or 'none'}")
        left = {
            each: result
            for each, result in self.results.items()
            if (not settings or each.setting in settings) and (not seeds or each.seed in seeds)
        }
        return self._only(left)

    def complete(self) -> tuple[Self, list[Experiment]]:
        """The same without the experiments that failed, and these.

        Raises:
            UserError: if none is left.
        """
        left = {each: found for each, found in self.results.items() if found.status == "complete"}
        if not left:
            raise UserError(
                f"{self.source}: has no complete experiment, so there is nothing to reproduce"
            )
        return self._only(left), [each for each in self.results if each not in left]

    def unseeded(self) -> Self:
        """The same queries, trained by chance: two seeded trainings of a fold would be equal."""

        def by_chance(setting: Setting) -> Setting:
            training = setting.training.model_copy(update={"seeded": False})
            return setting.model_copy(update={"training": training})

        settings = tuple(by_chance(each) for each in self.track.settings)
        results = {
            each: result.model_copy(update={"setting": by_chance(result.setting)})
            for each, result in self.results.items()
        }
        track = self.track.model_copy(update={"settings": settings})
        return replace(self, track=track, results=results)

    def _only(self, left: dict[Experiment, ExperimentResult]) -> Self:
        names = {each.setting for each in left}
        track = self.track.model_copy(
            update={
                "settings": tuple(each for each in self.track.settings if each.name in names),
                "seeds": tuple(dict.fromkeys(each.seed for each in left)),
            }
        )
        queries = {each: self.queries[each] for each in left}
        return replace(self, track=track, results=left, queries=queries)


def of_run(root: Path, method: str) -> Reported:
    """What a finished run reports of a method.

    Args:
        root: the track's folder.
        method: the method's id.

    Raises:
        UserError: if the run has no result of it, or a file is broken.
    """
    track = read_model(root / layout.track_file(), Track)
    found = [
        experiment
        for file in layout.result_files(root)
        if (experiment := layout.experiment_of(file.relative_to(root))) is not None
        and experiment.method == method
    ]
    if not found:
        raise UserError(f"{root}: no result of {method}; finish its run first")
    results = {each: load_result(root / layout.result_file(each)) for each in found}
    # The track's file holds what was asked for last; a setting has a file of its own.
    settings = {
        each.setting: read_model(root / layout.setting_file(each.setting), Setting)
        for each in found
    }
    track = track.model_copy(
        update={
            "settings": tuple(settings.values()),
            "seeds": tuple(dict.fromkeys(each.seed for each in found)),
        }
    )
    return Reported(
        source=str(root),
        track=track,
        spec=read_model(root / layout.spec_file(method), MethodSpec),
        results=results,
        queries={
            each: tuple(
                load_query(root / layout.query_file(each, loop.loop)) for loop in result.loops
            )
            for each, result in results.items()
        },
    )


def check(reported: Reported) -> None:
    """Refuse an entry whose queries aren't those of its results, or whose names are no file names.

    Raises:
        UserError: names what differs.
    """
    way_out = f"verify it first: nnactive-bench verify {reported.source}"
    spec = reported.spec
    methods = [each.record.id for each in (spec, *(spec.pair or ()))]
    starts = [layout.start_of(name) for name in methods]
    for name in (reported.track.name, *methods, *starts):
        if not name or Path(name).name != name or name.startswith(".") or not name.isprintable():
            raise UserError(f"{reported.source}: {name!r:.60} can't be the name of a file")
    for experiment, result in reported.results.items():
        queries = reported.queries[experiment]
        said = (result.setting, result.method, result.seed)
        if result.status == "complete" and len(queries) != reported.setting(experiment).loops:
            raise UserError(f"{reported.source}: {experiment}: has too few loops; {way_out}")
        if said != (reported.setting(experiment), spec.record, experiment.seed):
            raise UserError(
                f"{reported.source}: {experiment}: its result is of another setting, method or "
                f"seed; {way_out}"
            )
        for number, (loop, query) in enumerate(zip(result.loops, queries, strict=True)):
            if loop.patches != patch_columns(query.patches) or number != loop.loop:
                raise UserError(
                    f"{reported.source}: {experiment}, loop {number}: the query file has other "
                    f"patches than the result; {way_out}"
                )
