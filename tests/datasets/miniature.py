"""Miniature raw trees: each dataset's archive, unpacked, with cases of about 24 voxels per side.

Stand-ins for the archives: names of folders and files, file types, label values and oddities are
the real ones, the content is made up. Which is which is said at each builder.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
import yaml

from nnactive.data.cards import DATASETS, FACTS, Card, load_card
from nnactive.streams import stream

TURNED = (0, 0, 1, 0, 1, 0, 1, 0, 0)
"""KiTS: slices lie along the file's first axis."""


@dataclass(frozen=True)
class Case:
    """Content of a miniature's case; ``(Z, Y, X)``, labels with the card's values."""

    image: np.ndarray
    label: np.ndarray
    spacing: tuple[float, float, float]


@dataclass(frozen=True)
class Miniature:
    """A built tree; ``top`` contains what the archive unpacks to."""

    name: str
    top: Path
    cases: dict[str, Case]
    real: Card

    def card(self, datasets: Path, **changes) -> Card:
        """The real card with this tree's cases, in the ``NNACTIVE_DATASETS`` folder."""
        folder = datasets / self.name
        shutil.copytree(DATASETS / self.name, folder, dirs_exist_ok=True)
        file = folder / "card.yaml"
        content = yaml.safe_load(file.read_text()) | {"cases": len(self.cases)}
        if "ids" in content:
            content["ids"] = sorted(self.cases)
        if "id_rule" in content:
            named = {p: [c for c in self.cases if re.fullmatch(p, c)] for p in content["id_rule"]}
            content["id_rule"] = {pattern: len(cases) for pattern, cases in named.items() if cases}
        if (folder / "split.json").exists():
            known = json.loads((folder / "split.json").read_text())["test"]
            here = [g for g in known if any(case.startswith(g) for case in self.cases)]
            (folder / "split.json").write_text(json.dumps({"test": here}))
        (folder / FACTS).unlink(missing_ok=True)
        content["fingerprints"] = {}
        file.write_text(yaml.safe_dump(content | changes, sort_keys=False))
        return load_card(self.name)


def build(name: str, top: Path, count: int = 8) -> Miniature:
    """The tree of the dataset ``name`` with ``count`` cases, below ``top``."""
    card = load_card(name)
    cases = _BUILDERS[name](top, card, count)
    assert len(cases) == count
    return Miniature(name, top, cases, card)


def write(path: Path, array: np.ndarray, spacing, direction=None, *, compress: bool = True) -> None:
    """Write ``(Z, Y, X)`` (or with time in front) with a spacing in mm, (z, y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = SimpleITK.GetImageFromArray(array, isVector=False)
    spacing = tuple(float(s) for s in reversed(spacing))
    image.SetSpacing(spacing + (1.0,) * (array.ndim - 3))
    if array.ndim == 3:
        image.SetOrigin((-11.5, 7.25, 103.125))
        image.SetDirection(direction or (1, 0, 0, 0, 1, 0, 0, 0, 1))
    SimpleITK.WriteImage(image, str(path), compress)


def make(name: str, case: str, shape: Sequence[int], spacing, classes: int, low=-400) -> Case:
    """A case in which every class is a few small boxes of a distinct intensity."""
    rng = stream("tests", "miniature", name, case)
    shape = tuple(int(n + rng.integers(3)) for n in shape)
    edge = 6 if classes < 5 else 4
    slots = [
        (z, y, x)
        for z in range(1, shape[0] - edge + 1, edge)
        for y in range(1, shape[1] - edge + 1, edge)
        for x in range(1, shape[2] - edge + 1, edge)
    ]
    order = rng.permutation(len(slots))
    label = np.zeros(shape, np.uint8)
    assert len(slots) >= classes, (shape, classes)
    for value in range(1, classes + 1):
        z, y, x = slots[order[value - 1]]
        # Several sizes, so that counts distinguish classes and cases.
        high, wide = edge - value % 2, edge - rng.integers(2)
        label[z : z + edge - 1, y : y + high, x : x + wide] = value
    image = low + 40.0 * label + rng.normal(0, 15, shape)
    return Case(np.rint(image).astype(np.int16), label, tuple(spacing))


def _leftover(folder: Path, names: Sequence[str]) -> None:
    """Companion files that macOS adds to archives."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"._{name}").write_bytes(b"\0\5\x16\7Mac OS X")


def _acdc(top: Path, card: Card, count: int) -> dict[str, Case]:
    """Patients with a 4D image, ``Info.cfg`` and two frames each; patient 90's are 4 and 11.

    Beside them the test set, which isn't used. Real slices are 5 to 10 mm thick, as here.
    """
    assert count % 2 == 0
    numbers = [1, 2, 3, 90, *(n for n in range(4, 101) if n != 90)][: count // 2]
    cases = {}
    for side, patients in (("training", numbers), ("testing", [101])):
        for number in patients:
            patient = f"patient{number:03d}"
            folder = top / "ACDC" / "database" / side / patient
            ed, es = (11, 4) if number == 90 else (1, 12)
            film = np.zeros((3, 4, 8, 8), np.int16)
            write(folder / f"{patient}_4d.nii.gz", film, (10, 1.5625, 1.5625))
            (folder / "Info.cfg").write_text(
                f"ED: {ed}\nES: {es}\nGroup: DCM\nHeight: 184.0\nNbFrame: 30\nWeight: 95.0\n"
            )
            for frame in (ed, es):
                name = f"{patient}_frame{frame:02d}"
                case = make("acdc", name, (13, 24, 24), (10, 1.5625, 1.5625), 3, low=100)
                write(folder / f"{name}.nii.gz", case.image, case.spacing)
                write(folder / f"{name}_gt.nii.gz", case.label, case.spacing)
                if side == "training":
                    cases[name] = case
    (top / "ACDC" / "database" / "MANDATORY_CITATION.md").write_text("cite")
    return cases


def _amos(top: Path, card: Card, count: int) -> dict[str, Case]:
    """CT cases up to id 410, MRI above in the same folders, and macOS' folder of leftovers."""
    root = top / "amos22"
    cases = {}
    ids = [*card.ids[: count - 1], card.ids[-1]]
    for name in [*ids, "amos_0507", "amos_0600"]:
        case = make("amos", name, (20, 24, 24), (2.5, 0.75, 0.75), 15)
        write(root / "imagesTr" / f"{name}.nii.gz", case.image, case.spacing)
        write(root / "labelsTr" / f"{name}.nii.gz", case.label, case.spacing)
        if name in ids:
            cases[name] = case
    validation = make("amos", "amos_0008", (20, 24, 24), (2.5, 0.75, 0.75), 15)
    write(root / "imagesVa" / "amos_0008.nii.gz", validation.image, validation.spacing)
    write(root / "labelsVa" / "amos_0008.nii.gz", validation.label, validation.spacing)
    _leftover(top / "__MACOSX" / "amos22" / "imagesTr", [f"{name}.nii.gz" for name in ids])
    (root / "dataset.json").write_text("{}")
    return cases


def _kits(top: Path, card: Card, count: int) -> dict[str, Case]:
    """One folder per case; majority vote and two other aggregations, slices along x."""
    cases = {}
    for number in range(count):
        name = f"case_{number:05d}"
        folder = top / "kits21" / "data" / name
        case = make("kits", name, (24, 24, 22), (0.8, 0.8, 1.0), 3)
        write(folder / "imaging.nii.gz", case.image, case.spacing, TURNED)
        votes = {"MAJ": case.label, "AND": 0 * case.label, "OR": 0 * case.label + 3}
        for vote, label in votes.items():
            write(folder / f"aggregated_{vote}_seg.nii.gz", label, case.spacing, TURNED)
        (folder / "raw" / "kidney").mkdir(parents=True)
        cases[name] = case
    return cases


def _msd(top: Path, task: str, cases: dict[str, Case], kinds: Sequence[type]) -> None:
    root = top / task
    for number, (name, case) in enumerate(cases.items()):
        write(root / "imagesTr" / f"{name}.nii.gz", case.image, case.spacing)
        label = case.label.astype(kinds[number % len(kinds)])
        write(root / "labelsTr" / f"{name}.nii.gz", label, case.spacing)
    for part in ("imagesTr", "labelsTr"):
        _leftover(root / part, [f"{name}.nii.gz" for name in cases])
    _leftover(root, ["dataset.json", "imagesTr"])
    (root / "imagesTs").mkdir()
    (root / "dataset.json").write_text(json.dumps({"numTraining": len(cases)}))


def _hippocampus(top: Path, card: Card, count: int) -> dict[str, Case]:
    """With macOS' leftovers; some labels are stored as floats, as in the real archive."""
    cases = {
        name: make("hippocampus", name, (24, 26, 24), (1, 1, 1), 2, low=200)
        for name in card.ids[:count]
    }
    _msd(top, "Task04_Hippocampus", cases, (np.uint8, np.float32))
    return cases


def _lits(top: Path, card: Card, count: int) -> dict[str, Case]:
    """Unpadded numbers, so that liver_10 comes before liver_2 as text; macOS' leftovers."""
    numbers = [0, 1, 2, 10, 11, 100, 130, *(n for n in range(3, 130) if n not in {10, 11, 100})]
    cases = {
        f"liver_{n}": make("lits", f"liver_{n}", (22, 24, 24), (1.25, 0.75, 0.75), 2)
        for n in numbers[:count]
    }
    _msd(top, "Task03_Liver", cases, (np.uint8,))
    return cases


def _word(top: Path, card: Card, count: int) -> dict[str, Case]:
    """Separate folders for training and validation cases; images of the test set."""
    root = top / "WORD-V0.1.0"
    cases = {}
    for number, name in enumerate(card.ids[:count]):
        part = "Val" if number >= 3 * count // 4 else "Tr"
        case = make("word", name, (22, 26, 26), (3, 1, 1), 16)
        write(root / f"images{part}" / f"{name}.nii.gz", case.image, case.spacing)
        write(root / f"labels{part}" / f"{name}.nii.gz", case.label, case.spacing)
        cases[name] = case
    write(root / "imagesTs" / "word_0014.nii.gz", case.image, case.spacing)
    (root / "dataset.json").write_text("{}")
    return cases


def _toothfairy2(top: Path, card: Card, count: int) -> dict[str, Case]:
    """MetaImage files; label values with the gaps 19, 20, 29, 30, 39, 40; ids with F or P."""
    root = top / "Dataset112_ToothFairy2"
    raw = np.zeros(43, np.uint8)
    for value, label in card.label_map.items():
        raw[label] = value
    cases = {}
    for number in range(1, count + 1):
        name = f"ToothFairy2{'P' if number % 3 == 0 else 'F'}_{number:03d}"
        case = make("toothfairy2", name, (24, 25, 26), (0.3, 0.3, 0.3), 42, low=900)
        write(root / "imagesTr" / f"{name}_0000.mha", case.image, case.spacing)
        write(root / "labelsTr" / f"{name}.mha", raw[case.label], case.spacing)
        cases[name] = case
    description = {"labels": {"background": 0, "x": 48}, "file_ending": ".mha"}
    (root / "dataset.json").write_text(json.dumps(description))
    return cases


def _mama_mia(top: Path, card: Card, count: int) -> dict[str, Case]:
    """Phases in several types; ids in upper or lower case; automatic labels beside the experts'."""
    ids = ["DUKE_001", "ISPY1_1001", "ISPY2_100899", "NACT_01"]
    ids += [f"DUKE_{number:03d}" for number in range(2, count)]
    cases = {}
    for number, name in enumerate(ids[:count]):
        file = name.lower() if number % 2 == 0 else name
        case = make("mama_mia", name, (18, 24, 24), (2.2, 0.75, 0.75), 1, low=20)
        before = stream("tests", "miniature", "before", name).integers(300, 400, case.label.shape)
        kind = (np.int16, np.float32, np.uint16)[number % 3]
        folder = top / "images" / name
        phases = (before, before + case.image, before + 7, before + 9)
        for phase, values in enumerate(phases[: 3 + number % 2]):
            write(folder / f"{file}_{phase:04d}.nii.gz", values.astype(kind), case.spacing)
        write(top / "segmentations" / "expert" / f"{file}.nii.gz", case.label, case.spacing)
        other = top / "segmentations" / "automatic" / f"{file}.nii.gz"
        write(other, 0 * case.label, case.spacing)
        cases[name] = case
    (top / "patient_info_files").mkdir()
    (top / "train_test_splits.csv").write_text("train_split,test_split\n")
    return cases


_BUILDERS: dict[str, Callable[[Path, Card, int], dict[str, Case]]] = {
    "acdc": _acdc,
    "amos": _amos,
    "kits": _kits,
    "hippocampus": _hippocampus,
    "lits": _lits,
    "word": _word,
    "toothfairy2": _toothfairy2,
    "mama_mia": _mama_mia,
}
NAMES = tuple(_BUILDERS)
