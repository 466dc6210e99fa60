import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from support import SEED, Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.effort import total
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import read_json, read_model, relink, write_json
from nnactive.io.queries import Query, load_patches, load_query, record, save_query
from nnactive.labels import boundary_voxels, count_work
from nnactive.nnunet import training_folder as overlay
from nnactive.nnunet.training_folder import read_partial_label
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled, annotate, follow_dataset, labelled_file


@pytest.fixture
def loop1(phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path) -> Path:
    """Training folder of a second loop that adds a patch to an old case and one to a new case."""
    taken = load_patches([loop0.query])
    cases = [case.id for case in PreparedDataset(phantom).info.pool]
    old = min(patch.case for patch in taken)
    new = next(case for case in cases if case not in {patch.case for patch in taken})
    places = [(z, y, x) for z in (0, 5, 9) for y in (0, 5, 9) for x in (0, 5, 9)]
    free = next(
        patch
        for patch in (Patch(old, place, (6, 6, 6)) for place in places)
        if not any(patch.overlaps(other) for other in taken)
    )
    added = Query(
        dataset="phantom",
        setting=setting.name,
        method="m",
        seed=SEED,
        loop=1,
        patches=record([free, Patch(new, (4, 5, 6), (6, 6, 6))]),
    )
    save_query(tmp_path / "loop_001.json", added)
    train = tmp_path / "loop_001" / "train"
    annotate(phantom, setting, SEED, [loop0.query, tmp_path / "loop_001.json"], loop0.train, train)
    return train


def files(train: Path, pattern: str) -> dict[str, Path]:
    return {path.name: path for path in train.rglob(pattern)}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"start": (0, 0, 0), "size": (22, 22, 22)}, "has size"),
        ({"start": (0, 0, 999)}, "leaves the image"),
        ({"case": "elsewhere"}, "isn't a case of the pool"),
        ("twice", "overlaps"),
        ("many", "7 patches, 6 may be labelled"),
        ("again", "loop files of the loops"),
    ],
    ids=["whole image", "outside", "unknown", "twice", "many", "again"],
)
@pytest.mark.parametrize("loop", [0, 1])
def test_patches_that_no_query_may_choose_are_not_labelled(
    phantom: Path,
    setting: Setting,
    loop0: Loop,
    tmp_path: Path,
    change: object,
    text: str,
    loop: int,
) -> None:
    first = load_query(loop0.query)
    patch = first.patches[0].model_copy(update=change if isinstance(change, dict) else {})
    count = 7 + 4 * (1 - loop) if change == "many" else 2 if change == "twice" else 1
    number = 0 if change == "again" else loop
    patches = (patch,) * count
    if loop and change == "twice":
        patches = first.patches[:1]  # labelled in loop 0
    made = first.model_copy(update={"loop": number, "patches": patches})
    save_query(tmp_path / "made.json", made)
    queries = [tmp_path / "made.json"] if not loop else [loop0.query, tmp_path / "made.json"]
    if change == "again" and not loop:
        queries = [loop0.query, tmp_path / "made.json"]
    text = text.replace("7 patches, 6", "11 patches, 10") if not loop else text
    out = tmp_path / "train"
    with pytest.raises(UserError, match=text):
        annotate(phantom, setting, SEED, queries, loop0.train if loop else None, out)
    assert not out.exists()


def test_no_label_outside_the_patches_is_in_the_training_folder(phantom: Path, loop0: Loop) -> None:
    dataset = PreparedDataset(phantom)
    ignore = len(dataset.info.classes)
    patches = load_patches([loop0.query])
    for case in {patch.case for patch in patches}:
        full, partial = dataset.pool_label(case), read_partial_label(loop0.train, case)
        inside = np.zeros(full.shape, bool)
        for patch in patches:
            if patch.case == case:
                inside[patch.slices] = True
        assert (partial[~inside] == ignore).all()
        assert (partial[inside] == full[inside]).all()


def test_class_locations_are_exactly_the_labelled_voxels(loop0: Loop) -> None:
    for path in files(loop0.train, "*.pkl").values():
        label = read_partial_label(loop0.train, path.stem)
        found = pickle.loads(path.read_bytes())["class_locations"]  # noqa: S301
        for value in (1, 2, 3):
            expected = {tuple(voxel) for voxel in np.argwhere(label == value)}
            assert {tuple(row[1:]) for row in found[value]} == expected
        everything = {tuple(row[1:]) for row in found[-1, 0, 1, 2, 3]}
        assert everything == {tuple(voxel) for voxel in np.argwhere(label < 4)}


def test_a_new_loop_rewrites_the_cases_that_got_patches_and_links_the_others(
    loop0: Loop, loop1: Path, tmp_path: Path
) -> None:
    before, after = files(loop0.train, "*_seg.b2nd"), files(loop1, "*_seg.b2nd")
    written = {name for name, path in after.items() if not path.is_symlink()}
    queried = {patch.case for patch in load_patches([tmp_path / "loop_001.json"])}
    assert written == {f"{case}_seg.b2nd" for case in queried}
    for name in set(after) - written:
        assert after[name].resolve() == before[name].resolve()
    assert len(after) == len(before) + 1


def test_images_are_links_to_the_shared_store(phantom: Path, loop0: Loop) -> None:
    dataset = PreparedDataset(phantom)
    for case in {patch.case for patch in load_patches([loop0.query])}:
        image = files(loop0.train, f"{case}.b2nd")[f"{case}.b2nd"]
        assert image.is_symlink()
        assert image.resolve() == dataset.image_file(case).resolve()


def test_what_is_labelled_is_counted_from_the_label_maps(
    phantom: Path, loop0: Loop, loop1: Path, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    patches = load_patches([loop0.query, tmp_path / "loop_001.json"])
    inside = [dataset.pool_label(patch.case)[patch.slices] for patch in patches]
    labelled = read_model(labelled_file(loop1), Labelled)
    assert labelled.patches == len(patches)
    assert labelled.voxels == sum(patch.voxels for patch in patches)
    expected = tuple(sum(int((box == value).sum()) for box in inside) for value in (1, 2, 3))
    assert labelled.foreground == expected


def test_the_effort_is_counted_inside_each_patch(
    phantom: Path, loop0: Loop, loop1: Path, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    patches = load_patches([loop0.query, tmp_path / "loop_001.json"])
    boxes = [dataset.pool_label(patch.case)[patch.slices] for patch in patches]
    expected = sum(boundary_voxels(box, len(dataset.info.classes)) for box in boxes)
    labelled = read_model(labelled_file(loop1), Labelled)
    assert labelled.effort == tuple(expected[1:])
    for part, whole in zip(labelled.effort, labelled.foreground, strict=True):
        assert 0 < part < whole


def test_the_work_is_counted_by_patch_and_the_images_by_loop(
    phantom: Path, loop0: Loop, loop1: Path, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    queries = [load_query(loop0.query), load_query(tmp_path / "loop_001.json")]
    cases = [{patch.case for patch in query.patches} for query in queries]
    patches = load_patches([loop0.query, tmp_path / "loop_001.json"])
    works = [
        count_work(dataset.pool_label(patch.case), [patch], len(dataset.info.classes))
        for patch in patches
    ]
    labelled = read_model(labelled_file(loop1), Labelled)
    found = labelled.total_work
    assert found == total(works, 3, sum(map(len, cases)))
    assert found is not None
    # A case that both loops choose from is opened twice.
    assert found.images == len(labelled.cases) + len(cases[0] & cases[1]) > len(labelled.cases)
    assert found.slices + found.empty_slices == sum(patch.size[0] for patch in patches)


def test_slices_lie_across_the_prepared_datasets_axis_and_are_counted_again_if_it_changed(
    phantom: Path, setting: Setting, loop0: Loop, loop1: Path, tmp_path: Path
) -> None:
    """Loop 0 counted across z, as before the dataset was prepared again."""
    across = tmp_path / "phantom"
    shutil.copytree(phantom, across)
    info = read_json(across / "prepared.json")
    write_json(across / "prepared.json", info | {"slice_axis": 2})
    queries = [loop0.query, tmp_path / "loop_001.json"]
    annotate(across, setting, SEED, queries, loop0.train, tmp_path / "again")
    dataset, patches = PreparedDataset(across), load_patches(queries)
    works = [
        count_work(dataset.pool_label(patch.case), [patch], len(dataset.info.classes), 2)
        for patch in patches
    ]
    old, new = (read_model(labelled_file(each), Labelled) for each in (loop1, tmp_path / "again"))
    assert old.total_work is not None
    assert new.total_work == total(works, 3, old.total_work.images) != old.total_work
    assert (old.slice_axis, new.slice_axis) == (0, 2)
    assert new.model_copy(update={"work": old.work, "slice_axis": 0}) == old


@pytest.mark.parametrize("field", ["boundary", "work"])
def test_a_folder_without_some_counts_can_be_continued(
    phantom: Path, setting: Setting, loop0: Loop, loop1: Path, tmp_path: Path, field: str
) -> None:
    old = tmp_path / "old"
    shutil.copytree(loop0.train, old, symlinks=False)
    content = read_json(labelled_file(old))
    del content[field]
    write_json(labelled_file(old), content)
    earlier = read_model(labelled_file(old), Labelled)
    assert (earlier.effort if field == "boundary" else earlier.total_work) is None
    again = tmp_path / "again"
    queries = [loop0.query, tmp_path / "loop_001.json"]
    annotate(phantom, setting, SEED, queries, old, again)
    assert labelled_file(again).read_bytes() == labelled_file(loop1).read_bytes()


def test_the_folds_cover_the_labelled_cases(loop0: Loop) -> None:
    (path,) = files(loop0.train, "splits_final.json").values()
    splits = read_json(path)
    cases = {patch.case for patch in load_patches([loop0.query])}
    assert len(splits) == 2
    assert set(splits[0]["val"]) | set(splits[1]["val"]) == cases
    for split in splits:
        assert set(split["train"]) == cases - set(split["val"])


def test_the_same_input_gives_the_same_folder(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    again = tmp_path / "train"
    annotate(phantom, setting, SEED, [loop0.query], None, again)
    for kind in ("*.pkl", "*.json", "*_seg.b2nd"):
        for name, path in files(loop0.train, kind).items():
            assert files(again, kind)[name].read_bytes() == path.read_bytes()


def test_a_training_folder_follows_its_dataset(phantom: Path, loop1: Path, tmp_path: Path) -> None:
    links = [path for path in loop1.rglob("*") if path.is_symlink()]
    to_data = [link for link in links if link.resolve().is_relative_to(phantom)]
    names = {link.name: link.resolve().relative_to(phantom) for link in to_data}
    others = {link: link.readlink() for link in links if link not in to_data}
    assert len(to_data) == len(read_model(labelled_file(loop1), Labelled).cases) + 2
    assert others
    stamps = {link: link.lstat().st_mtime_ns for link in links}
    follow_dataset(phantom, loop1)
    assert {link: link.lstat().st_mtime_ns for link in links} == stamps

    moved = tmp_path / "a" / "b" / "phantom"
    shutil.copytree(phantom, moved)
    follow_dataset(moved, loop1)
    found = {path for path in loop1.rglob("*") if path.is_symlink()}
    assert found == set(links)
    assert {link.name: link.resolve().relative_to(moved) for link in to_data} == names
    assert {link: link.readlink() for link in others} == others


def test_interrupted_following_is_completed(phantom, loop1, tmp_path, monkeypatch) -> None:
    moved = tmp_path / "moved" / "phantom"
    shutil.copytree(phantom, moved)
    links = [p for p in loop1.rglob("*") if p.is_symlink() and p.resolve().is_relative_to(phantom)]
    done = []

    def killed(target: Path, name: Path) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(name)
        relink(target, name)

    monkeypatch.setattr(overlay, "relink", killed)
    with pytest.raises(KeyboardInterrupt):
        follow_dataset(moved, loop1)
    monkeypatch.undo()
    assert not all(link.resolve().is_relative_to(moved) for link in links)
    follow_dataset(moved, loop1)
    assert all(link.resolve().is_relative_to(moved) for link in links)
    assert all(link.exists() for link in links)


def test_an_interrupted_call_goes_on_and_repeats_no_case(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each case, as if by ``kill -9``: the same folder, each case labelled once."""

    class Killed(BaseException):
        pass

    labelled: list[str] = []
    write = overlay.write_volume

    def kill(path: Path, *rest) -> None:
        write(path, *rest)
        labelled.append(path.name)
        if len(labelled) % 2 == 0:
            raise Killed

    monkeypatch.setattr(overlay, "write_volume", kill)
    monkeypatch.setattr("nnactive.data.prepare.memo.SECONDS", 0.0)
    train = tmp_path / "loop_000" / "train"
    kills = 0
    while not train.exists():
        try:
            annotate(phantom, setting, SEED, [loop0.query], None, train)
        except Killed:
            kills += 1
    names = sorted(files(loop0.train, "*_seg.b2nd"))
    # The case that was killed before it was marked as done is labelled again.
    assert kills > 2
    assert sorted(set(labelled)) == names
    assert len(labelled) == len(names) + kills
    for pattern in ("*_seg.b2nd", "*.pkl", "*.json"):
        one, other = files(loop0.train, pattern), files(train, pattern)
        assert one.keys() == other.keys()
        assert all(one[name].read_bytes() == other[name].read_bytes() for name in one)
    assert [path.name for path in train.parent.iterdir()] == ["train"]


def test_cases_of_other_patches_are_not_taken(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    """Left by a call for another query, such as one that was damaged and made again."""
    train = tmp_path / "loop_000" / "train"
    other = tmp_path / "loop_000" / ".train.work" / ("0" * 64)
    other.mkdir(parents=True)
    for path in files(loop0.train, "*.pkl").values():
        (other / path.name).write_bytes(b"another's")
    annotate(phantom, setting, SEED, [loop0.query], None, train)
    for name, path in files(loop0.train, "*.pkl").items():
        assert files(train, "*.pkl")[name].read_bytes() == path.read_bytes()
    assert [path.name for path in train.parent.iterdir()] == ["train"]
