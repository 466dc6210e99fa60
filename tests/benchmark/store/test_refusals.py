"""Packs that aren't what they claim: refused in one line, and nothing is left behind."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_standins import built_in
from support import SEED

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.results import ExperimentResult, Failure
from benchmark.store.manifest import result_files
from benchmark.store.take import RESULTS
from nnactive.errors import UserError
from nnactive.io.files import read_json, sha256, write_json, write_model
from nnactive.io.seals import contents, read_seal, seal, seal_file

LOOP = f"tiny/start/seed_{SEED}/loop_000"
QUERY, TRAIN = f"{LOOP}.json", f"{LOOP}/train"
MEMBER, EVALUATION = f"{LOOP}/fold_1.pth", f"{LOOP}/evaluation.json"
RESULT = f"tiny/random/seed_{SEED}/result.json"


def refused(made, runs: Path, message: str) -> None:
    before = sorted(runs.rglob("*"))
    with pytest.raises(UserError, match=message) as caught:
        made.take(runs)
    assert "\n" not in str(caught.value)
    assert sorted(runs.rglob("*")) == before
    assert before or not runs.exists()


@pytest.fixture(params=["no folder of runs", "runs of another track"])
def runs(tmp_path: Path, request) -> Path:
    folder = tmp_path / "new"
    if request.param == "runs of another track":
        (folder / "other").mkdir(parents=True)
        (folder / "other" / "track.json").write_text("{}")
    return folder


def result_of(made) -> ExperimentResult:
    """STAND-IN: a complete result of the pack's setting, of a made-up run of the phantom."""
    found = next(iter(built_in("random", made.data / "phantom").results.values()))
    here = {"track": made.track.name, "setting": made.track.settings[0], "seed": SEED}
    return found.model_copy(update=here)


def pack(made, result: ExperimentResult, **about: object) -> None:
    """Add a result to the pack as a baseline, with its seal."""
    file = made.pack / RESULT
    file.parent.mkdir(parents=True, exist_ok=True)
    write_model(file, result)
    seal(file, file, {})
    names = map(str, result_files(Experiment("tiny", "random", SEED)))
    files = {
        name: {"size": (made.pack / name).stat().st_size, "sha256": sha256(made.pack / name)}
        for name in names
    }
    manifest = made.manifest()
    part = {"kind": "result", "setting": "tiny", "seed": SEED, "method": "random", "files": files}
    # First: nothing of the pack is taken before it.
    manifest["parts"].insert(0, part | about)
    made.write(manifest)


def test_a_complete_result_of_this_setting_and_data_is_taken(made, tmp_path) -> None:
    pack(made, result_of(made))
    found = made.take(tmp_path / "new")
    assert [part.kind for part in found.taken] == ["result", "start"]
    taken = tmp_path / "new" / RESULTS / "mine" / RESULT
    assert taken.read_bytes() == (made.pack / RESULT).read_bytes()
    assert layout.experiment_of(Path(RESULT)) == Experiment("tiny", "random", SEED)
    assert not list((tmp_path / "new").rglob(".import"))


def failed_in_loop_0(result: ExperimentResult) -> ExperimentResult:
    return result.model_copy(
        update={
            "status": "failed",
            "loops": (),
            "failure": Failure(step="start", loop=0, reason="no such file"),
        }
    )


def of_another_setting(result: ExperimentResult) -> ExperimentResult:
    setting = result.setting.model_copy(update={"query_size": 3})
    return result.model_copy(update={"setting": setting})


def of_another_dataset(result: ExperimentResult) -> ExperimentResult:
    dataset = result.dataset.model_copy(update={"checksum": "f" * 64})
    return result.model_copy(update={"dataset": dataset})


def of_another_seed(result: ExperimentResult) -> ExperimentResult:
    return result.model_copy(update={"seed": SEED + 1})


def of_a_submission(result: ExperimentResult) -> ExperimentResult:
    return result.model_copy(
        update={"method": result.method.model_copy(update={"origin": "submission"})}
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (failed_in_loop_0, f"tiny, random, seed {SEED}: not a complete result of a built-in"),
        (of_another_setting, f"tiny, random, seed {SEED}: the result is of another experiment"),
        (of_another_dataset, f"tiny, random, seed {SEED}: the result is of another experiment"),
        (of_another_seed, f"tiny, random, seed {SEED}: the result is of another experiment"),
        (of_a_submission, f"tiny, random, seed {SEED}: not a complete result of a built-in"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_result_that_is_no_baseline_here_is_refused(made, runs, change, message) -> None:
    pack(made, change(result_of(made)))
    refused(made, runs, message)


def without(*names: str) -> Callable[[dict], None]:
    """A loop 0 that failed: what its steps didn't write isn't there."""

    def change(manifest: dict) -> None:
        files = manifest["parts"][0]["files"]
        for name in names:
            for each in [file for file in files if file.startswith(name)]:
                del files[each]

    return change


def foreign_setting(manifest: dict) -> None:
    text = json.dumps(manifest).replace("tiny/", "theirs/").replace('"tiny"', '"theirs"')
    manifest.clear()
    manifest.update(json.loads(text))


def foreign_dataset(manifest: dict) -> None:
    manifest["track"]["settings"][0]["dataset"] = "hippocampus"


def foreign_data(manifest: dict) -> None:
    manifest["checksums"]["phantom"] = "f" * 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without(MEMBER[:-4]), "its files are not the expected ones"),
        (without(EVALUATION[:-5]), "its files are not the expected ones"),
        (without(MEMBER[:-4], EVALUATION[:-5], TRAIN), "its files are not the expected ones"),
        (foreign_setting, "with none of the requested settings and seeds"),
        (foreign_dataset, "tiny: field 'dataset' differs between the pack and this track"),
        (foreign_data, "its checksum is .*, and the pack was made from ffffffffffff"),
    ],
    ids=["a training", "the evaluation", "all", "setting", "dataset", "data"],
)
def test_a_start_loop_that_failed_or_is_foreign_is_refused(made, runs, change, message) -> None:
    manifest = made.manifest()
    change(manifest)
    made.write(manifest)
    refused(made, runs, message)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("setting", "theirs", "loop_000.json has the patches of something else"),
        ("dataset", "hippocampus", "loop_000.json has the patches of something else"),
        ("seed", SEED + 1, "loop_000.json has the patches of something else"),
        ("patches", [], "differ from those that the networks were trained on"),
    ],
)
def test_patches_of_something_else_are_refused(made, runs, field, value, message) -> None:
    """All hashes and seals were made to fit."""
    old = read_seal(made.pack / QUERY).digest
    query = read_json(made.pack / QUERY)
    query[field] = query[field][:-1] if field == "patches" else value
    write_json(made.pack / QUERY, query)
    content = read_json(seal_file(made.pack / QUERY))
    content["files"] = contents(made.pack / QUERY)
    content["size"] = (made.pack / QUERY).stat().st_size
    write_json(seal_file(made.pack / QUERY), content)
    new = read_seal(made.pack / QUERY).digest
    for name in (TRAIN, MEMBER, MEMBER.replace("_1", "_0"), EVALUATION):
        file = seal_file(made.pack / name)
        file.write_text(file.read_text().replace(old, new))
        made.update(str(file.relative_to(made.pack)))
    made.update(QUERY)
    made.update(str(seal_file(made.pack / QUERY).relative_to(made.pack)))
    refused(made, runs, message)


def test_a_refusal_leaves_what_the_runs_had(made, tmp_path) -> None:
    """A start loop that was imported before, and a result that isn't one."""
    made.take(tmp_path / "new")
    pack(made, failed_in_loop_0(result_of(made)))
    refused(made, tmp_path / "new", "not a complete result")
