"""What an annotator with errors has drawn is counted again, by STAND-INS for results."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.bundles.verify.compare.data import annotation
from benchmark.results import patch_columns
from nnactive.annotator.drawn import drawn_labels
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.queries import record
from nnactive.labels import count_boundary, count_labelled
from nnactive.settings import Annotator, Setting

TIRED = Annotator(
    boundary_sd_mm=1.5, boundary_length_mm=4.0, missed_share=0.5, missed_below_mm3=60.0
)


def told(data: Path, setting: Setting, *, seed: int, drawn_with: int | None) -> list[str]:
    """Problems of a result of ``seed`` that counts what was drawn with another seed, or truth."""
    dataset = PreparedDataset(data)
    case = dataset.info.pool[0].id
    patches = [Patch(case, (4, 4, 4), (8, 8, 8))]
    errs = None if drawn_with is None else TIRED
    label = drawn_labels(dataset, errs, drawn_with or 0, case, patches)
    loop = SimpleNamespace(
        patches=patch_columns(record(patches)),
        labelled_foreground=count_labelled(label, patches, 4)[1:],
        labelled_boundary=count_boundary(label, patches, 4),
        effort=None,
    )
    result = SimpleNamespace(
        setting=setting.model_copy(update={"annotator": TIRED}), seed=seed, loops=[loop]
    )
    evidence = SimpleNamespace(known_results=lambda: {"one": result}, prepared=lambda _: dataset)
    return list(annotation(evidence))


def test_the_annotators_own_errors_are_counted(phantom: Path, setting: Setting) -> None:
    assert told(phantom, setting, seed=3, drawn_with=3) == []


@pytest.mark.parametrize("drawn_with", [None, 4], ids=["truth", "another seed"])
def test_other_labels_than_the_annotators_are_found(
    phantom: Path, setting: Setting, drawn_with: int | None
) -> None:
    problems = told(phantom, setting, seed=3, drawn_with=drawn_with)
    assert problems
    assert "tiny, seed 3, loop 0: labelled_foreground is" in problems[0]
