"""Annotation where a person labels: open patches, corrections, given boxes, few images."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from support import SEED, Loop

from nnactive.data.prepare import memo
from nnactive.data.prepared import INFO, PreparedDataset, PreparedInfo
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_json, read_model, write_model
from nnactive.io.queries import Query, load_patches, load_query, record, save_query
from nnactive.labels import partial_label
from nnactive.nnunet.training_folder import read_partial_label, training_splits
from nnactive.settings import Setting
from nnactive.steps import annotate as step
from nnactive.steps.annotate import Labelled, annotate, labelled_file, training_seed
from nnactive.steps.folds import assign_folds
from nnactive.steps.twins import set_name


class Person:
    """Draws what the phantom's label maps hold, once it has been asked to; may correct a case."""

    def __init__(self, dataset: PreparedDataset, real: Path) -> None:
        self.dataset, self.real = dataset, PreparedDataset(real)
        self.open: set[Patch] = set()
        self.corrections: dict[str, int] = {}
        self.drawn: list[str] = []

    def labelled(self, patches: Iterable[Patch]) -> list[Patch]:
        return [patch for patch in patches if patch not in self.open]

    def version(self, case: str, patches: Sequence[Patch]) -> str:
        return f"{self.corrections.get(case, 0)}:{len(patches)}"

    def labels(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        self.drawn.append(case)
        full = self.real.pool_label(case)
        if self.corrections.get(case):
            full = np.zeros_like(full)
        return partial_label(full, patches, len(self.dataset.info.classes))


@pytest.fixture
def data(phantom: Path, tmp_path: Path) -> Path:
    """The phantom without label maps."""
    folder = tmp_path / "data" / "mine"
    shutil.copytree(phantom, folder, ignore=shutil.ignore_patterns("*_labels"))
    return with_info(folder, labels_in="../labels")


def with_info(folder: Path, **changes: object) -> Path:
    write_model(folder / INFO, read_model(folder / INFO, PreparedInfo).model_copy(update=changes))
    return folder


@pytest.fixture
def person(data: Path, phantom: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person(PreparedDataset(data, checked=False), phantom)
    monkeypatch.setattr(step, "oracle_of", lambda *_: person)
    return person


def added(folder: Path, setting: Setting, patches: list[Patch], loop: int = 1) -> Path:
    path = folder / f"loop_{loop:03d}.json"
    made = Query(
        dataset="mine",
        setting=setting.name,
        method="m",
        seed=SEED,
        loop=loop,
        patches=record(patches),
    )
    save_query(path, made)
    return path


def labelled(train: Path) -> Labelled:
    return read_model(labelled_file(train), Labelled)


def test_a_benchmark_folder_records_no_versions(loop0: Loop) -> None:
    content = read_json(labelled_file(loop0.train))
    assert "versions" not in content
    assert content["set_name"] == set_name(load_patches([loop0.query]))


def test_open_patches_stay_ignored_and_come_later(
    data: Path, setting: Setting, loop0: Loop, tmp_path: Path, person: Person
) -> None:
    patches = load_patches([loop0.query])
    late = patches[0]
    person.open = {late}
    first = tmp_path / "first"
    annotate(data, setting, SEED, [loop0.query], None, first)
    others = [patch for patch in patches if patch != late]
    assert labelled(first).patches == len(others)
    assert labelled(first).set_name != set_name(patches)
    if late.case in labelled(first).cases:
        assert (read_partial_label(first, late.case)[late.slices] == 4).all()

    person.open, person.drawn = set(), []
    dataset = PreparedDataset(data, checked=False)
    free = next(
        patch
        for case in dataset.info.pool
        for z in (0, 6, 9)
        if not any((patch := Patch(case.id, (z, 0, 0), (6, 6, 6))).overlaps(p) for p in patches)
    )
    query = added(tmp_path, setting, [free])
    second = tmp_path / "second"
    annotate(data, setting, SEED, [loop0.query, query], first, second)
    real = person.real.pool_label(late.case)
    assert (read_partial_label(second, late.case)[late.slices] == real[late.slices]).all()
    assert labelled(second).patches == len(patches) + 1
    assert set(person.drawn) == {late.case, free.case}  # the rest is linked


def test_a_corrected_case_is_made_again_and_its_training_begins_anew(
    data: Path, setting: Setting, loop0: Loop, tmp_path: Path, person: Person
) -> None:
    training = setting.training.model_copy(update={"seeded": True})
    setting = setting.model_copy(update={"training": training})
    first, again, corrected = (tmp_path / name for name in ("first", "again", "corrected"))
    annotate(data, setting, SEED, [loop0.query], None, first)
    annotate(data, setting, SEED, [loop0.query], None, again)
    assert labelled(first) == labelled(again)
    case = load_patches([loop0.query])[0].case
    person.corrections[case] = 1
    annotate(data, setting, SEED, [loop0.query], None, corrected)
    # Checkpoints and networks of other experiments go by these two.
    assert labelled(corrected).set_name != labelled(first).set_name
    assert training_seed(corrected, 0) != training_seed(first, 0)

    person.drawn = []
    later = tmp_path / "later"
    other = next(p for p in load_patches([loop0.query]) if p.case != case)
    person.open = {Patch(other.case, (0, 0, 0), (6, 6, 6))}
    query = added(tmp_path, setting, [])
    annotate(data, setting, SEED, [loop0.query, query], first, later)
    assert set(person.drawn) == {case}
    found = read_partial_label(later, case)
    assert set(np.unique(found).tolist()) == {0, 4}
    assert labelled(later).cases[case][1:] == (0, 0, 0)


def test_work_on_labels_that_were_corrected_is_not_continued(
    data: Path,
    setting: Setting,
    loop0: Loop,
    tmp_path: Path,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "train"
    with monkeypatch.context() as patch:
        patch.setattr(step, "assign_folds", lambda *_, **__: 1 / 0)
        patch.setattr(memo, "SECONDS", 0)  # each count is kept at once
        with pytest.raises(ZeroDivisionError):
            annotate(data, setting, SEED, [loop0.query], None, out)
    counts = labelled(loop0.train).cases
    case = max(counts, key=lambda each: sum(counts[each][1:]))
    person.corrections[case] = 1
    annotate(data, setting, SEED, [loop0.query], None, out)
    assert sum(counts[case][1:])
    assert labelled(out).cases[case][1:] == (0, 0, 0)


def test_given_boxes_are_labelled_and_no_patch_may_overlap_them(
    data: Path, setting: Setting, loop0: Loop, tmp_path: Path, person: Person
) -> None:
    patches = load_patches([loop0.query])
    case = next(
        c for c in person.dataset.info.pool if c.id not in {patch.case for patch in patches}
    )
    box = Patch(case.id, (0, 0, 0), (9, 10, 11))
    with_info(data, given=record([box]))
    out = tmp_path / "train"
    annotate(data, setting, SEED, [loop0.query], None, out)
    assert labelled(out).patches == len(patches) + 1
    assert sum(labelled(out).cases[case.id]) == 990
    assert (read_partial_label(out, case.id)[box.slices] < 4).all()

    inside = added(tmp_path, setting, [Patch(case.id, (5, 5, 5), (6, 6, 6))])
    with pytest.raises(UserError, match="overlaps the given box at"):
        annotate(data, setting, SEED, [loop0.query, inside], out, tmp_path / "other")


def test_one_labelled_image_is_enough(
    data: Path, setting: Setting, loop0: Loop, tmp_path: Path, person: Person
) -> None:
    only = load_query(loop0.query).patches[0]
    person.open = {p for p in load_patches([loop0.query]) if p.case != only.case}
    out = tmp_path / "train"
    annotate(data, setting, SEED, [loop0.query], None, out)
    assert training_splits(out) == [{"train": [only.case], "val": []}] * 2


def test_nothing_labelled_is_said_in_one_line(
    data: Path, setting: Setting, loop0: Loop, tmp_path: Path, person: Person
) -> None:
    person.open = set(load_patches([loop0.query]))
    with pytest.raises(UserError, match="nothing is labelled yet"):
        annotate(data, setting, SEED, [loop0.query], None, tmp_path / "train")


def test_few_cases_leave_none_out_and_enough_are_dealt_out_as_ever() -> None:
    classes = {"a": [0, 1], "b": [0]}
    assert assign_folds(classes, 5, np.random.default_rng(0), complete=False, few=True) == [[]] * 5
    with pytest.raises(UserError, match="can't fill 5 folds"):
        assign_folds(classes, 5, np.random.default_rng(0), complete=False)
    folds = assign_folds(classes, 2, np.random.default_rng(0), complete=False, few=True)
    assert sorted(case for fold in folds for case in fold) == ["a", "b"]
    # Three pairwise distinct folds don't exist among two.
    odd = {"a": [1, 2], "b": [1, 3], "c": [2, 3], "d": []}
    assert assign_folds(odd, 2, np.random.default_rng(0), complete=False, few=True) == [[], []]


def test_the_labels_of_a_persons_dataset_are_nowhere_to_read(data: Path) -> None:
    dataset = PreparedDataset(data, checked=False)
    with pytest.raises(UserError, match="a person labels this dataset"):
        dataset.pool_label(dataset.info.pool[0].id)
