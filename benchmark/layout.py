"""Where the files of a track's runs lie; all paths are relative to the track's folder."""

from pathlib import Path
from typing import NamedTuple

from nnactive.io.queries import START


class Experiment(NamedTuple):
    """Setting x method x seed."""

    setting: str
    method: str
    """Method id."""
    seed: int

    def __str__(self) -> str:
        return f"{self.setting}, {self.method}, seed {self.seed}"


def _seed_folder(setting: str, method: str, seed: int) -> Path:
    return Path(setting) / method / f"seed_{seed}"


def setting_file(setting: str) -> Path:
    """The setting."""
    return Path(setting) / "setting.json"


def spec_file(method: str) -> Path:
    """What is known of a method, and where its code is."""
    return Path("methods") / f"{method}.json"


def result_file(experiment: Experiment) -> Path:
    """The result of an experiment."""
    return _seed_folder(*experiment) / "result.json"


def query_file(experiment: Experiment, loop: int) -> Path:
    """The patches that a loop adds."""
    return loop_folder(experiment, loop).with_suffix(".json")


def loop_folder(experiment: Experiment, loop: int) -> Path:
    """What is made in a loop."""
    setting, method, seed = experiment
    return _seed_folder(setting, method if loop else START, seed) / f"loop_{loop:03d}"


def train_folder(experiment: Experiment, loop: int) -> Path:
    """What a loop trains on."""
    return loop_folder(experiment, loop) / "train"


def train_folders(root: Path, setting: str) -> list[Path]:
    """All training folders of a setting that are there, with the track's folder."""
    return sorted((root / setting).glob("*/seed_*/loop_*/train"))


def member_file(experiment: Experiment, loop: int, fold: int) -> Path:
    """One trained network of a loop."""
    return loop_folder(experiment, loop) / f"fold_{fold}.pth"


def evaluation_file(experiment: Experiment, loop: int) -> Path:
    """How a loop's ensemble does on the test set."""
    return loop_folder(experiment, loop) / "evaluation.json"


def failure_file(output: Path) -> Path:
    """Why the step that makes ``output`` failed; gone once it succeeds."""
    return output.parent / f"{output.name}.failed.json"


def log_file(output: Path) -> Path:
    """What the step that makes ``output`` had to say."""
    return Path("log") / f"{output}.txt"
