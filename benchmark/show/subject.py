"""What is shown: an experiment of a run, with the prepared dataset that it ran on."""

from dataclasses import dataclass
from pathlib import Path

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.pictures.colours import class_colour
from benchmark.replay.find import check_dataset, find_experiment
from benchmark.show.page import Key
from benchmark.workflow.datasets import dataset_folder
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.queries import load_patches
from nnactive.settings import Setting

ASSUMED = (
    "The orientation of this dataset isn't recorded: z is assumed to point to superior, y to "
    "posterior, x to left. Prepare it again with this version to record the orientation."
)
ERRORLESS = (
    "This setting's annotator errs; the labels and counts shown are the pool's, without those "
    "errors."
)
SIDES = (
    "Planes follow the radiological convention: the patient's right (R) is on the left of "
    "axial and coronal planes, anterior (A) at the top of axial ones and on the left of sagittal "
    "ones, superior (S) at the top of the others."
)


@dataclass(frozen=True)
class Subject:
    """An experiment and its dataset."""

    root: Path
    """The track's folder."""
    experiment: Experiment
    setting: Setting
    dataset: PreparedDataset

    @property
    def name(self) -> str:
        """Track, setting, method and seed, for people."""
        return f"{self.root.name}: {self.experiment}"

    def patches(self, loop: int) -> list[Patch] | None:
        """Patches that a loop added, in the order of their choice; None: not chosen yet."""
        file = self.root / layout.query_file(self.experiment, loop)
        return load_patches([file]) if file.is_file() else None

    def queries(self) -> dict[int, list[Patch]]:
        """Patches by loop, as far as they are chosen.

        Raises:
            UserError: if there are none.
        """
        found: dict[int, list[Patch]] = {}
        for loop in range(self.setting.loops):
            patches = self.patches(loop)
            if patches is None:
                break
            found[loop] = patches
        if not found:
            raise UserError(f"{self.experiment}: has no patches yet; continue the run")
        return found

    def test_case(self, case: str) -> str:
        """A case of the test set.

        Raises:
            UserError: if it is none; names some that are.
        """
        return self._known(case, [each.id for each in self.dataset.info.test], "test")

    def pool_case(self, case: str) -> str:
        """A case of the pool; errors as `test_case`."""
        return self._known(case, [each.id for each in self.dataset.info.pool], "pool")

    def notes(self, cases: list[str]) -> list[str]:
        """What a page says about the sides of the body."""
        known = all(self.dataset.toward(case) for case in cases)
        return [SIDES] if known else [SIDES, ASSUMED]

    def class_keys(self) -> list[Key]:
        """The colours of the foreground classes."""
        names = self.dataset.info.classes
        return [Key(name, [class_colour(n)]) for n, name in enumerate(names) if n]

    def _known(self, case: str, cases: list[str], kind: str) -> str:
        if case in cases:
            return case
        more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""  # noqa: PLR2004
        raise UserError(
            f"{case}: not a {kind} case of {self.dataset.info.name}; choose from "
            f"{', '.join(cases[:3])}{more}"
        )


def find_subject(run: str, data: Path, runs: Path) -> Subject:
    """The experiment that ``run`` names.

    Args:
        run: as `find_experiment` takes it.
        data: folder of the prepared datasets.
        runs: folder of the runs.

    Raises:
        UserError: if there is none, or several, or the dataset isn't the one of the run.
    """
    root, experiment = find_experiment(run, runs)
    setting = read_model(root / layout.setting_file(experiment.setting), Setting)
    folder = dataset_folder(setting.dataset, data.resolve(), root.parent.resolve())
    check_dataset(root, folder)
    return Subject(root, experiment, setting, PreparedDataset(folder))
