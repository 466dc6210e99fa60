"""What the report says: facts of the project, in the page's order."""

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from benchmark.annotation.agreement.read import Agreement
from benchmark.annotation.finish.names import MODEL, RAW
from benchmark.annotation.finish.raw import imports_by_case
from benchmark.annotation.finish.report.charts import Chart, chart
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.state import Minutes, state_of
from nnactive.oracle.drawn import GIVEN, Drawn


@dataclass(frozen=True)
class Row:
    """What was labelled in one round."""

    key: str
    """Of its folder of labels."""
    name: str
    patches: int
    labelled: int
    voxels: tuple[int, ...]
    """By class, background included."""
    minutes: str
    """Working time, as far as saved files tell."""


@dataclass(frozen=True)
class Bin:
    """Voxels of similar confidence."""

    span: str
    voxels: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Told:
    """All of the report but its pictures."""

    project: Project
    rows: tuple[Row, ...]
    open: int
    """Patches of all rounds that aren't labelled."""
    labelled_cases: int
    agreement: Agreement
    charts: tuple[Chart, ...]
    bins: tuple[Bin, ...]
    verdict: tuple[str, ...]

    @property
    def labelled(self) -> int:
        """Labelled patches of all rounds."""
        return sum(row.labelled for row in self.rows if row.key != GIVEN)


def tell(places: Places, project: Project, agreement: Agreement) -> Told:
    """Collect what the report says.

    Args:
        places: of the project.
        project: of which.
        agreement: as `read_agreement` finds it.
    """
    by_case = imports_by_case(places.labels)
    drawn: dict[str, list[Drawn]] = {}
    for folder, each in (one for imports in by_case.values() for one in imports):
        drawn.setdefault(folder.parent.name, []).append(each)
    rows = tuple(_rows(places, project, drawn))
    return Told(
        project=project,
        rows=rows,
        open=sum(row.patches - row.labelled for row in rows),
        labelled_cases=len(by_case),
        agreement=agreement,
        charts=tuple(_charts(project, agreement)),
        bins=_bins(agreement),
        verdict=tuple(_verdict(project, agreement)),
    )


def _rows(places: Places, project: Project, drawn: dict[str, list[Drawn]]) -> list[Row]:
    named = [
        (round_name(each.number), str(each.number), each.patches, _minutes(each.minutes))
        for each in state_of(places, project).rounds
    ]
    if GIVEN in drawn:
        named.insert(0, (GIVEN, "from the start", len(drawn[GIVEN]), ""))
    classes = len(project.all_classes)
    found = []
    for key, name, patches, minutes in named:
        counts = [each.voxels for each in drawn.get(key, ())]
        sums = tuple(sum(column) for column in zip(*counts, strict=True)) or (0,) * classes
        found.append(Row(key, name, patches, len(counts), sums[:classes], minutes))
    return found


def _minutes(spent: Minutes) -> str:
    if not spent.timed:
        return "unknown"
    return f"{spent.minutes:.0f} ({spent.timed} of {spent.saved} saves timed)"


def _charts(project: Project, agreement: Agreement) -> list[Chart]:
    found = []
    if agreement.changes:
        found.append(
            chart(
                "Agreement of consecutive ensembles",
                f"Dice between the labels of a round's ensemble and those of the round before, on "
                f"{agreement.changes[-1].images} images. 1: the last round changed nothing.",
                [f"round {each.number}" for each in agreement.changes],
                [each.dice for each in agreement.changes],
                project.classes,
            )
        )
    if agreement.held_out:
        found.append(
            chart(
                "Prediction against labels that came later",
                "Dice in each round's patches between the prediction of the ensemble before it and "
                "what was drawn there afterwards. Queried patches are harder than the rest.",
                [f"round {each.number + 1}" for each in agreement.held_out],
                [each.dice for each in agreement.held_out],
                project.classes,
            )
        )
    return found


def _bins(agreement: Agreement) -> tuple[Bin, ...]:
    if agreement.calibrated is None:
        return ()
    table = agreement.calibrated.reliability
    count = len(table.voxels)
    rows = enumerate(zip(table.voxels, table.confidence, table.correct, strict=True))
    return tuple(
        Bin(f"{n / count:.0%} to {(n + 1) / count:.0%}", voxels, sure / voxels, right / voxels)
        for n, (voxels, sure, right) in rows
        if voxels
    )


def _verdict(project: Project, agreement: Agreement) -> list[str]:
    """Sentences on what the last round has brought."""
    found = []
    if not agreement.changes and not agreement.held_out:
        found.append(
            "After one round nothing can be compared: label another round to see what it changes."
        )
    if agreement.changes:
        last = agreement.changes[-1]
        dice = _named(project, last.dice)
        found.append(
            f"Round {last.number} changed the predictions; Dice with the previous: {dice}."
        )
        if last.disagreement is not None:
            found.append(
                "Share of the foreground, as either ensemble sees it, that changed its label: "
                f"{last.disagreement.percent}."
            )
    if agreement.held_out:
        late = agreement.held_out[-1]
        found.append(
            f"In round {late.number + 1}'s {late.patches} patches, {late.drafted} of them shown "
            f"with a draft, the earlier prediction had Dice: {_named(project, late.dice)}."
        )
    if agreement.calibrated is not None and agreement.calibrated.temperature is not None:
        found.append(_sureness(agreement))
    return found


def _sureness(agreement: Agreement) -> str:
    calibrated = agreement.calibrated
    if calibrated is None or calibrated.temperature is None:
        return ""
    how = "overconfident" if calibrated.temperature > 1 else "underconfident"
    text = (
        f"In those patches the ensemble is {how} (temperature {calibrated.temperature:.2f}"
        f"{', the limit of those tried' if calibrated.at_limit else ''}; "
        f"expected calibration error {calibrated.error:.1%})"
    )
    if agreement.wrong is None:
        return text + "."
    return text + (
        f"; if that holds elsewhere, about {agreement.wrong:.2%} of the voxels of the "
        f"{len(agreement.watched)} compared images have a wrong label"
        f"{', a rough figure, as the temperature is at its limit' if calibrated.at_limit else ''}."
    )


def _named(project: Project, values: Sequence[object]) -> str:
    pairs = zip(project.classes, values, strict=True)
    return ", ".join(f"{name} {'undefined' if n is None else n}" for name, n in pairs)


def commands(project: Project, dataset: str) -> list[tuple[str, str]]:
    """What to do with the files, each with a command to run in the project's folder."""
    folds = " ".join(str(fold) for fold in range(project.training.folds))
    options = "-c 3d_fullres"
    if project.training.network == "resenc_m":
        options += " -p nnUNetResEncUNetMPlans"
    channels = "".join(f" CASE_{n:04d}.nii.gz" for n in range(len(project.channels)))
    return [
        (
            (
                f"Segment other images. IMAGES has{channels} of each; convert other formats first, "
                "for example with SimpleITK, or DICOM with dcm2niix. Without a GPU add -device cpu."
            ),
            (
                f"nnUNet_results=finished/{MODEL} nnUNetv2_predict -i IMAGES -o OUT -d {dataset} "
                f"{options} -f {folds}"
            ),
        ),
        (
            "Train stock nnU-Net on the partial labels.",
            (
                f"nnUNet_raw=finished/{RAW} nnUNet_preprocessed=PREPROCESSED "
                f"nnUNetv2_plan_and_preprocess -d {dataset[len('Dataset') :][:3]} "
                "--verify_dataset_integrity"
            ),
        ),
        (
            "Go on in a new project with these labels. IMAGES has the images under the same names.",
            (
                f"nnactive-bench annotate init NEW --images IMAGES --classes "
                f"{quote(','.join(project.classes))} --labels finished/{RAW}"
            ),
        ),
    ]
