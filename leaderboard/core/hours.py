"""GPU-hours that a setting costs a method, by the forecast's A100."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.forecast.durations import START_SECONDS, Durations
from benchmark.forecast.facts import facts_of
from benchmark.forecast.forecast import Forecast
from benchmark.forecast.graph import Entered
from benchmark.steps import Resources
from benchmark.tracks import Track
from nnactive.data.cards import load_card

NOT_PREPARED = Path("not prepared")
"""No such folder: facts about datasets are estimates, the same on every machine."""
MACHINE = Resources(cores=8, train_threads=8, gpus=("0",))


@dataclass(frozen=True)
class Hours:
    """Of one seed of a method in a setting, on one A100."""

    later: float
    """The loops that are the method's own: all that it costs where loop 0 is there."""
    start: float
    """Loop 0, which all methods share."""


def hours(track: Track) -> Iterator[tuple[str, Hours]]:
    """Of each setting of a track, by name."""
    facts = {name: facts_of(NOT_PREPARED, load_card(name)) for name in track.datasets}
    durations = Durations(
        facts=facts,
        gpu=True,
        threads=MACHINE.train_threads,
        records={},
        calibrations={},
        start=START_SECONDS,
        side_by_side=1,
    )
    method = [Entered("new")]
    for setting in track.settings:
        one = track.model_copy(update={"settings": (setting,), "seeds": track.seeds[:1]})
        forecast = Forecast(one, durations, MACHINE)
        later = forecast.cost(method, stored_starts=True).gpu_hours
        yield setting.name, Hours(later, forecast.cost(method).gpu_hours - later)
