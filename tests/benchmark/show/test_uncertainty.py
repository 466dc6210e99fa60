from dataclasses import replace

import numpy as np
import pytest
from replayed import Run

from benchmark.cli.main import main
from benchmark.pictures.colours import SCALE, rgb
from benchmark.replay.find import moment_of
from benchmark.show import uncertainty
from benchmark.show.subject import Subject
from benchmark.show.uncertainty import CHOSEN, PIXELS, Scores, uncertainty_page
from benchmark.submission.spec import MethodSpec
from nnactive.anatomy.views import views
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.methods import Bald
from nnactive.nnunet.training_folder import stand_in
from nnactive.query.patch_means import patch_means
from nnactive.steps.query import open_pool


def test_scores_are_those_that_the_query_ranks_by(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    case = subject.dataset.info.pool[0].id
    found: list[Scores] = []
    computed = uncertainty._scores

    def watched(*given: object) -> Scores:
        found.append(computed(*given))
        return found[-1]

    monkeypatch.setattr(uncertainty, "_scores", watched)
    page = uncertainty_page(subject, case, 1, "cpu")
    method = Bald()
    moment = moment_of(subject.root, subject.experiment, 1, subject.dataset.folder)
    inputs = moment.inputs(method, "bald")
    description = subject.dataset.dataset_json_file
    train = stand_in(inputs.train, tmp_path / "train", dataset_json_file=description)
    pool = open_pool(replace(inputs, train=train), "cpu").view()
    expected = method.score(pool.predict(case)).numpy()
    setting = subject.setting
    (scores,) = found
    assert np.array_equal(scores.voxels, expected)
    assert np.array_equal(scores.patches, patch_means(expected, setting.patch_size, setting.stride))
    assert f"voxel score {expected.min():.3g} to {expected.max():.3g}" in page.notes[0]
    for figure in page.sections[0].figures:
        assert [each.caption for each in figure.pictures] == [*uncertainty.PANELS]
        assert all(each.pixels.shape == (PIXELS, PIXELS, 3) for each in figure.pictures)
    assert "and the 1 patch that it chose in this image" in page.lead


def plane(chosen: list[Patch], voxel: tuple[int, int, int]) -> uncertainty._Plane:
    return uncertainty._Plane(views(None)[0], (1.0, 1.0, 1.0), voxel, chosen, [])


def test_the_highest_scores_are_drawn_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncertainty, "lettered", lambda picture, _: picture)
    voxels = np.zeros((13, 13, 13))
    voxels[4:8, 9:13, 0:4] = 1  # at the back, on the right
    scores = Scores(voxels, patch_means(voxels, (4, 4, 4), (1, 1, 1)), (4, 4, 4), (1, 1, 1))
    patch = Patch("a", (4, 9, 0), (4, 4, 4))
    _, score, means = plane([patch], (6, 11, 2)).panels(np.zeros((13, 13, 13)), scores)
    brightest = rgb(SCALE[-1])
    scale = PIXELS / 13
    rows, columns = np.nonzero((score == brightest).all(axis=2))
    assert (rows.min(), columns.max()) == pytest.approx((9 * scale, 4 * scale), abs=4)
    rows, columns = np.nonzero((means == brightest).all(axis=2))
    # The centre of the patch that is all bright.
    assert (rows.mean(), columns.mean()) == pytest.approx((11 * scale, 2 * scale), abs=scale / 2)
    for picture in (score, means):
        rows, columns = np.nonzero((picture == CHOSEN).all(axis=2))
        assert (rows.min(), columns.max()) == pytest.approx((9 * scale, 4 * scale), abs=4)


def test_patch_scores_are_black_where_no_patch_has_its_centre(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uncertainty, "lettered", lambda picture, _: picture)
    voxels = np.ones((12, 12, 12))
    means = patch_means(voxels, (4, 4, 4), (4, 4, 4))
    scores = Scores(voxels, means, (4, 4, 4), (4, 4, 4))
    *_, picture = plane([], (6, 6, 6)).panels(np.zeros((12, 12, 12)), scores)
    assert picture.any(axis=2).all()  # three patches an axis, each as wide as a patch
    scores = Scores(voxels, patch_means(voxels, (10, 10, 10), (1, 1, 1)), (10,) * 3, (1,) * 3)
    *_, picture = plane([], (6, 6, 6)).panels(np.zeros((12, 12, 12)), scores)
    rows, columns = np.nonzero(picture.any(axis=2))
    scale = PIXELS / 12
    edges = (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
    assert edges == pytest.approx((4.5 * scale, 7.5 * scale) * 2, abs=1)


def test_without_a_chosen_patch_the_planes_go_through_the_best_one() -> None:
    means = np.zeros((3, 4, 5))
    means[1, 2, 3] = 1
    scores = Scores(np.zeros((9, 10, 11)), means, (4, 4, 4), (2, 2, 2))
    assert uncertainty._voxel(scores, []) == (4, 6, 8)
    assert uncertainty._voxel(scores, [Patch("a", (0, 1, 2), (4, 4, 4))]) == (2, 3, 4)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tiny/random", "--loop", "1"], "random: doesn't score voxels, so there is no"),
        (
            ["tiny/bald", "--loop", "3"],
            "the queries of tiny, bald, seed 7 are loops 1 to 2",
        ),
        (["tiny/bald", "--loop", "2"], "isn't trained; replay loop 1, or continue the run"),
    ],
    ids=["no score", "no such loop", "not trained"],
)
def test_what_can_not_be_shown_is_one_line(
    shown: Run, subject: Subject, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = subject.dataset.info.pool[0].id
    places = ["--data", str(shown.data), "--runs", str(shown.root.parent)]
    assert main(["show", "uncertainty", *words, "--case", case, *places]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_a_submitted_method_s_code_never_runs_here(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submitted(*given: object) -> MethodSpec:
        spec = read(*given)
        record = spec.record.model_copy(update={"origin": "submitted"})
        return spec.model_copy(update={"record": record})

    def never(*_: object) -> object:
        raise AssertionError("its code is imported")

    read = uncertainty.read_model
    monkeypatch.setattr(uncertainty, "read_model", submitted)
    monkeypatch.setattr(uncertainty, "load_method", never)
    case = subject.dataset.info.pool[0].id
    with pytest.raises(UserError, match="submitted method; nnactive-bench replay bald --of"):
        uncertainty_page(subject, case, 1, "cpu")
