"""A small track in one process: STAND-INS train, predict and choose under the real commands.

What a stand-in makes depends on the bytes of all it reads, so that a damaged input that is used
shows in the result. Instead of Snakemake, a loop runs what is missing and whose inputs are there.
"""

import hashlib
import shlex
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from toy import make_track, prepared_info

import nnactive.devices
import nnactive.steps.annotate as annotate_module
import nnactive.steps.evaluate as evaluate_module
import nnactive.steps.start
import nnactive.steps.train
from benchmark.boxed import query as boxed_query
from benchmark.chain.mend import mend
from benchmark.cli.commands.author.methods import examine
from benchmark.cli.main import main
from benchmark.jobs import Job, experiment_jobs
from benchmark.layout import Experiment, result_file, setting_file, spec_file, track_file
from benchmark.results import load_result
from benchmark.submission.method_string import Method
from benchmark.submission.pairs import entrant
from benchmark.submission.spec import freeze, load_method
from benchmark.tracks import Track
from nnactive.data.prepared import PLANNED, PreparedDataset, seal_dataset
from nnactive.geometry import Patch
from nnactive.io.files import atomic_folder, link, write_bytes, write_json, write_model, write_text
from nnactive.io.queries import PatchRecord, Query, load_patches, save_query
from nnactive.nnunet.plans import CONFIGURATION
from nnactive.steps.twins import set_name

METHODS = ("random", "bald")
SETTING = make_track().settings[0]


def drawn(*read: Path) -> int:
    """A number that depends on every byte of what is read."""
    digest = hashlib.sha256()
    for path in read:
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.is_file() and not file.name.startswith("."):
                digest.update(file.read_bytes())
    return int(digest.hexdigest()[:6], 16)


def start(data, setting, seed, out):
    PreparedDataset(data).check(Path(data) / "pool_labels" / "a.b2nd")
    _choose(data, setting, "start", seed, 0, out, ())


def annotate(data, setting, seed, queries, previous, out):
    PreparedDataset(data).check(Path(data) / "pool_labels" / "a.b2nd")
    patches = load_patches(queries)
    name = set_name(patches)
    labelled = annotate_module.Labelled(patches=len(patches), cases={"a": (9, 3)}, set_name=name)
    with atomic_folder(out) as draft:
        write_model(annotate_module.labelled_file(draft), labelled)
        configuration = {CONFIGURATION: {"data_identifier": "cases"}}
        plans = {"dataset_name": "d", "configurations": configuration}
        write_json(draft / "d" / "plans.json", plans)
        cases = draft / "d" / "cases"
        cases.mkdir()
        link(Path(data) / "dataset.json", draft / "d" / "dataset.json")
        link(Path(data) / "images" / "a.b2nd", cases / "a.b2nd")
        write_bytes(cases / "a_seg.b2nd", repr(patches).encode() * 9)
        if previous is None:
            write_bytes(cases / "a.pkl", b"places" * 9)
        else:
            link(previous / "d" / "cases" / "a.pkl", cases / "a.pkl")


def train_fold(train, fold, out, device):
    # As large as no test would hash in passing.
    write_text(out, f"{fold} {drawn(train)} " * 40_000)


def evaluate(data, setting, train, members, out, device, **_):
    dataset = PreparedDataset(data)
    for name in ("images/a.b2nd", "images/t.b2nd", "test_labels/t.b2nd"):
        dataset.check(Path(data) / name)
    assert len(members) == setting.training.folds
    column = ((drawn(train, *members) + 1,),)
    write_model(
        out,
        evaluate_module.Evaluation(
            cases=("t",), true_positives=column, false_positives=column, false_negatives=column
        ),
    )


def run_query(ask, out, used, way):
    # In no box: what is tested here is what becomes of files, in one process.
    inputs = ask.inputs(load_method(ask.spec_file), None)
    PreparedDataset(inputs.data).check(Path(inputs.data) / "images" / "a.b2nd")
    read = [*inputs.queries, inputs.train, *(inputs.members if inputs.method.needs else ())]
    names = (inputs.data, inputs.setting, inputs.method_id, inputs.seed, inputs.loop)
    _choose(*names, out, read, b"{}" if inputs.method_id == "bald" else None)


def _choose(data, setting, method, seed, loop, out, read, state=None):
    patch = Patch("a", (4 * loop, 0, drawn(*read) % 1000), (4, 4, 4))
    record = PatchRecord(case=patch.case, start=patch.start, size=patch.size)
    made = Query(
        dataset=Path(data).name,
        setting=setting.name,
        method=method,
        seed=seed,
        loop=loop,
        patches=(record,),
    )
    save_query(out, made, state)


@dataclass
class World:
    """A track's folder, the jobs of its experiments, and what has run there."""

    root: Path
    ran: Counter[str] = field(default_factory=Counter)
    statuses: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.root.parent / "data" / "phantom"

    @property
    def jobs(self) -> list[Job]:
        listed = [
            job
            for method in METHODS
            for job in experiment_jobs(self.data, SETTING, Experiment("s", method, 1))
        ]
        return list({job.output: job for job in listed}.values())

    def step(self, job: Job) -> int:
        """Run one job's command."""
        status = main(["step", *shlex.split(job.arguments(1))])
        self.statuses.append(status)
        self.ran[str(job.output)] += status == 0
        return status

    def work(self, until: Callable[[Job], bool] = lambda _: False) -> None:
        """A round, as Snakemake makes it; it keeps going if a job fails."""
        for job in self.jobs:
            if not job.output.exists() and not until(job):
                inputs = (read(job.target) for read in job.step.inputs.values())
                flat = [p for one in inputs for p in (one if isinstance(one, list) else [one])]
                if all(path.exists() for path in flat):
                    self.step(job)

    def finish(self) -> None:
        """Mend and work until all is there."""
        for _ in range(6):
            self.notes += mend(self.root, self.jobs)
            if all(job.output.exists() for job in self.jobs):
                return
            self.work()
        raise AssertionError(self.statuses)

    def outcome(self) -> dict[str, object]:
        """What the results say, without what things cost and when."""
        found: dict[str, object] = {}
        for method in METHODS:
            result = load_result(self.root / result_file(Experiment("s", method, 1)))
            assert result.status == "complete"
            found[method] = [(loop.patches, loop.counts) for loop in result.loops]
        return found

    def aside(self) -> list[str]:
        return sorted(
            str(Path(*path.relative_to(self.root).parts[2:]))
            for path in self.root.glob(".aside/*/**/*")
            if path.is_file() or path.name == "train"
        )


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch):
    monkeypatch.setattr(nnactive.devices, "pick_device", lambda device: "cpu")
    monkeypatch.setattr(nnactive.steps.start, "start", start)
    monkeypatch.setattr(annotate_module, "annotate", annotate)
    monkeypatch.setattr(nnactive.steps.train, "train_fold", train_fold)
    monkeypatch.setattr(evaluate_module, "evaluate", evaluate)
    monkeypatch.setattr(boxed_query, "run_query", run_query)


def _prepare(data: Path) -> None:
    cases = {"images": "at", "pool_labels": "a", "test_labels": "t"}
    for kind, names in cases.items():
        for name in names:
            write_bytes(data / kind / f"{name}.b2nd", f"{kind} {name}".encode() * 50)
    for name in PLANNED:
        write_text(data / name, "{}")
    info = prepared_info(shape=(99, 99, 9999))
    seal_dataset(data, info)
    write_model(data / "prepared.json", info)


def _new(folder: Path) -> World:
    world = World(folder / "runs" / "toy")
    _prepare(world.data)
    track = Track(
        name="toy",
        title="Toy",
        description="",
        comparable=False,
        settings=(SETTING,),
        methods=METHODS,
        seeds=(1,),
    )
    write_model(world.root / track_file(), track)
    write_model(world.root / setting_file("s"), SETTING)
    for name in METHODS:
        method = Method.parse(name)
        freeze(world.root, entrant(examine(method, world.root), track.query), None)
        assert (world.root / spec_file(name)).is_file()
    return world


MADE: dict[str, Path] = {}
"""Folders of finished and of half-finished worlds, which tests copy."""


def _half(job: Job) -> bool:
    """Loop 2 and the results are still to come."""
    return job.target.loop == 2 or job.step.name == "result"


@pytest.fixture
def make_world(tmp_path, tmp_path_factory, monkeypatch) -> Callable[[str], World]:
    def make(kind: str) -> World:
        if kind not in MADE:
            folder = tmp_path_factory.mktemp(kind)
            world = _new(folder)
            monkeypatch.chdir(world.root)
            world.work(until=_half if kind == "half" else lambda _: False)
            assert set(world.statuses) == {0}
            MADE[kind] = folder
        shutil.copytree(MADE[kind], tmp_path / kind, symlinks=True)
        world = World(tmp_path / kind / "runs" / "toy")
        monkeypatch.chdir(world.root)
        return world

    return make
