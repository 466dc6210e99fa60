"""Ten ideas of the literature: each is short, keeps the contract, and queries a trained loop."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from pools import build_pool
from replayed import Run, make_run
from support import SEED, Loop

from benchmark import layout
from benchmark.cli.main import main
from benchmark.conformance.borrowed import BorrowedPredictions
from benchmark.conformance.checks import HELD, LABELS, ORDER, WORKERS
from benchmark.conformance.checks import INTERRUPTED as RESUMED
from benchmark.conformance.parent import check
from benchmark.conformance.pools import PLAIN, fill
from benchmark.conformance.views import Watch, view
from benchmark.submission.method_string import Method
from benchmark.submission.spec import make
from nnactive.geometry import Patch
from nnactive.io.queries import load_query
from nnactive.methods import BUILTIN, Prediction
from nnactive.settings import Setting
from nnactive.steps.annotate import annotate
from nnactive.steps.query import QueryInputs, query
from nnactive.steps.start import start_with
from nnactive.steps.train import train_fold

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
START = "texture_start.py:TextureStart"
LITERATURE = {
    "literature/badge.py:Badge": {LABELS, HELD},
    "literature/taal.py:Taal": {LABELS},
    "literature/mc_dropout_bald.py:McDropoutBald": {LABELS, HELD},
    "literature/vote_entropy.py:VoteEntropy": {LABELS},
    "literature/encoder_coreset:EncoderCoreset": {LABELS, HELD},
    "literature/cost_aware_entropy.py:CostAwareEntropy": {LABELS},
    "literature/loss_predictor.py:LossPredictor": set(),
    "change_between_loops.py:ChangeBetweenLoops": {LABELS},
    "method_bandit.py:MethodBandit": set(),
    START: {LABELS, HELD},
}
"""METHOD below the examples, and the checks of what it doesn't do."""
QUERIES = [name for name in LITERATURE if name != START]


def parsed(name: str) -> Method:
    return Method.parse(f"{EXAMPLES / name}")


def files(name: str) -> list[Path]:
    path = EXAMPLES / name.partition(":")[0]
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


def made(name: str):
    return make(parsed(name))[1]


@pytest.mark.parametrize("name", LITERATURE)
def test_each_is_short_and_uses_the_public_interface_alone(name: str) -> None:
    lines = list(chain(*(file.read_text("utf-8").splitlines() for file in files(name))))
    assert 20 < len(lines) < 60
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert {module for module in imported if "nnactive" in module} == {"nnactive.methods"}


def test_the_table_lists_each_with_its_reference() -> None:
    table = (EXAMPLES / "literature" / "README.md").read_text("utf-8")
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| [")]
    assert len(rows) == len(LITERATURE)
    for name, (link, paper, _) in zip(LITERATURE, rows, strict=True):
        target = (EXAMPLES / "literature" / link.partition("](")[2].partition(")")[0]).resolve()
        assert target in files(name)
        reference = made(name).reference
        assert reference.rpartition(", ")[2] in paper
        assert bool(reference) == paper.startswith("[")


@pytest.mark.slow
@pytest.mark.parametrize("name", LITERATURE)
def test_each_passes_the_check(name: str) -> None:
    found = {v.check: v for v in check(parsed(name), 120, lambda _: None)}
    assert not [v for v in found.values() if v.state == "FAILED"]
    assert {each for each, v in found.items() if v.state != "ok"} == LITERATURE[name]
    assert {ORDER, WORKERS, RESUMED} <= set(found)


@pytest.fixture(scope="module")
def second(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run of `bald` in which loops 0 and 1 are trained."""
    run = make_run(tmp_path_factory.mktemp("literature"), phantom, setting, loop0)
    experiment = run.experiment("bald")
    chosen, train = (
        run.root / place(experiment, 1) for place in (layout.query_file, layout.train_folder)
    )
    inputs = QueryInputs(
        data=phantom,
        setting=setting,
        seed=SEED,
        loop=1,
        method=BUILTIN["bald"](),
        method_id="bald",
        queries=(loop0.query,),
        train=loop0.train,
        members=tuple(loop0.members),
    )
    query(inputs, chosen, "cpu")
    annotate(phantom, setting, SEED, [loop0.query, chosen], loop0.train, train)
    for fold in range(setting.training.folds):
        train_fold(train, fold, run.root / layout.member_file(experiment, 1, fold), "cpu")
    return run


@pytest.mark.slow
def test_each_queries_a_loop_that_was_trained(
    second: Run, setting: Setting, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"{EXAMPLES / name}" for name in QUERIES]
    code = main(["replay", "--json", *words, "--loop", "2", *second.options("bald")])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["failure"] for row in rows] == [""] * len(rows)
    assert code == 0
    assert [row["method"] for row in rows[: len(words)]] == words
    for row in rows[: len(words)]:
        assert len(row["patches"]) == setting.query_size
    chosen = {json.dumps(sorted(map(json.dumps, row["patches"]))) for row in rows[: len(words)]}
    assert len(chosen) == len(words)


def test_the_start_chooses_its_budget(phantom: Path, setting: Setting, tmp_path: Path) -> None:
    method = made(START)
    start_with(method, method.name, phantom, setting, SEED, tmp_path / "loop_000.json")
    assert len(load_query(tmp_path / "loop_000.json").patches) == setting.starting_budget


def test_badge_s_features_are_gradients_of_the_last_layer_s_weights() -> None:
    method = made("literature/badge.py:Badge")
    case, *_ = PLAIN.shapes
    spec = replace(PLAIN, shapes={**PLAIN.shapes, case: (12, 24, 14)})
    pool = view(spec, fill(spec), method, Watch(BorrowedPredictions(1, copies=False)))
    patch = Patch(case, (2, 9, 1), spec.patch_size)
    (features,) = method.features(pool, case, [patch])
    total = weight = 0
    with pool.network(0) as net:
        window = net.window(pool.shape(case))
        for tile, data in net.tiles(pool.image(case)):
            logits = net.module(data)
            loss = torch.nn.functional.cross_entropy(logits, logits.argmax(1), reduction="none")
            seen = np.zeros(pool.shape(case), np.float32)
            seen[patch.slices] = 1
            weights = torch.zeros(loss.shape[1:])
            weights[tile.inner] = torch.from_numpy(seen[tile.box] * window.weights[tile.inner])
            total, weight = total + (weights * loss[0]).sum(), weight + weights.sum()
        (gradient,) = torch.autograd.grad(total, net.module.decoder.seg_layers[-1].weight)
    assert len(window.tiles) > 1
    assert gradient.abs().max() > 0
    torch.testing.assert_close(features, (gradient / weight).flatten())


def voted(*members: Sequence[int]) -> Prediction:
    one_hot = torch.eye(3)
    probabilities = [one_hot[torch.tensor(m)].T.reshape(3, 1, 1, -1) for m in members]
    return Prediction("a", None, None, lambda: iter(probabilities))


def test_vote_entropy_counts_votes() -> None:
    score = made("literature/vote_entropy.py:VoteEntropy").score(voted([0, 1, 2], [0, 1, 0]))
    np.testing.assert_allclose(score.flatten(), [0, 0, np.log(2)], atol=1e-6)


def test_entropy_per_effort_prefers_the_cheaper_of_equally_uncertain_patches() -> None:
    method = made("literature/cost_aware_entropy.py:CostAwareEntropy,fixed=0.5")
    pool, mean = build_pool(method), torch.zeros(3, 8, 8, 8)
    mean[0] = 1
    mean[:2, :4, :4, :4] = torch.tensor([0.0, 1]).reshape(2, 1, 1, 1)  # a cube in a corner
    prediction, rng = Prediction("a", mean, None, iter), np.random.default_rng()
    score = method.patch_score(np.ones((3, 3, 3)), pool, rng, prediction)
    assert score[2, 2, 2] == 1 / 0.5
    boundary = 4**3 - 3**3  # all but the voxels with foreground on all sides, or the image's edge
    assert score[0, 0, 0] == pytest.approx(1 / (0.5 + boundary / 4**3))


def test_the_loss_predictor_ranks_by_what_went_with_a_high_loss() -> None:
    method = made("literature/loss_predictor.py:LossPredictor")
    starts = [(0, 0, 0), (0, 0, 4), (0, 4, 0), (0, 4, 4), (4, 0, 0), (4, 4, 4)]
    labelled = [Patch(case, start, (4, 4, 4)) for case in "ad" for start in starts]
    pool = build_pool(method, labelled=labelled)
    losses = []
    for patch in labelled:
        logs = pool.predict(patch.case).mean[None, :, *patch.slices].log()
        labels = torch.from_numpy(pool.labels_in(patch).astype(np.int64))[None]
        losses.append(float(torch.nn.functional.nll_loss(logs, labels)))
    places = [Patch("b", (0, 0, at), (4, 4, 4)) for at in range(0, 12, 2)]
    values = np.linspace(min(losses), max(losses), len(places))[[2, 5, 0, 3, 1, 4]]
    features, known = (np.float32(each)[:, None] for each in (values, losses))
    chosen = method.choose_by(features, known, places, pool, 2)
    assert list(chosen) == [1, 5]
