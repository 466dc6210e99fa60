"""A run's folder as the workflow leaves it, made of a loop's files."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from support import SEED, Loop

from benchmark import layout
from benchmark.chain.images import Checksums
from benchmark.layout import Experiment
from benchmark.tracks import Track
from nnactive.data.prepared import PreparedDataset
from nnactive.io.files import write_model
from nnactive.io.queries import START
from nnactive.settings import Setting


@dataclass(frozen=True)
class Run:
    """A track's folder in which loop 0 is trained."""

    root: Path
    setting: Setting
    data: Path
    """Folder of the prepared datasets."""

    def experiment(self, method: str) -> Experiment:
        return Experiment(self.setting.name, method, SEED)

    def folder(self, method: str) -> Path:
        return (self.root / layout.result_file(self.experiment(method))).parent

    def options(self, method: str) -> list[str]:
        places = {"--of": self.folder(method), "--data": self.data, "--runs": self.root.parent}
        return [str(word) for option in places.items() for word in option]


def make_run(folder: Path, phantom: Path, setting: Setting, loop: Loop) -> Run:
    root = folder / "runs" / "tiny"
    track = Track(
        name="tiny",
        title="Tiny",
        description="",
        comparable=False,
        settings=(setting,),
        methods=("bald",),
        seeds=(SEED,),
    )
    write_model(root / layout.track_file(), track)
    write_model(root / layout.setting_file(setting.name), setting)
    checksum = PreparedDataset(phantom).info.checksum
    write_model(root / layout.datasets_file(), Checksums(checksums={"phantom": checksum}))
    start = Experiment(setting.name, START, SEED)
    query = root / layout.query_file(start, 0)
    query.parent.mkdir(parents=True)
    shutil.copy(loop.query, query)
    # The copied links lead nowhere, as if the dataset had moved.
    shutil.copytree(loop.train, root / layout.train_folder(start, 0), symlinks=True)
    for fold, member in enumerate(loop.members):
        shutil.copy(member, root / layout.member_file(start, 0, fold))
    run = Run(root, setting, phantom.parent)
    run.folder("bald").mkdir(parents=True)
    return run
