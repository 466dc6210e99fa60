"""A track's folder with rivals in it, and hostile methods that are asked there as in a run."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from support import SEED, Loop

from benchmark.execution.order import Order
from benchmark.execution.supervisor import SERVER
from benchmark.execution.warm import CLIENT
from benchmark.execution.warm.serving import serving
from benchmark.layout import failure_file, spec_file
from benchmark.results import Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from nnactive.answers.isolation import Isolation
from nnactive.answers.patch_rules import problems
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.files import read_model, write_model, write_text
from nnactive.io.queries import load_query
from nnactive.settings import Limits, Setting

METHODS = Path(__file__).parent / "methods"
HIDDEN = "NNACTIVE_ATTACK_HIDDEN"
"""A variable of the run's processes that no method may read."""
ALIVE = "nnattack"
"""What attacks call the processes that they leave."""
RIVALS = ("rival_1", "rival_2")
EMPTY = Limits(memory_gib=3, processes=64, log_mb=1)


@dataclass(frozen=True)
class Outcome:
    """How a query ended."""

    status: int
    row: Failure | None
    patches: list[Patch] | None
    isolation: Isolation | None
    seconds: float


@dataclass(frozen=True)
class Arena:
    """One run with a server, isolated in one way."""

    root: Path
    """Folder of the track."""
    data: Path
    setting: Setting
    loop0: Loop
    env: dict[str, str]
    way: Isolation

    @property
    def server(self) -> str:
        """Address of the run's server, which starts whatever it is asked to."""
        return self.env[SERVER]

    def ask(
        self,
        attack: str,
        limits: Limits | None = None,
        *,
        needs: bool = False,
        **parameters: object,
    ) -> Outcome:
        """Let a hostile method query, as the workflow does.

        Args:
            attack: ``file:Class`` in the folder of hostile methods.
            limits: those of the query.
            needs: whether it is asked with a trained ensemble.
            parameters: the class's.
        """
        given = {"runs": self.root, "data": self.data, **parameters}
        file, _, name = attack.partition(":")
        options = tuple(f"{key}={value}" for key, value in given.items())
        method = Method.parse(f"{METHODS / file}.py:{name}", options)
        spec = describe(method)
        freeze(self.root, spec, method.copy.folder)
        setting = self.setting.model_copy(update={"limits": limits or EMPTY})
        write_model(self.root / "setting.json", setting)
        out = self.output(spec.record.id)
        (self.root / out).parent.mkdir(parents=True, exist_ok=True)
        for old in (out, failure_file(out)):
            (self.root / old).unlink(missing_ok=True)
        log = Path("log") / f"{spec.record.id}.txt"
        order = Order((), out, log, "query", loop=1, limits=limits or EMPTY)
        words = [sys.executable, "-P", "-m", "benchmark.cli", "step", "query"]
        words += ["--data", self.data, "--setting", "setting.json"]
        words += ["--method", spec_file(spec.record.id), "--seed", SEED, "--loop", 1]
        words += ["--train", self.loop0.train, "--query", "tiny/start/seed_7/loop_000.json"]
        words += ["--out", out, *(self.loop0.members if needs else ["none"])]
        command = " ".join(str(word) for word in words)
        began = time.monotonic()
        line = f"exec {sys.executable} -I -S {CLIENT} {order.options()} -- {command}"
        status = subprocess.run(
            ["bash", "-c", line], cwd=self.root, env=self.env, check=False, timeout=120
        ).returncode
        return self._outcome(self.root / out, status, time.monotonic() - began)

    def output(self, method: str) -> Path:
        return Path("tiny", method, f"seed_{SEED}", "loop_001.json")

    def problems(self, patches: list[Patch]) -> list[str]:
        """What the trusted half has let through."""
        info = PreparedDataset(self.data).info
        shapes = {case.id: case.shape for case in info.pool}
        start = load_query(self.loop0.query).patches
        first = [Patch(each.case, each.start, each.size) for each in start]
        found = list(problems([first, patches], shapes, self.setting.patch_size))
        if len(patches) != self.setting.query_size:
            found.append(f"{len(patches)} patches")
        return found

    def guarded(self) -> dict[str, str]:
        """The bytes of all that isn't an attack's own."""
        found = {}
        own = {"log", "methods", ".leases", ".journal"}
        places = (self.root, self.data, self.loop0.train.parent)
        for path in sorted(each for place in places for each in place.rglob("*")):
            if path.is_relative_to(self.root):
                first, *others = path.relative_to(self.root).parts
                if first in own or (first == "tiny" and others and others[0] not in RIVALS):
                    continue
            # The step itself seals what it reads for the first time.
            if path.is_file() and not path.name.endswith(("setting.json", ".seal.json")):
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def _outcome(self, out: Path, status: int, seconds: float) -> Outcome:
        failed, query = failure_file(out), load_query(out) if out.exists() else None
        return Outcome(
            status,
            read_model(failed, Failure) if failed.exists() else None,
            query and [Patch(each.case, each.start, each.size) for each in query.patches],
            query and query.isolation,
            seconds,
        )


def alive() -> list[int]:
    """Processes that attacks have left."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == ALIVE and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


@contextmanager
def arena(
    folder: Path, phantom: Path, setting: Setting, loop0: Loop, way: Isolation
) -> Iterator[Arena]:
    """A run whose server lasts while the block does."""
    root = folder / "runs" / "track"
    for rival in RIVALS:
        write_text(root / "tiny" / rival / "seed_7" / "result.json", f'{{"dice": "{rival}"}}')
    write_text(root / "track.json", '{"track": "secret"}')
    write_text(root / ".journal" / "run.jsonl", "")
    write_text(root / "tiny/start/seed_7/loop_000.json", loop0.query.read_text())
    env = {**os.environ, HIDDEN: "labels", "NNACTIVE_ISOLATION": way}
    with (folder / "server.txt").open("wb") as output, serving(output, env) as env:
        yield Arena(root, phantom, setting, loop0, env, way)
