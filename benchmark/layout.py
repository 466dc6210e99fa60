"""Paths of a track's files, relative to the track's folder."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from nnactive.io.queries import PROTOCOL_START, START

RESULT = "result.json"
TRAIN = "train"
FOLDERS: Final = 3
"""Folders above an experiment's files: setting, method, seed."""
JOINT = "+"
"""Joins the ids of a start method and of the query method that makes the later loops; in no id."""


class Experiment(NamedTuple):
    """Setting x method x seed."""

    setting: str
    method: str
    """Method id; ``START+QUERY`` if it names the start of its loop 0, too."""
    seed: int

    def __str__(self) -> str:
        return f"{self.setting}, {self.method}, seed {self.seed}"


def start_of(method: str) -> str:
    """Id of the start method that makes a method's loop 0.

    >>> start_of("typiclust+random"), start_of("random")
    ('typiclust', 'foreground33')
    """
    start, joint, _ = method.partition(JOINT)
    return start if joint else PROTOCOL_START


def first_loop_of(method: str) -> str:
    """Method id of a method's loop 0, the same for all methods that have the same start.

    >>> first_loop_of("typiclust+random"), first_loop_of("random")
    ('typiclust+start', 'start')
    """
    start = start_of(method)
    return START if start == PROTOCOL_START else f"{start}{JOINT}{START}"


def _seed_folder(setting: str, method: str, seed: int) -> Path:
    return Path(setting) / method / f"seed_{seed}"


def experiment_of(output: Path) -> Experiment | None:
    """The experiment that an output belongs to, by its path; None for a dataset.

    >>> experiment_of(Path("s/random/seed_1/loop_002/fold_0.pth"))
    Experiment(setting='s', method='random', seed=1)
    """
    parts = output.parts
    seed = re.search(r"-?\d+$", parts[2]) if len(parts) > FOLDERS else None
    if output.is_absolute() or seed is None:
        return None
    return Experiment(parts[0], parts[1], int(seed.group()))


def loop_of(output: Path) -> int | None:
    """The loop that an output belongs to, by its path; None for a result or a dataset.

    >>> loop_of(Path("s/random/seed_1/loop_002.json"))
    2
    """
    names = [Path(part).stem for part in output.parts[FOLDERS:]]
    found = re.fullmatch(r"loop_(\d+)", names[0]) if names else None
    return int(found.group(1)) if found else None


def track_file() -> Path:
    """The track."""
    return Path("track.json")


def plan_file(writer: str) -> Path:
    """What a run or shard was last asked to make, by its name."""
    return journal_folder() / f"{writer}.plan.json"


def datasets_file() -> Path:
    """Checksums of the datasets that the track's runs began with."""
    return Path("datasets.json")


def setting_file(setting: str) -> Path:
    """The setting."""
    return Path(setting) / "setting.json"


def spec_file(method: str) -> Path:
    """A method's record, and where its class is."""
    return Path("methods") / f"{method}.json"


def spec_files(root: Path) -> list[Path]:
    """Records of all methods of a track; the paths begin with ``root``, the track's folder."""
    found = (root / spec_file("any")).parent.glob("*.json")
    return sorted(file for file in found if not file.name.endswith(".seal.json"))


def frozen_folder(method: str) -> Path:
    """The frozen copy of a submitted method's code and files."""
    return Path("methods") / method


def result_file(experiment: Experiment) -> Path:
    """The result of an experiment."""
    return _seed_folder(*experiment) / RESULT


def montage_file(experiment: Experiment, loop: int) -> Path:
    """Small pictures of what a loop queried."""
    return query_file(experiment, loop).with_suffix(".webp")


def result_files(root: Path) -> list[Path]:
    """All results of a track; the paths begin with ``root``, the track's folder."""
    return sorted(root.glob(f"*/*/*/{RESULT}"))


def elsewhere(track: str) -> Path:
    """Folder of another track in the same runs folder."""
    return Path("..") / track


def query_files_elsewhere(track: str, experiment: Experiment, loop: int) -> tuple[Path, Path]:
    """Patches of loop 0 and of a loop as an experiment of another track has them.

    >>> query_files_elsewhere("main", Experiment("s", "bald", 1), 2)[1].as_posix()
    '../main/s/bald/seed_1/loop_002.json'
    """
    there = elsewhere(track)
    return there / query_file(experiment, 0), there / query_file(experiment, loop)


def query_file(experiment: Experiment, loop: int) -> Path:
    """The patches that a loop adds."""
    return loop_folder(experiment, loop).with_suffix(".json")


def loop_folder(experiment: Experiment, loop: int) -> Path:
    """The outputs of a loop but for its patches."""
    setting, method, seed = experiment
    return (
        _seed_folder(setting, method if loop else first_loop_of(method), seed) / f"loop_{loop:03d}"
    )


def train_folder(experiment: Experiment, loop: int) -> Path:
    """The training folder of a loop."""
    return loop_folder(experiment, loop) / TRAIN


def member_file(experiment: Experiment, loop: int, fold: int) -> Path:
    """One trained network of a loop."""
    return loop_folder(experiment, loop) / f"fold_{fold}.pth"


def kept_folder(experiment: Experiment, loop: int) -> Path:
    """Members of a loop that other experiments of the setting and seed may take, by set."""
    return kept_folders(experiment.setting) / f"seed_{experiment.seed}" / f"loop_{loop:03d}"


def kept_folders(setting: str) -> Path:
    """All of a setting's members that experiments may take from one another."""
    return Path(setting) / ".trained"


def member_files(root: Path, setting: str) -> list[Path]:
    """All trained networks of a setting; the paths begin with ``root``, the track's folder."""
    return sorted((root / setting).glob("*/*/*/fold_*.pth"))


def evaluation_file(experiment: Experiment, loop: int) -> Path:
    """The evaluation of a loop's ensemble on the test set."""
    return loop_folder(experiment, loop) / "evaluation.json"


def kept_cases_file() -> Path:
    """Test cases whose predictions evaluations keep for pictures."""
    return Path("predictions.json")


def prediction_file(evaluation: Path, case: str) -> Path:
    """The prediction of a test case that an evaluation has kept beside its output."""
    return evaluation.with_name("predictions") / f"{case}.b2nd"


def failure_file(output: Path) -> Path:
    """Why the step that writes ``output`` failed; removed once it succeeds."""
    return output.parent / f"{output.name}.failed.json"


def log_file(output: Path) -> Path:
    """Log of the step that writes ``output``."""
    return Path("log") / f"{output}.txt"


def log_folder(folder: Path) -> Path:
    """Logs of the steps that write below ``folder``."""
    return Path("log") / folder


def snakemake_log(writer: str) -> Path:
    """Snakemake's log of a run or shard, by its name."""
    return log_file(Path("snakemake") / writer)


def lease_file(output: Path) -> Path:
    """Who is writing ``output`` now."""
    return Path(".leases") / f"{output}.lease"


def journal_folder() -> Path:
    """What has happened to the track's jobs, a file for each run or shard that ran them."""
    return Path(".journal")


def run_lease(writer: str) -> Path:
    """Held by the process of a run as long as it lasts."""
    return journal_folder() / f"{writer}.lease"


def journal_file(writer: str) -> Path:
    """The journal of one run or shard, by its name."""
    return journal_folder() / f"{writer}.jsonl"


def shard_folder() -> Path:
    """What the outer workflow knows of shards: the request, and what became of each."""
    return Path(".shards")


def aside_folder() -> Path:
    """Outputs that were damaged, or hung on a changed one: moved here, then made again."""
    return Path(".aside")
