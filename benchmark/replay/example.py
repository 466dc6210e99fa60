"""A tiny run of the real steps, made when a replay first asks for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe
from benchmark.tracks import Track, experiments, load_track
from benchmark.workflow.request import Request
from benchmark.workflow.run import run
from nnactive.errors import NnactiveError

if TYPE_CHECKING:
    from benchmark.journal.watch import Progress

EXAMPLE = "example"
"""Name of its track."""
FILE = Path(__file__).parent / f"{EXAMPLE}.yaml"
FOLDER = ".example"
"""Folder below the runs; leaderboards pass over names with a dot."""


def example_track() -> Track:
    """The track of the example run."""
    return load_track(str(FILE))


def example_folder(runs: Path) -> Path | None:
    """The run's folder if it is there."""
    track = example_track()
    (experiment,) = experiments(track, track.methods)
    root = runs / FOLDER / track.name
    return root if (root / layout.result_file(experiment)).is_file() else None


def make_example(runs: Path, data: Path, cores: int, watcher: "Callable[[Progress], None]") -> Path:
    """Make the run, or complete it, in the folder of the runs; returns its folder.

    Raises:
        NnactiveError: if a step fails.
    """
    track = example_track()
    methods = tuple((describe(Method.parse(each)), None) for each in track.methods)
    request = Request(track=track, methods=methods, data=data, runs=runs / FOLDER, cores=cores)
    problems = run(request, watcher)
    if problems:
        raise NnactiveError(f"{problems[0].experiment}: {problems[0].text}")
    return request.root
