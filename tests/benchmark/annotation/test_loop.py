"""The next round: which stages run, what is refused, and what an interrupted call finds."""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import own_project
import pytest
import SimpleITK
from own_project import STORED, draw, hounsfield, make_project, write_prepared

from benchmark import layout
from benchmark.annotation import loop
from benchmark.annotation.engine import Machine, Told, lay_down, query_file, request_of
from benchmark.annotation.loop import Options, Outcome, next_round
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.annotation.rounds.model import Round
from benchmark.annotation.settled import Settled, settled
from benchmark.submission.method_string import Method
from benchmark.submission.spec import MethodSpec, describe, load_method, load_start
from nnactive.errors import UserError
from nnactive.geometry import Patch, overlaps_any
from nnactive.io.files import read_model, write_model
from nnactive.io.leases import lease
from nnactive.io.queries import load_patches, load_query, record
from nnactive.oracle.drawn import Drawn
from nnactive.settings import Setting
from nnactive.streams import stream

OWN = '''
from nnactive.methods import QueryMethod

class Mine(QueryMethod):
    """Nothing special."""
    needs = frozenset()
    def query(self, pool, n):
        return []
'''


@dataclass
class Bench:
    """A project, and what a call of `next_round` did."""

    places: Places
    project: Project
    made: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked: int = 0

    def next(self, *looks: str, project: Project | None = None, **options: object) -> Outcome:
        self.made.clear()
        self.notes.clear()
        return next_round(
            self.places,
            project or self.project,
            Options(looks=looks, **options),
            self.methods,
            Machine(1),
            Told(note=self.notes.append),
        )

    def methods(self) -> object:
        self.asked += 1
        found = []
        for text in (self.project.start, self.project.method):
            method = Method.parse(text).staged()
            found.append((describe(method), method.frozen))
        return tuple(found)

    def round(self, *looks: str, **options: object) -> Round:
        made = self.next(*looks, **options).made
        assert made is not None
        return made

    @property
    def settled(self) -> Settled:
        known = settled(self.places, self.project)
        assert known is not None
        return known

    def patches(self, number: int) -> list[Patch]:
        return load_patches([query_file(self.places, self.settled, number)])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Steps and files of rounds are stand-ins; all else is real."""
    bench = Bench(Places(tmp_path / "p"), make_project())
    (bench.places.root / "images").mkdir(parents=True)
    for image in bench.project.images:
        (bench.places.root / "images" / image.files[0]).touch()

    def prepare(places, project, told, workers=None) -> None:
        if not places.prepared(project).is_dir():
            bench.made.append(("prepare", 0))
            write_prepared(places, project)

    def make(places, project, step, number, machine, told) -> None:
        bench.made.append((step, number))
        request_of(places, project, machine)
        known = settled(places, project)
        rng, patches = stream("stand-in", number), []
        while len(patches) < project.budget:
            start = tuple(
                int(rng.integers(n - s + 1)) for n, s in zip(STORED, known.patch_size, strict=True)
            )
            patch = Patch("ab"[len(patches) % 2], start, known.patch_size)
            if not overlaps_any(patch, patches):
                patches.append(patch)
        lay_down(places, known, number, patches, "random_start+random")

    monkeypatch.setattr(loop, "prepare", prepare)
    monkeypatch.setattr(loop, "make", make)
    monkeypatch.setattr("benchmark.annotation.rounds.write.write_round", own_project.write_round)
    read = SimpleNamespace(read_channels=lambda *_: [SimpleITK.GetImageFromArray(hounsfield())])
    monkeypatch.setitem(sys.modules, "nnactive.data.unlabelled.read", read)
    return bench


def test_two_calls_at_once_are_refused(bench: Bench) -> None:
    with (
        lease(bench.places.root / "work" / "engine.lease"),
        pytest.raises(UserError, match=r"another next or finish is at work \(process \d+ on"),
    ):
        bench.next()
    assert not bench.made
    bench.round()


def test_a_wrong_place_is_refused_before_the_long_preparation(bench: Bench) -> None:
    for look, cause in (("kidney:intensity=1..2", "no class"), ("liver:c=1,2,3", "no image 'c'")):
        with pytest.raises(UserError, match=cause):
            bench.next(look)
    assert not bench.made


def test_rounds_follow_one_another_and_end(bench: Bench) -> None:
    first = bench.round()
    assert bench.made == [("prepare", 0), ("start", 0)]
    assert (first.number, len(first.patches)) == (0, 4)
    # 16 mm across the file's second axis are 4 voxels of 4 mm along the prepared first.
    assert bench.settled.patch_size == (4, 2, 8)
    assert bench.settled.stride == (1, 1, 2)
    for number in (1, 2):
        draw(bench.places, first)
        first = bench.round()
        assert bench.made == [("query", number)]
        assert first.number == number
    draw(bench.places, first)
    assert bench.next() == Outcome(None)
    assert bench.made == []
    assert bench.asked == 1
    # More rounds than were planned.
    more = bench.project.model_copy(update={"rounds": 4})
    assert bench.next(project=more).made is not None
    setting = bench.places.runs / "mine" / layout.setting_file("mine")
    if setting.is_file():
        assert read_model(setting, Setting).loops == 4


def test_an_open_round_is_named_with_the_ways_on(bench: Bench) -> None:
    made = bench.round()
    for options in ({}, {"with_open": True}):
        with pytest.raises(UserError, match=r"no patch of round_00 is imported yet; label them"):
            bench.next(**options)
    draw(bench.places, made, ["p01", "p03"])
    with pytest.raises(UserError) as refusal:
        bench.next()
    line = str(refusal.value)
    assert "2 of 4 patches are open (p02, p04)" in line
    assert "annotate import" in line
    assert "asks about those without a class" in line
    assert "--with-open" in line
    assert bench.made == []
    assert bench.round(with_open=True).number == 1


def test_a_missing_class_is_asked_for_once(bench: Bench) -> None:
    draw(bench.places, bench.round(), voxels=(9, 3, 0))
    with pytest.raises(UserError) as refusal:
        bench.next()
    line = str(refusal.value)
    assert "nothing is labelled as 'tumour' yet" in line
    assert "--look tumour:intensity=LOW..HIGH" in line
    assert "--without-missing" in line
    assert not query_file(bench.places, bench.settled, 1).exists()
    draw(bench.places, bench.round(without_missing=True), voxels=(9, 3, 0))
    assert "'tumour'" in bench.notes[0]
    bench.round()
    assert "'tumour'" in bench.notes[0]


def test_a_place_to_look_makes_a_round_without_training(bench: Bench) -> None:
    draw(bench.places, bench.round(), voxels=(9, 3, 0))
    made = bench.round("tumour:b=1,3,4")
    assert bench.made == []
    assert {patch.why.by for patch in made.patches} == {"prior"}
    query = load_query(query_file(bench.places, bench.settled, 1))
    assert (query.method, query.loop, len(query.patches)) == ("prior", 1, 4)
    assert query.patches[0].case == "b"
    assert not any(overlaps_any(patch, bench.patches(0)) for patch in bench.patches(1))
    draw(bench.places, made)
    bench.round()
    assert bench.made == [("query", 2)]


def test_round_0_may_be_a_priors_and_keeps_out_of_given_boxes(bench: Bench) -> None:
    half = Patch("a", (0, 0, 0), (20, 12, 16))
    write_prepared(bench.places, bench.project, given=record([half]))
    made = bench.round("liver:intensity=40..120")
    assert bench.made == []
    assert len(made.patches) == 4
    assert not any(overlaps_any(patch, [half]) for patch in bench.patches(0))


def test_what_round_0_settled_may_not_change(bench: Bench) -> None:
    draw(bench.places, bench.round())
    for field_, value, text in (
        ("budget", 5, "field 'budget' was 4 when round 0 was chosen and is 5 now"),
        ("method", "bald", "field 'method' was random .* bald now"),
        ("classes", ("liver",), "field 'classes'"),
        ("images", bench.project.images[:1], r"field 'images' was 2 \(a, b\) .* is 1 \(a\) now"),
        (
            "training",
            bench.project.training.model_copy(update={"epochs": 7}),
            "field 'training.epochs' was 1 .* is 7 now",
        ),
    ):
        changed = bench.project.model_copy(update={field_: value})
        with pytest.raises(UserError, match=text):
            bench.next(project=changed)
    (bench.places.root / "images").rename(bench.places.root / "elsewhere")
    free = {"draft": "none", "view": "image", "context_mm": 3.0, "folder": "elsewhere"}
    assert bench.next(project=bench.project.model_copy(update=free)).made is not None


def test_a_call_that_was_killed_goes_on_where_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("benchmark.annotation.rounds.write.write_round", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bench.next("tumour:a=5,10,13")
    before = bench.patches(0)
    first = bench.round("tumour:a=5,10,13")
    assert bench.made == []
    assert set(bench.patches(0)) == set(before)
    # Killed between the round's file and its folder's name, or the folder was lost untouched.
    shutil.rmtree(bench.places.round(0))
    assert bench.round().number == 0
    assert bench.places.round(0).is_dir()
    draw(bench.places, first)
    shutil.rmtree(bench.places.round(0))  # done with: a person may clear up
    assert bench.round().number == 1


def test_a_lost_loop_file_is_laid_down_again(bench: Bench) -> None:
    draw(bench.places, bench.round())
    file = query_file(bench.places, bench.settled, 0)
    before = load_query(file)
    for broken in ("gone", "broken"):
        if broken == "gone":
            file.unlink()
        else:
            file.write_text("{")
        shutil.rmtree(bench.places.root / "round_01", ignore_errors=True)
        bench.round()
        assert load_query(file).patches == before.patches
    other = before.model_copy(update={"patches": before.patches[:1]})
    write_model(file, other)
    shutil.rmtree(bench.places.root / "round_01")
    with pytest.raises(UserError, match="has other patches than round_00 was written with"):
        bench.next()


def test_a_submitted_method_is_frozen_and_then_needs_no_file(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "mine.py"
    source.write_text(OWN)
    bench.project = bench.project.model_copy(update={"method": f"{source}:Mine"})
    draw(bench.places, bench.round())
    source.unlink()
    bench.round()
    request = request_of(bench.places, bench.project, Machine(1))
    ((spec, copy),) = request.methods
    assert copy is None
    assert spec.later.record.name == "Mine"
    file = request.root / layout.spec_file(spec.record.id)
    assert load_method(file).name == "Mine"
    assert read_model(file, MethodSpec) == spec
    start = request.root / layout.spec_file(layout.start_of(spec.record.id))
    assert load_start(start).name == "random_start"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"start": "foreground33"}, "'start': foreground33 uses ground truth"),
        ({"start": "random"}, "'start': random is a query method"),
        ({"method": "typiclust"}, "'method': typiclust is a start method"),
        ({"method": "random_fg33"}, "'method': random_fg33 uses ground truth"),
    ],
)
def test_methods_that_a_person_can_have_no_use_of(
    bench: Bench, change: dict[str, str], text: str
) -> None:
    bench.project = bench.project.model_copy(update=change)
    with pytest.raises(UserError, match=text):
        bench.next()
    assert settled(bench.places, bench.project) is None


def test_images_that_are_elsewhere_now(bench: Bench, tmp_path: Path) -> None:
    gone = bench.project.model_copy(update={"folder": str(tmp_path / "gone")})
    with pytest.raises(UserError, match="aren't there; name their folder with --images FOLDER"):
        bench.next("liver:intensity=1..200", project=gone)
    there = tmp_path / "moved"
    there.mkdir()
    (there / "a.nii.gz").touch()
    with pytest.raises(UserError, match=r"b\.nii\.gz: no such image; put it back, or"):
        bench.next("liver:intensity=1..200", project=gone, images=there)
    (there / "b.nii.gz").touch()
    assert bench.next("liver:intensity=1..200", project=gone, images=there).made is not None


def test_given_labels_that_are_gone_are_told_or_refused(bench: Bench) -> None:
    file = bench.places.root / "known.nii.gz"
    bench.project = bench.project.model_copy(update={"given": {"a": file.name}})
    with pytest.raises(UserError, match=r"known.nii.gz: no such file, but 'a' has its labels"):
        bench.next()
    assert bench.made == []  # before hours of preparation
    folder = bench.places.labels / "given" / "a"
    file.touch()
    first = bench.round()
    draw(bench.places, first)
    kept = next((bench.places.labels / "round_00").glob("*/*.json"))
    folder.mkdir(parents=True)
    shutil.copy(kept, folder)
    taken = read_model(folder / kept.name, Drawn)
    case = taken.patch.model_copy(update={"case": "a"})
    write_model(folder / kept.name, taken.model_copy(update={"patch": case, "how": "given"}))
    bench.round()
    assert bench.notes == [n for n in bench.notes if "known.nii.gz: changed since its labels" in n]
    assert len(bench.notes) == 1


def test_images_that_change_while_it_trains_are_in_no_crop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*_: object) -> None:
        assert bench.made == [("prepare", 0), ("start", 0)]
        raise UserError("has changed")

    monkeypatch.setattr(loop, "check_images", changed)
    with pytest.raises(UserError, match="has changed"):
        bench.next()
    assert not bench.places.round(0).exists()
