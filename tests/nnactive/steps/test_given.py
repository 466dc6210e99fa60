"""Boxes that were labelled before anything was chosen: methods see them and stay out of them."""

import shutil
from pathlib import Path

import pytest
from support import SEED, Loop

from nnactive.answers.patch_rules import problems
from nnactive.data.prepared import INFO, PreparedDataset, PreparedInfo
from nnactive.errors import UserError
from nnactive.geometry import Patch, overlaps_any
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import load_patches, record
from nnactive.methods import BUILTIN, STARTS
from nnactive.places import leaves_none
from nnactive.settings import Setting
from nnactive.steps.query import QueryInputs, decide, open_pool
from nnactive.steps.start import start, start_with, with_room


@pytest.fixture
def data(phantom: Path, tmp_path: Path) -> Path:
    """The phantom of a person who has labelled most of it, case for case; two images are whole."""
    folder = tmp_path / "data" / "mine"
    shutil.copytree(phantom, folder, ignore=shutil.ignore_patterns("*_labels"))
    info = read_model(folder / INFO, PreparedInfo)
    boxes = [Patch(case.id, (0, 0, 0), case.shape) for case in info.pool[:2]]
    for case in info.pool[2:]:
        z, y, x = case.shape
        boxes.append(Patch(case.id, (0, 0, 0), (z, y, x // 2)))
    changes = {"labels_in": "../labels", "given": record(boxes)}
    write_model(folder / INFO, info.model_copy(update=changes))
    return folder


@pytest.fixture
def given(data: Path) -> tuple[Patch, ...]:
    return PreparedDataset(data).given


@pytest.mark.parametrize("name", ["random_start", "typiclust"])
def test_a_start_stays_out_of_given_boxes(
    data: Path, given: tuple[Patch, ...], setting: Setting, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "loop_000.json"
    start_with(STARTS[name](), name, data, setting, SEED, out)
    chosen = load_patches([out])
    assert len(chosen) == setting.starting_budget
    assert not any(overlaps_any(patch, given) for patch in chosen)


def test_the_protocols_start_needs_label_maps(data: Path, setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose a method that doesn't use ground truth"):
        start(data, setting, SEED, tmp_path / "loop_000.json")


def test_a_query_sees_given_boxes_as_loop_0s_and_stays_out(
    data: Path, given: tuple[Patch, ...], setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    first = tmp_path / "loop_000.json"
    start_with(STARTS["random_start"](), "random_start", data, setting, SEED, first)
    inputs = QueryInputs(
        data=data,
        setting=setting,
        seed=SEED,
        loop=1,
        method=BUILTIN["random"](),
        method_id="random",
        queries=(first,),
        train=loop0.train,
        members=(),
    )
    pool = open_pool(inputs, "cpu").view()
    assert pool.labelled == (*given, *load_patches([first]))
    assert {patch.loop for patch in pool.labelled} == {0}
    # Nothing is drawn there yet, and the training folder doesn't hold the image.
    missing = next(
        patch for patch in given if patch.case not in {p.case for p in load_patches([loop0.query])}
    )
    assert (pool.labels_in(missing) == 4).all()
    chosen = decide(inputs, tmp_path / "kept", "cpu")
    assert chosen is not None
    assert len(chosen.patches) == setting.query_size
    assert not any(overlaps_any(patch, given) for patch in chosen.patches)


def test_an_image_that_is_given_has_no_room(data: Path, setting: Setting) -> None:
    with_room(data, setting)
    info = read_model(data / INFO, PreparedInfo)
    whole = record([Patch(case.id, (0, 0, 0), case.shape) for case in info.pool])
    write_model(data / INFO, info.model_copy(update={"given": whole}))
    with pytest.raises(UserError, match="no room for"):
        with_room(data, setting)


@pytest.mark.parametrize(
    ("box", "none"),
    [
        (Patch("a", (0, 0, 0), (9, 9, 9)), True),
        (Patch("a", (3, 3, 3), (3, 3, 3)), True),
        (Patch("a", (4, 3, 3), (5, 6, 6)), False),
        (Patch("a", (0, 0, 0), (5, 9, 9)), False),
    ],
)
def test_a_box_that_leaves_no_place(box: Patch, *, none: bool) -> None:
    size, shape = (4, 4, 4), (9, 9, 9)
    starts = [(z, y, x) for z in range(6) for y in range(6) for x in range(6)]
    free = [at for at in starts if not Patch("a", at, size).overlaps(box)]
    assert leaves_none(box, shape, size) is none is (not free)


def test_patches_of_any_loop_may_not_overlap_a_given_box_of_any_size() -> None:
    box = Patch("a", (0, 0, 0), (30, 1, 30))
    fine, wrong = Patch("a", (0, 1, 0), (4, 4, 4)), Patch("a", (20, 0, 20), (4, 4, 4))
    found = list(problems([[fine], [wrong]], {"a": (30, 30, 30)}, (4, 4, 4), [box]))
    assert found == ["loop 1: a: the patch at (20, 0, 20) overlaps the given box at (0, 0, 0)"]
