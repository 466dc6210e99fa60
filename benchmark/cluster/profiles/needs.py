"""What a shard's job asks for: the profile's word, else what is measured or counted."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from benchmark.cluster.profiles.profile import Override, Profile
from benchmark.cluster.shards import Kind, Shard
from benchmark.forecast.forecast import Forecast
from benchmark.forecast.graph import Entered
from benchmark.forecast.needs import Needs
from benchmark.forecast.requests import entered_as, forecast_for
from benchmark.layout import first_loop_of
from benchmark.steps import Resources
from benchmark.workflow.request import Request
from nnactive.errors import NnactiveError

USUAL_GIB: Final = 32.0
"""Memory of a job of which nothing is known."""


@dataclass(frozen=True)
class Size:
    """What one job asks for."""

    cores: int
    memory_gib: float
    minutes: int
    disk_gib: float


class Sizes:
    """Sizes of a request's shards on a cluster; one forecast for all seeds."""

    def __init__(self, request: Request, profile: Profile) -> None:
        """Read what is known of the request's datasets and earlier jobs."""
        self.profile, self.request = profile, request
        self._entered = {spec.record.id: entered_as(spec) for spec, _ in request.methods}
        self._known: dict[tuple[object, ...], Needs | None] = {}
        self._forecast: Forecast | None = None
        gpus = tuple(str(number) for number in range(profile.gpus))
        with suppress(NnactiveError):  # of a dataset of which nothing is known
            resources = Resources(profile.cores, max(1, profile.cores // max(1, len(gpus))), gpus)
            self._forecast = forecast_for(request, resources)

    def of(self, shard: Shard) -> Size:
        """What the shard's job asks for first."""
        profile, needs = self.profile, self._needs(shard)
        own = profile.overrides.get(shard.kind, Override.model_construct())
        longest = int(60 * profile.hours)
        found = needs.memory_gib if needs else USUAL_GIB
        return Size(
            cores=own.cores or profile.cores,
            memory_gib=own.memory_gib or profile.memory_gib or found,
            minutes=own.minutes or max(1, min(longest, int(needs.minutes) if needs else longest)),
            disk_gib=own.disk_gib or (needs.disk_gib if needs else 0.0),
        )

    def _needs(self, shard: Shard) -> Needs | None:
        key = (shard.kind, shard.setting, shard.methods, shard.loop)
        if key not in self._known:
            self._known[key] = self._counted(shard, self._forecast) if self._forecast else None
        return self._known[key]

    def _counted(self, shard: Shard, forecast: Forecast) -> Needs | None:
        setting = next(s for s in self.request.track.settings if s.name == shard.setting)
        loops = {
            Kind.START: range(1),
            Kind.EXPERIMENT: range(1, setting.loops),
            Kind.LOOP: range(shard.loop or 0, (shard.loop or 0) + 1),
            Kind.COMPONENT: None,
        }[shard.kind]
        with suppress(NnactiveError):
            return forecast.part(setting, self._methods(shard), loops)
        return None

    def _methods(self, shard: Shard) -> list[Entered]:
        if shard.kind is not Kind.START:
            return [self._entered[method] for method in shard.methods]
        same = (m for m in self._entered if first_loop_of(m) == shard.methods[0])
        return [self._entered[next(same)]]
