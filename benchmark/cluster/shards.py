"""A track cut into shards: the parts that are one cluster job each, and which waits for which."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from benchmark.layout import Experiment, first_loop_of
from benchmark.tracks import Track

UNFIT: Final = re.compile(r"[^A-Za-z0-9_.,=+-]+")
"""What a slug has no room for: it names files, wildcards and jobs."""
LONGEST: Final = 120


class Kind(StrEnum):
    """What a shard is."""

    START = "start"
    """Loop 0 of a setting and seed, for all methods with the same start."""
    EXPERIMENT = "experiment"
    """The later loops of an experiment, and its result."""
    LOOP = "loop"
    """One later loop of an experiment; the last one makes its result."""
    COMPONENT = "component"
    """All experiments of a setting and seed, with their loop 0."""


CUTS: Final = (Kind.EXPERIMENT, Kind.LOOP, Kind.COMPONENT)
"""How a track can be cut; starts are shards of their own, but for components."""


@dataclass(frozen=True)
class Shard:
    """One part of a track."""

    kind: Kind
    setting: str
    methods: tuple[str, ...]
    """Ids; of a start, the method id of its loop 0."""
    seed: int
    loop: int | None = None
    """Of a loop."""
    last: bool = True
    """Whether it makes the results of its experiments."""
    needs: str | None = None
    """Slug of the shard that has to be finished first."""

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it works on; of a start, the experiment whose loop 0 it makes."""
        return tuple(Experiment(self.setting, method, self.seed) for method in self.methods)

    @property
    def slug(self) -> str:
        """Its name in files and in the scheduler's queue.

        >>> Shard(Kind.LOOP, "acdc_low", ("power_bald,beta=5",), 7, 2).slug
        'acdc_low.power_bald,beta=5.seed_7.loop_002'
        >>> Shard(Kind.START, "acdc_low", ("start",), 7).slug
        'start.acdc_low.start.seed_7'
        """
        first = ["start"] if self.kind is Kind.START else []
        who = "all" if self.kind is Kind.COMPONENT else self.methods[0]
        last = [f"loop_{self.loop:03d}"] if self.kind is Kind.LOOP else []
        whole = ".".join([*first, self.setting, who, f"seed_{self.seed}", *last])
        plain = UNFIT.sub("-", whole).lstrip("-.")
        if plain == whole and len(plain) <= LONGEST:
            return plain
        return f"{plain[:LONGEST]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def shards(
    track: Track, methods: Sequence[str], cut: Kind, generated: Sequence[str] = ()
) -> dict[str, Shard]:
    """All shards of a track by slug, each after the one that it needs.

    Args:
        track: gives settings and seeds, and which methods a setting leaves out.
        methods: ids.
        cut: one of ``CUTS``.
        generated: datasets that are still to be generated: the first shard of each makes it, and
            the others wait for that one.
    """
    makers: dict[str, str] = {}
    found: dict[str, Shard] = {}
    datasets = {setting.name: setting.dataset for setting in track.settings}
    for shard in _in_order(track, methods, cut):
        dataset = datasets[shard.setting]
        if dataset in generated and shard.needs is None:
            maker = makers.setdefault(dataset, shard.slug)
            if maker != shard.slug:
                shard = Shard(**{**vars(shard), "needs": maker})  # noqa: PLW2901
        found[shard.slug] = shard
    return found


def _in_order(track: Track, methods: Sequence[str], cut: Kind) -> Iterator[Shard]:
    """Starts first, so that nothing in the queue waits longer than it has to."""
    asked = {setting.name: track.asked(setting.name, methods) for setting in track.settings}
    components = [
        (setting, seed) for setting in track.settings for seed in track.seeds if asked[setting.name]
    ]
    if cut is Kind.COMPONENT:
        for setting, seed in components:
            yield Shard(Kind.COMPONENT, setting.name, asked[setting.name], seed)
        return
    starts = {
        (setting.name, first, seed): Shard(Kind.START, setting.name, (first,), seed, last=False)
        for setting, seed in components
        for first in dict.fromkeys(map(first_loop_of, asked[setting.name]))
    }
    yield from starts.values()
    for setting, seed in components:
        for method in asked[setting.name]:
            before = starts[setting.name, first_loop_of(method), seed].slug
            if cut is Kind.EXPERIMENT or setting.loops < 2:  # noqa: PLR2004
                yield Shard(Kind.EXPERIMENT, setting.name, (method,), seed, needs=before)
                continue
            for loop in range(1, setting.loops):
                last = loop == setting.loops - 1
                shard = Shard(Kind.LOOP, setting.name, (method,), seed, loop, last, before)
                yield shard
                before = shard.slug
