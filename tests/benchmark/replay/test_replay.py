"""Replays of a run whose queries the real step made: the same patches, and what is told of them."""

import json
from pathlib import Path
from tempfile import gettempdir
from textwrap import dedent

import pytest
from replayed import Run
from support import SEED

from benchmark import layout
from benchmark.cli.main import main
from benchmark.replay.find import find_moment
from benchmark.submission.method_string import Method
from benchmark.submission.spec import freeze, make
from nnactive.data.prepared import PreparedDataset
from nnactive.io.queries import load_patches, load_query
from nnactive.labels import count_boundary, count_labelled
from nnactive.methods import BUILTIN
from nnactive.steps.query import QueryInputs, query

AUTHORS = """
    import os
    import tempfile
    from nnactive.methods import QueryMethod, entropy

    class Sharp(QueryMethod):
        \"\"\"Entropy; prints, and leaves a file behind.\"\"\"
        class Parameters(QueryMethod.Parameters):
            power: float = 1.0

        def score(self, prediction):
            print("scoring")
            tempfile.mkstemp(prefix="left-by-sharp-")
            return entropy(prediction.mean) ** self.parameters.power

    class Raises(QueryMethod):
        def score(self, prediction):
            raise ValueError("no such\\nscore")

    class Dies(QueryMethod):
        def score(self, prediction):
            os._exit(3)

    class Killed(QueryMethod):
        needs = frozenset()
        def query(self, pool, n):
            os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def authors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authors") / "authors.py"
    file.write_text(dedent(AUTHORS))
    return file


@pytest.fixture(scope="module")
def queried(run: Run, authors: Path) -> dict[str, str]:
    """Each method's id by its METHOD; the step has made each one's query of loop 1."""
    ids = {}
    for text in [*BUILTIN, "power_bald,beta=5", f"{authors}:Sharp,power=2"]:
        spec, method = make(Method.parse(text))
        ids[text] = spec.record.id
        freeze(run.root, spec, Method.parse(text).file)
        run.folder(spec.record.id).mkdir(parents=True, exist_ok=True)
        moment = find_moment(str(run.folder(spec.record.id)), 1, data=run.data, runs=run.root)
        if not moment.own_query.exists():
            query(inputs(run, moment, spec.record.id, method), moment.own_query, "cpu")
    return ids


def inputs(run, moment, method_id, method) -> QueryInputs:
    return QueryInputs(
        data=moment.data,
        setting=run.setting,
        seed=SEED,
        loop=1,
        method=method,
        method_id=method_id,
        queries=moment.queries,
        # The dataset lies elsewhere than the copied folder's links say, which the step can't mend.
        train=stand_in(moment),
        members=moment.members,
    )


def stand_in(moment) -> Path:
    from nnactive.nnunet.training_folder import stand_in

    place = moment.root.parent / "stand_in"
    if not place.exists():
        stand_in(moment.train, place, dataset_json_file=moment.data / "dataset.json")
    return place


def told(capsys, *words: str) -> dict:
    assert main(["replay", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_every_method_chooses_again_what_the_run_recorded(run, queried, capsys) -> None:
    """Also submitted ones, and although all share one pass over the images."""
    said = told(capsys, *queried, *run.options("bald"))
    *rows, own = said["rows"]
    assert [row["method"] for row in rows] == list(queried)
    for row, method_id in zip(rows, queried.values(), strict=True):
        assert row["id"] == method_id
        recorded = load_query(run.root / layout.query_file(run.experiment(method_id), 1))
        assert [tuple(map(tuple, (p["start"], p["size"]))) for p in row["patches"]] == [
            (p.start, p.size) for p in recorded.patches
        ], row["method"]
        assert [p["case"] for p in row["patches"]] == [p.case for p in recorded.patches]
    assert own["patches"] == next(row for row in rows if row["method"] == "bald")["patches"]
    # The benchmark's own code predicts for all of them, as no method may write what others read.
    assert {row["predicted"] for row in rows} == {0}


@pytest.mark.slow
def test_what_is_told_is_counted_from_the_label_maps(run, queried, capsys) -> None:
    said = told(capsys, "random", "predictive_entropy", *run.options("random"))
    dataset = PreparedDataset(run.data / "phantom")
    assert tuple(said["classes"]) == dataset.info.classes
    for row in said["rows"]:
        patches = load_patches([run.root / layout.query_file(run.experiment(row["id"]), 1)])
        voxels, effort = [], []
        for case in {patch.case for patch in patches}:
            inside = [patch for patch in patches if patch.case == case]
            label = dataset.pool_label(case)
            voxels.append(count_labelled(label, inside, len(said["classes"])))
            effort.append(count_boundary(label, inside, len(said["classes"])))
            assert row["cases"][case] == len(inside)
        assert row["voxels"] == [sum(column) for column in zip(*voxels, strict=True)]
        assert row["effort"] == [sum(column) for column in zip(*effort, strict=True)]
        assert row["missed"] == [
            name for name, n in zip(said["classes"], row["voxels"], strict=True) if not n
        ]
    first, second, own = said["rows"]
    assert not any(row["oracle"] for row in said["rows"])
    own_oracle = told(capsys, "random", *run.options("random_fg66"))["rows"]
    assert [row["oracle"] for row in own_oracle] == [False, True]
    assert first["overlaps"][0] == first["overlaps"][2] == own["overlaps"][0] == 1
    assert first["overlaps"][1] == second["overlaps"][0] < 1


@pytest.mark.slow
def test_a_method_that_fails_takes_no_other_down(run, queried, authors, capfd) -> None:
    names = ("Raises", "Dies", "Killed", "Missing", "Sharp")
    before = set(Path(gettempdir()).glob("left-by-sharp-*"))
    status = main(
        ["replay", *(f"{authors}:{name}" for name in names), "bald", *run.options("bald"), "--json"]
    )
    out, err = capfd.readouterr()
    assert status == 1
    rows = json.loads(out)["rows"]
    failures = {row["method"].rpartition(":")[2]: row["failure"] for row in rows if row["failure"]}
    assert list(failures) == ["Raises", "Dies", "Killed", "Missing"]
    assert "ValueError: no such score" in failures["Raises"]
    assert failures["Dies"] == "its process exited with status 3"
    assert "ended by signal 9" in failures["Killed"]
    assert "has no class Missing" in failures["Missing"]
    for name, failure in failures.items():
        assert f"error: {authors}:{name}: {failure}" in err
    assert [len(row["patches"]) for row in rows[4:]] == [run.setting.query_size] * 3
    assert rows[0]["overlaps"] == [None] * len(rows)
    assert "scoring" not in out + err
    assert set(Path(gettempdir()).glob("left-by-sharp-*")) == before


@pytest.mark.slow
def test_kept_predictions_are_used_and_leave_with_their_ensemble(run, queried, capsys) -> None:
    kept = (
        run.root.parent / ".predictions" / "tiny" / "tiny" / "start" / f"seed_{SEED}" / "loop_000"
    )
    alone = told(capsys, "bald", *run.options("bald"))["rows"][0]
    told(capsys, "bald", "--keep", *run.options("bald"))
    (folder,) = kept.iterdir()
    written = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    again = told(capsys, "predictive_entropy", *run.options("bald"))["rows"][0]
    assert (alone["predicted"] > 0, again["predicted"]) == (True, 0)
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == written != {}
    folder.rename(kept / "older")
    told(capsys, "bald", "--keep", *run.options("bald"))
    assert list(kept.iterdir()) == [folder]


@pytest.mark.slow
def test_a_method_of_the_run_is_known_by_its_id(run, queried, authors, capsys) -> None:
    method_id = queried[f"{authors}:Sharp,power=2"]
    said = told(capsys, method_id, *run.options(method_id))
    assert said["rows"][0]["patches"] == said["rows"][1]["patches"]
    assert said["rows"][0]["id"] == method_id


@pytest.mark.slow
def test_the_page_shows_scores_labels_and_failures(run, queried, authors, tmp_path, capsys) -> None:
    page = tmp_path / "page.html"
    methods = ("bald", "clap_pe", "stochastic_batches", "random", f"{authors}:Raises")
    status = main(
        ["replay", *methods, *run.options("bald"), "--html", str(page), "--pictures", "2"]
    )
    assert status == 1
    assert "bald" in capsys.readouterr().out
    text = page.read_text("utf-8")
    sections = text.split("<details")[1:]
    assert len(sections) == 6
    for section, panels in zip(sections, (4, 4, 3, 2, 0, 2), strict=True):
        assert section.count("<article>") == (2 if panels else 0)
        assert section.count("<svg") == 2 * 3 * panels
    assert "ValueError: no such score" in sections[4]
    for address in ("http:", "https:", "<script", "<link"):
        assert address not in text
