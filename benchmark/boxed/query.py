"""The query step: a method is asked in a box, and its answer checked here.

This half never imports the author's code.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.boxed.apart import apart
from benchmark.boxed.ask import ask_boxed
from benchmark.boxed.judged import patches_of
from benchmark.boxed.sees import loops_of, method_of, pool_of, training_of
from benchmark.firewall.box import Box
from benchmark.submission.spec import MethodSpec, load_method
from nnactive.answers.answer import Answer
from nnactive.data.prepared import PreparedDataset
from nnactive.devices import CPU, peak_memory_gib, pick_device
from nnactive.geometry import Patch
from nnactive.io.costs import Used
from nnactive.io.files import read_model
from nnactive.io.queries import load_query
from nnactive.query.checkpoint import Part
from nnactive.query.map_cases import Progress
from nnactive.settings import Setting
from nnactive.steps.history import TrainedLoop
from nnactive.steps.pool_files import PoolFacts, facts_of
from nnactive.steps.query import Chosen, QueryInputs, decide, query, write_choice

if TYPE_CHECKING:
    from benchmark.boxed.room import Room
    from nnactive.answers.isolation import Isolation
    from nnactive.methods import QueryMethod


@dataclass(frozen=True)
class QueryAsk:
    """What a query step is asked, as its command has it."""

    data: Path
    setting_file: Path
    spec_file: Path
    seed: int
    loop: int
    train: Path
    queries: tuple[Path, ...]
    members: tuple[Path, ...]
    past: tuple[TrainedLoop, ...]
    device: str
    workers: int
    part: Part | None
    progress: Progress
    """Called in the method's process."""
    recheck: Callable[[], object]
    """Raises if what the step reads is damaged or gone."""

    @property
    def method_id(self) -> str:
        """The method's id in its spec file's name."""
        return self.spec_file.name.removesuffix(".json")

    def real(self) -> "QueryAsk":
        """The same with the real paths of everything, as a box has no current folder."""
        return replace(
            self,
            data=self.data.resolve(),
            setting_file=self.setting_file.resolve(),
            spec_file=self.spec_file.parent.resolve() / self.spec_file.name,
            train=self.train.resolve(),
            queries=tuple(each.resolve() for each in self.queries),
            members=tuple(each.resolve() for each in self.members),
            past=tuple(
                TrainedLoop(each.train.resolve(), tuple(m.resolve() for m in each.members))
                for each in self.past
            ),
        )

    def inputs(self, method: "QueryMethod", facts: PoolFacts | None) -> QueryInputs:
        """What the method chooses from."""
        return QueryInputs(
            data=self.data,
            setting=read_model(self.setting_file, Setting),
            seed=self.seed,
            loop=self.loop,
            method=method,
            method_id=self.method_id,
            queries=self.queries,
            train=self.train,
            members=self.members,
            past=self.past,
            facts=facts,
        )


def run_query(ask: QueryAsk, out: Path, used: Used, way: "Isolation") -> None:
    """Write the patches that a method chooses for a loop to ``out``; for a part, only store work.

    The benchmark's own oracles run in this process; all else runs in a box.

    Args:
        ask: what is asked.
        out: the loop file, or its draft.
        used: is told what the method's process took.
        way: what keeps that process from labels.

    Raises:
        MethodFailedError: if the method failed, or its answer breaks the contract.
        NnactiveError: if the step's own inputs are to blame.
    """
    spec = read_model(ask.spec_file, MethodSpec).later
    if spec.record.oracle and spec.record.origin == "builtin":
        _run_own(ask, out, spec, used)
        return
    setting = read_model(ask.setting_file, Setting)
    n = setting.query_size
    facts = apart(partial(_facts, ask.data, labels=spec.record.oracle))
    asked = ask_boxed(
        partial(_box, ask.real(), spec, setting, facts),
        partial(_inside, ask.real(), spec, facts),
        out,
        n,
        way,
        ask.recheck,
        shared=ask.part is not None,
    )
    used.device, used.device_memory_gib = asked.answer.device, asked.answer.device_memory_gib
    used.peak_memory_gib = asked.ended.peak_memory_gib
    if ask.part:
        return
    before, size = _before(ask.queries), setting.patch_size
    patches = patches_of(asked.answer, before, facts.shapes, size, n, facts.given)
    names = (setting.name, ask.method_id, ask.seed, ask.loop)
    write_choice(out, names, facts.name, Chosen(patches, asked.state), asked.ended.way)
    asked.forget()


def _run_own(ask: QueryAsk, out: Path, spec: MethodSpec, used: Used) -> None:
    """Ask one of the benchmark's own oracles, in this process."""
    used.device = pick_device(ask.device) if spec.needs_network else CPU
    inputs = ask.inputs(load_method(ask.spec_file), None)
    query(inputs, out, used.device, workers=ask.workers, progress=ask.progress, part=ask.part)
    used.device_memory_gib = peak_memory_gib(used.device)


def _facts(data: Path, *, labels: bool) -> PoolFacts:
    return facts_of(PreparedDataset(data), labels=labels)


def _box(ask: QueryAsk, spec: MethodSpec, setting: Setting, facts: PoolFacts, room: "Room") -> Box:
    return Box(
        reads=tuple(dict.fromkeys(_reads(ask, spec, facts))),
        writes=room.writes,
        limits=setting.limits,
        gpu=spec.needs_network and ask.device != CPU,
        hides=(ask.data, Path.cwd()),
    )


def _reads(ask: QueryAsk, spec: MethodSpec, facts: PoolFacts) -> Iterator[Path]:
    yield ask.setting_file
    yield from method_of(ask.spec_file)
    yield from loops_of(ask.queries)
    yield from pool_of(ask.data, facts, labels=spec.record.oracle)
    trained = [TrainedLoop(ask.train, ask.members if spec.needs_network else ())]
    for each in [*trained, *(ask.past if spec.looks_back else ())]:
        if each.train.is_dir():
            yield from training_of(each.train)
        yield from (member for member in each.members if member.is_file())


def _inside(
    ask: QueryAsk, spec: MethodSpec, facts: PoolFacts, room: "Room"
) -> tuple[Answer, bytes | None]:
    """In the box: what the method answers."""
    device = pick_device(ask.device) if spec.needs_network else CPU
    chosen = decide(
        ask.inputs(load_method(ask.spec_file), facts),
        room.kept,
        device,
        workers=ask.workers,
        progress=ask.progress,
        part=ask.part,
    )
    answer = Answer(device=device, device_memory_gib=peak_memory_gib(device))
    if chosen is None:
        return replace(answer, part=True), None
    return replace(answer, patches=tuple(chosen.patches)), chosen.state


def _before(queries: tuple[Path, ...]) -> list[list[Patch]]:
    """The patches of each loop so far."""
    loops = sorted((load_query(file) for file in queries), key=lambda each: each.loop)
    return [[Patch(p.case, p.start, p.size) for p in each.patches] for each in loops]
