"""A replay under a setting whose annotator errs: what would have been labelled, errors included."""

from pathlib import Path

import pytest
from replayed import Run
from support import SEED

from benchmark import layout
from benchmark.cli.commands.author.replay_tables import print_report
from benchmark.replay.find import Moment
from benchmark.replay.page import render
from benchmark.replay.report import report
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.queries import Query, load_patches, record, save_query
from nnactive.labels import count_boundary, count_labelled
from nnactive.settings import Annotator
from nnactive.steps.annotate import Labelled, annotate, labelled_file

TIRED = Annotator(
    boundary_sd_mm=1.5, boundary_length_mm=4.0, missed_share=0.5, missed_below_mm3=60.0
)


@pytest.fixture
def moment(run: Run, tmp_path: Path) -> Moment:
    """Loop 1 of an experiment that has queried, in a copy of the run's setting with errors."""
    root, setting = tmp_path / "tiny", run.setting.model_copy(update={"annotator": TIRED})
    experiment = run.experiment("random")
    (root / layout.query_file(experiment, 0)).parent.mkdir(parents=True)
    first = run.root / layout.query_file(experiment, 0)
    save_query(root / layout.query_file(experiment, 0), read_model(first, Query))
    moment = Moment(root, experiment, setting, 1, run.data / "phantom")
    taken = load_patches([first])
    label = PreparedDataset(moment.data).pool_label(taken[0].case)
    places = [(z, y, x) for z in (4, 9) for y in (0, 4, 9) for x in (0, 4, 9)]
    candidates = [Patch(taken[0].case, place, (6, 6, 6)) for place in places]
    free = [each for each in candidates if not any(each.overlaps(other) for other in taken)]
    chosen = max(free, key=lambda each: int((label[each.slices] > 0).sum()))
    made = Query(
        dataset="phantom",
        setting=setting.name,
        method="random",
        seed=SEED,
        loop=1,
        patches=record([chosen]),
    )
    save_query(moment.own_query, made)
    return moment


def labelled_more(moment: Moment, folder: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Voxels by class and boundary voxels that the annotate step labels in loop 1 alone."""
    found = []
    for loop, queries in enumerate(([*moment.queries], [*moment.queries, moment.own_query])):
        out = folder / f"train_{loop}"
        annotate(moment.data, moment.setting, SEED, queries, None, out)
        said = read_model(labelled_file(out), Labelled)
        assert said.effort is not None
        inside = [sum(column) for column in zip(*said.cases.values(), strict=True)]
        found.append((inside, said.effort))
    (before, edge_before), (after, edge_after) = found
    return (
        tuple(b - a for a, b in zip(before, after, strict=True)),
        tuple(b - a for a, b in zip(edge_before, edge_after, strict=True)),
    )


def test_a_replay_counts_what_the_run_would_have_labelled(moment, tmp_path, capsys) -> None:
    told = report(moment, [])
    (own,) = told.rows
    assert (own.voxels, own.effort) == labelled_more(moment, tmp_path)
    (patch,) = own.chosen
    truth = PreparedDataset(moment.data).pool_label(patch.case)
    classes = len(told.classes)
    assert own.voxels != count_labelled(truth, [patch], classes)
    assert own.effort != count_boundary(truth, [patch], classes)
    print_report(told)
    assert "that the setting's annotator draws, errors included" in capsys.readouterr().out
    page = render(moment, told, [], 1)
    assert "the setting's annotator draws" in page.replace("&#39;", "'")
    assert "annotator" in told.model_dump()


def test_the_page_shows_the_drawn_labels_inside_patches_alone(moment, monkeypatch) -> None:
    from benchmark.replay import page

    scenes = []

    def seen(patch, key, scene, *_):
        scenes.append((patch, scene))
        return []

    monkeypatch.setattr(page, "planes", seen)
    told = report(moment, [])
    render(moment, told, [], 1)
    ((patch, scene),) = scenes
    truth = PreparedDataset(moment.data).pool_label(patch.case)
    drawn = scene.label[patch.slices].ravel()
    classes = len(told.classes)
    counts = count_labelled(scene.label, [patch], classes)
    assert counts == told.rows[0].voxels
    assert (drawn != truth[patch.slices].ravel()).any()
    outside = truth.copy()
    for each in [patch, *scene.before]:
        if each.case == patch.case:
            outside[each.slices] = scene.label[each.slices]
    assert (outside == scene.label).all()


def test_without_an_annotator_nothing_is_said_of_one(moment, capsys) -> None:
    plain = moment.setting.model_copy(update={"annotator": None})
    honest = Moment(moment.root, moment.experiment, plain, 1, moment.data)
    told = report(honest, [])
    (patch,) = told.rows[0].chosen
    truth = PreparedDataset(moment.data).pool_label(patch.case)
    assert told.rows[0].voxels == count_labelled(truth, [patch], len(told.classes))
    print_report(told)
    assert "annotator" not in capsys.readouterr().out + told.model_dump_json()
