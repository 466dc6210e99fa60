"""The start step of a start method other than the protocol's: asked in a box, checked here."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.boxed.apart import apart
from benchmark.boxed.ask import ask_boxed
from benchmark.boxed.judged import patches_of
from benchmark.boxed.sees import method_of, pool_of
from benchmark.firewall.box import Box
from benchmark.submission.spec import MethodSpec, load_start
from nnactive.answers.answer import Answer
from nnactive.devices import CPU
from nnactive.io.costs import Used
from nnactive.io.files import read_model
from nnactive.io.queries import PROTOCOL_START
from nnactive.settings import Setting
from nnactive.steps.pool_files import PoolFacts, PoolFiles, facts_of
from nnactive.steps.query import Chosen, write_choice
from nnactive.steps.start import StartInputs, decide_start, start_with, with_room

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmark.boxed.room import Room
    from nnactive.answers.isolation import Isolation


@dataclass(frozen=True)
class StartAsk:
    """What a start step is asked, as its command has it."""

    data: Path
    setting: Setting
    spec_file: Path
    seed: int
    recheck: "Callable[[], object]"
    """Raises if what the step reads is damaged or gone."""

    @property
    def method_id(self) -> str:
        """The start method's id in its spec file's name."""
        return self.spec_file.name.removesuffix(".json")


def run_start(ask: StartAsk, out: Path, used: Used, way: "Isolation") -> None:
    """Write what a start method chooses to ``out``; see `benchmark.boxed.query.run_query`.

    The protocol's start runs in this process, as it looks at labels; all others in a box.
    """
    setting, record = ask.setting, read_model(ask.spec_file, MethodSpec).record
    if record.origin == "builtin" and record.id == PROTOCOL_START:
        start_with(load_start(ask.spec_file), ask.method_id, ask.data, setting, ask.seed, out)
        return
    facts = apart(partial(_facts, ask.data, setting))
    n = setting.starting_budget
    asked = ask_boxed(
        partial(_box, ask, facts), partial(_inside, ask, facts), out, n, way, ask.recheck
    )
    used.device, used.peak_memory_gib = CPU, asked.ended.peak_memory_gib
    patches = patches_of(asked.answer, (), facts.shapes, setting.patch_size, n, facts.given)
    names = (setting.name, ask.method_id, ask.seed, 0)
    write_choice(out, names, facts.name, Chosen(patches), asked.ended.way)
    asked.forget()


def _facts(data: Path, setting: Setting) -> PoolFacts:
    return facts_of(with_room(data, setting))


def _spec_file(ask: StartAsk) -> Path:
    return ask.spec_file.parent.resolve() / ask.spec_file.name


def _box(ask: StartAsk, facts: PoolFacts, room: "Room") -> Box:
    reads = (*method_of(_spec_file(ask)), *pool_of(ask.data.resolve(), facts))
    hides = (ask.data, Path.cwd())
    return Box(reads=reads, writes=room.writes, limits=ask.setting.limits, hides=hides)


def _inside(ask: StartAsk, facts: PoolFacts, room: "Room") -> tuple[Answer, None]:
    """In the box: what the method answers."""
    method = load_start(_spec_file(ask))
    files = PoolFiles(ask.data.resolve(), facts)
    inputs = StartInputs(files, ask.setting, ask.seed, method, ask.method_id)
    return Answer(patches=tuple(decide_start(inputs, room.kept))), None
