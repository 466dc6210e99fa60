"""A track's folder with a start loop, as its steps leave it; the evaluation is a STAND-IN."""

import json
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from support import SEED, Loop

from benchmark import layout
from benchmark.chain.images import CHECKSUM, Checksums
from benchmark.layout import Experiment
from benchmark.store.export import export
from benchmark.store.manifest import MANIFEST
from benchmark.store.source import Source
from benchmark.store.take import Taken, take
from benchmark.tracks import Track
from nnactive.data.prepared import PreparedDataset
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import sha256, write_json, write_model
from nnactive.io.queries import START
from nnactive.io.seals import seal_file
from nnactive.settings import Setting
from nnactive.steps.annotate import annotate


@dataclass(frozen=True)
class Made:
    """A runs folder with a start loop, its data, and a pack of it."""

    track: Track
    runs: Path
    data: Path
    pack: Path

    @property
    def root(self) -> Path:
        return self.runs / self.track.name

    def manifest(self) -> dict:
        return json.loads((self.pack / MANIFEST).read_text())

    def write(self, manifest: dict) -> None:
        write_json(self.pack / MANIFEST, manifest)

    def update(self, name: str) -> None:
        """Let the manifest have what a file of the pack is now."""
        manifest = self.manifest()
        file = self.pack / name
        for part in manifest["parts"]:
            if name in part["files"]:
                part["files"][name] = {"size": file.stat().st_size, "sha256": sha256(file)}
        self.write(manifest)

    def take(self, runs: Path, source: str = "", **options) -> Taken:
        return take(
            Source(source or str(self.pack)), runs, self.data, lambda _: self.track, **options
        )


@pytest.fixture
def made(phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch) -> Made:
    data, runs = tmp_path / "data", tmp_path / "runs"
    shutil.copytree(phantom, data / "phantom")
    track = Track(
        name="mine",
        title="Mine",
        description="",
        comparable=False,
        settings=(setting,),
        methods=("random",),
        seeds=(SEED,),
    )
    root, first = runs / "mine", Experiment(setting.name, START, SEED)
    checksum = PreparedDataset(data / "phantom").info.checksum
    write_model(root / layout.datasets_file(), Checksums(checksums={"phantom": checksum}))
    write_model(root / layout.setting_file(setting.name), setting)
    monkeypatch.chdir(root)  # seals name outputs relative to the track's folder
    query, train = layout.query_file(first, 0), layout.train_folder(first, 0)
    query.parent.mkdir(parents=True)
    shutil.copyfile(loop0.query, query)
    finish(query, {CHECKSUM: checksum})
    annotate(data / "phantom", setting, SEED, [query], None, train)
    finish(train, {str(query): sealed_digest(query)})
    members = [layout.member_file(first, 0, fold) for fold in range(2)]
    for source, member in zip(loop0.members, members, strict=True):
        shutil.copyfile(source, member)
        finish(member, {str(train): sealed_digest(train)}, seconds=100)
    evaluation = layout.evaluation_file(first, 0)
    write_json(evaluation, {"stand-in": True})
    finish(evaluation, {str(each): sealed_digest(each) for each in members}, seconds=50)
    monkeypatch.chdir(tmp_path)
    export(runs, track, tmp_path / "pack")
    assert version("nnunetv2") == json.loads((tmp_path / "pack" / MANIFEST).read_text())["nnunet"]
    return Made(track, runs, data, tmp_path / "pack")


def finish(output: Path, inputs: dict[str, str], seconds: float = 1) -> None:
    from nnactive.io.seals import seal

    cost = Cost(seconds=seconds, peak_memory_gib=1, device="cpu")
    seal(output, output, inputs, cost=cost.model_dump())
    write_model(cost_file(output), cost)


def sealed_digest(output: Path) -> str:
    from nnactive.io.seals import read_seal

    made = read_seal(output)
    assert made is not None, seal_file(output)
    return made.digest
