"""A small track whose steps are stand-ins (stand_in_steps.py), and requests to run it."""

import shlex
import sys
from collections import Counter
from pathlib import Path

from benchmark.cli.commands.author.methods import examine
from benchmark.submission.method_string import Method
from benchmark.submission.pairs import entrant
from benchmark.tracks import Track
from benchmark.workflow.request import Request
from nnactive.data.cards import load_card
from nnactive.data.prepared import CaseInfo, PreparedInfo
from nnactive.io.files import write_model
from nnactive.settings import Setting, Training

STAND_INS = Path(__file__).with_name("stand_in_steps.py")


def make_track(loops=3, seeds=(1,), methods=("random",)) -> Track:
    setting = Setting(
        name="s",
        dataset="phantom",
        regime="r",
        patch_size=(4, 4, 4),
        starting_budget=1,
        query_size=1,
        loops=loops,
        training=Training(folds=2, epochs=1),
    )
    return Track(
        name="toy",
        title="Toy",
        description="",
        comparable=False,
        settings=(setting,),
        methods=methods,
        seeds=seeds,
    )


def prepared_info(checksum="c", source=None, shape=(9, 9, 9)) -> PreparedInfo:
    return PreparedInfo(
        protocol_version="1.0",
        name="phantom",
        channels=("x",),
        classes=("background", "body"),
        spacing=(1, 1, 1),
        pool=(CaseInfo(id="a", shape=shape),),
        test=(CaseInfo(id="t", shape=(9, 9, 9)),),
        pool_voxels=(700, 29),
        split_kind="rule",
        checksum=checksum,
        source=source or load_card("phantom").preparation_hash(),
    )


def write_prepared(data: Path, checksum="c", source=None) -> None:
    write_model(data / "phantom" / "prepared.json", prepared_info(checksum, source))


def make_request(folder: Path, track: Track, methods=None) -> Request:
    asked = [Method.parse(text) for text in methods or track.methods]
    return Request(
        track=track,
        methods=tuple(
            (entrant(examine(m, folder / "runs" / "toy"), track.query), m.file) for m in asked
        ),
        data=folder / "data",
        runs=folder / "runs",
        cores=2,
        step_command=f"{shlex.quote(sys.executable)} {shlex.quote(str(STAND_INS))}",
    )


def calls(folder: Path) -> Counter[str]:
    file = folder / "calls.txt"
    return Counter(file.read_text().split("\n")[:-1]) if file.exists() else Counter()
