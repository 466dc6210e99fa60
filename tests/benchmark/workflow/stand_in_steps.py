"""STAND-INS for the expensive steps: they train and predict nothing, and take no time.

The command line around them (options, failure files, costs, exit codes) and the ``result`` step
are the real ones, but for the box of a method's code. Every step that ends well adds a line to
``$STAND_IN_CALLS``.
"""

import os
import sys
import time
from pathlib import Path

import nnactive.devices
import nnactive.steps.annotate as annotate_module
import nnactive.steps.evaluate as evaluate_module
import nnactive.steps.start
import nnactive.steps.train
from benchmark.boxed import query as boxed_query
from benchmark.boxed import start as boxed_start
from benchmark.cli.main import main
from benchmark.submission.spec import load_method, load_start
from nnactive.errors import MethodError
from nnactive.io.files import atomic_folder, link, write_json, write_model, write_text
from nnactive.io.queries import PatchRecord, Query, load_patches, save_query
from nnactive.nnunet.plans import CONFIGURATION
from nnactive.steps.twins import set_name


def start(data, setting, seed, out):
    save_query(out, _query(data, setting, "start", seed, 0))


def run_start(ask, out, used, way):
    assert load_start(ask.spec_file).name == ask.method_id
    save_query(out, _query(ask.data, ask.setting, ask.method_id, ask.seed, 0))


def annotate(data, setting, seed, queries, previous, out):
    assert (previous is None) == (len(queries) == 1)
    # Unnamed, sets of patches are never the same: most tests count each experiment's trainings.
    name = set_name(load_patches(queries)) if os.environ.get("STAND_IN_TWINS") else None
    patches = load_patches(queries)
    cases = {"a": (sum(patch.voxels for patch in patches) - 3, 3)}
    labelled = annotate_module.Labelled(patches=len(patches), cases=cases, set_name=name)
    with atomic_folder(out) as draft:
        write_model(annotate_module.labelled_file(draft), labelled)
        (draft / "queries.txt").write_text("\n".join(query.read_text() for query in queries))
        _fill(draft, data)


def _fill(train, data):
    """A training folder as nnU-Net has it, with nothing but the links to the dataset."""
    configuration = {CONFIGURATION: {"data_identifier": "cases"}}
    cases = train / "d" / "cases"
    write_json(train / "d" / "plans.json", {"dataset_name": "d", "configurations": configuration})
    cases.mkdir()
    link(data / "dataset.json", train / "d" / "dataset.json")
    link(data / "dataset_fingerprint.json", train / "d" / "dataset_fingerprint.json")
    link(data / "images" / "a.b2nd", cases / "a.b2nd")


def _check(train):
    """Every link of a training folder leads into the dataset that the stand-ins were given."""
    links = [path for path in train.rglob("*") if path.is_symlink()]
    assert len(links) == 3
    dataset = os.environ.get("STAND_IN_DATASET")
    assert not dataset or all(link.resolve().is_relative_to(dataset) for link in links)


def train_fold(train, fold, out, device):
    _check(train)
    time.sleep(float(os.environ.get("STAND_IN_SECONDS", "0")))
    place = os.environ.get("STAND_IN_FAULT_IN", "")
    if "crash" in os.environ.get("STAND_IN_FAULT", "") and place in str(out):
        os.abort()
    write_text(out, f"{fold} {device}")


def evaluate(data, setting, train, members, out, device, **_):
    _check(train)
    assert len(members) == setting.training.folds
    assert all(member.exists() for member in members)
    column = ((len(members),),)
    write_model(
        out,
        evaluate_module.Evaluation(
            cases=("t",), true_positives=column, false_positives=column, false_negatives=column
        ),
    )


def run_query(ask, out, used, way):
    inputs = ask.inputs(load_method(ask.spec_file), None)
    _check(inputs.train)
    assert len(inputs.queries) == inputs.loop
    assert len(inputs.past) == ("history" in inputs.method.needs) * (inputs.loop - 1)
    for past in inputs.past:
        _check(past.train)
        assert len(past.members) == inputs.setting.training.folds
        assert all(member.exists() for member in past.members)
    if inputs.method.name == "Breaks" and not os.environ.get("STAND_IN_FIXED"):
        raise MethodError(f"{inputs.method.name}: 3 patches too few")
    made = _query(inputs.data, inputs.setting, inputs.method_id, inputs.seed, inputs.loop)
    save_query(out, made)


def _query(data, setting, method, seed, loop):
    patch = PatchRecord(case="a", start=(0, 0, 4 * loop), size=(4, 4, 4))
    return Query(
        dataset=Path(data).name,
        setting=setting.name,
        method=method,
        seed=seed,
        loop=loop,
        patches=(patch,),
    )


nnactive.devices.pick_device = lambda device: "cpu"
nnactive.steps.start.start = start
boxed_start.run_start = run_start
annotate_module.annotate = annotate
nnactive.steps.train.train_fold = train_fold
evaluate_module.evaluate = evaluate
boxed_query.run_query = run_query

if __name__ == "__main__":
    time.sleep(float(os.environ.get("STAND_IN_SECONDS_EACH", "0")))
    status = main(["step", *sys.argv[1:]])
    if not status:
        with Path(os.environ["STAND_IN_CALLS"]).open("a") as calls:
            calls.write(f"{sys.argv[sys.argv.index('--out') + 1]}\n")
    sys.exit(status)
