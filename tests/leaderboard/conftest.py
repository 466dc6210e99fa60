from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from efforts import POOL_EFFORT, effort

from benchmark.results import (
    Counts,
    DatasetRecord,
    Environment,
    ExperimentResult,
    Failure,
    LoopResult,
    MethodRecord,
    patch_columns,
    save_result,
)
from leaderboard.assemble import make_board
from leaderboard.model import Board, League, Row
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from nnactive.io.costs import Cost
from nnactive.io.queries import PatchRecord
from nnactive.settings import Setting

CLASSES, CASES, BUDGET = ("large", "small"), ("case_a", "case_b"), 10


def counts(dice: float) -> Counts:
    """Every class in every case has the Dice asked for: 2 tp / 2000."""
    hit = round(1000 * dice)
    column = lambda n: tuple(tuple(n for _ in CASES) for _ in CLASSES)  # noqa: E731
    return Counts(
        true_positives=column(hit),
        false_positives=column(1000 - hit),
        false_negatives=column(1000 - hit),
    )


def loop_result(number: int, dice: float) -> LoopResult:
    costs = {"train_fold_0": 60.0, "train_fold_1": 40.0, "evaluate": 5.0, "annotate": 1.0}
    costs |= {"query": 7.0} if number else {}
    return LoopResult(
        loop=number,
        patches=patch_columns(
            [
                PatchRecord(case="p", start=(4 * number, 4 * i, 0), size=(4, 4, 4))
                for i in range(BUDGET)
            ]
        ),
        labelled_patches=BUDGET * (number + 1),
        labelled_voxels=640 * (number + 1),
        labelled_foreground=(300 * (number + 1), 11 * (number + 1)),
        counts=counts(dice),
        isolation="bubblewrap",
        costs={
            step: Cost(seconds=seconds, peak_memory_gib=1.5, device="cpu")
            for step, seconds in costs.items()
        },
    )


def make_result(
    method: str = "random",
    seed: int = 1,
    dice: Sequence[float] = (0.5, 0.6, 0.7),
    *,
    loops: int = 3,
    name: str | None = None,
    description: str = "A method.",
    origin: Any = "builtin",
    oracle: bool = False,
    failure: Failure | None = None,
    **over: Any,
) -> ExperimentResult:
    setting = Setting(
        name="phantom_tiny",
        dataset="phantom",
        regime="tiny",
        patch_size=(4, 4, 4),
        starting_budget=BUDGET,
        query_size=BUDGET,
        loops=loops,
    )
    fields: dict[str, Any] = {
        "status": "failed" if failure else "complete",
        "failure": failure,
        "track": "demo",
        "comparable": False,
        "setting": setting,
        "method": MethodRecord(
            id=method,
            name=name or method,
            description=description,
            parameters={},
            # As a submission's id says it.
            source_hash=f"{method.partition(',')[0].rpartition('-')[2]:0<64}"
            if origin == "submission"
            else "0" * 64,
            origin=origin,
            oracle=oracle,
        ),
        "seed": seed,
        "dataset": DatasetRecord(
            name="phantom",
            checksum="ab" * 32,
            split_kind="rule",
            classes=CLASSES,
            pool_cases=12,
            pool_foreground=(90_000, 3_000),
            test_cases=CASES,
        ),
        "loops": tuple(loop_result(number, value) for number, value in enumerate(dice)),
        "environment": Environment(
            python="3.11.2",
            packages={"nnunetv2": "2.8.1", "torch": "2.14.1"},
            commit="1e99253",
            cpu="Some CPU",
            cores=2,
            accelerator=None,
        ),
    }
    return ExperimentResult(**fields | over)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands keep nothing in the user's cache."""
    monkeypatch.setenv("NNACTIVE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def make() -> Callable[..., ExperimentResult]:
    """A result whose Mean Dice by loop is ``dice``; 10 more patches a loop."""
    return make_result


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Path]:
    """Save results below a folder as the runs have them, in the order given."""

    def save(*results: ExperimentResult, folder: str = "runs") -> Path:
        root = tmp_path / folder
        for result in results:
            place = root / result.track / result.setting.name / result.method.id
            save_result(place / f"seed_{result.seed}" / "result.json", result)
        return root

    return save


@pytest.fixture
def broken() -> Failure:
    return Failure(step="query", loop=1, reason="Mine: 3 patches were asked for, 2 returned")


@pytest.fixture
def board_of() -> Callable[..., Board]:
    """The board of some results."""
    return lambda *results, **over: make_board(Entries(tuple(map(facts_of, results)), ()), **over)


@pytest.fixture
def league_of(board_of: Callable[..., Board]) -> Callable[..., League]:
    """The only league of some results."""

    def league(*results: ExperimentResult) -> League:
        (found,) = board_of(*results).leagues
        return found

    return league


@pytest.fixture
def rows_of(league_of: Callable[..., League]) -> Callable[..., dict[str, Row]]:
    """Rows of the first view by method id, in its order."""

    def rows(*results: ExperimentResult) -> dict[str, Row]:
        league = league_of(*results)
        ids = {entrant.key: entrant.id for entrant in league.entrants}
        return {ids[row.entrant]: row for row in league.views[0].rows}

    return rows


@pytest.fixture
def change() -> Callable[..., ExperimentResult]:
    """A result with other fields of a part: ``change(result, "setting", name="b")``."""

    def changed(result: ExperimentResult, part: str, **fields: Any) -> ExperimentResult:
        return result.model_copy(update={part: getattr(result, part).model_copy(update=fields)})

    return changed


@pytest.fixture
def full(
    make: Callable[..., ExperimentResult], change: Callable[..., ExperimentResult]
) -> Callable[..., ExperimentResult]:
    """As ``make``, of data whose full-data Mean Dice is .9 and whose boundary is counted."""

    def result(*arguments: Any, **over: Any) -> ExperimentResult:
        made = change(
            make(*arguments, **over), "dataset", full_data_dice=0.9, pool_boundary=(30_000, 2_000)
        )
        loops = tuple(
            loop.model_copy(
                update={"labelled_boundary": tuple(n // 3 for n in loop.labelled_foreground)}
            )
            for loop in made.loops
        )
        return made.model_copy(update={"loops": loops})

    return result


@pytest.fixture
def worked(
    full: Callable[..., ExperimentResult], change: Callable[..., ExperimentResult]
) -> Callable[..., ExperimentResult]:
    """As ``full``, with the work of labelling counted; ``more`` components a loop of a class."""

    def result(*arguments: Any, more: int = 1, **over: Any) -> ExperimentResult:
        made = change(full(*arguments, **over), "dataset", pool_effort=POOL_EFFORT)
        loops = tuple(
            loop.model_copy(update={"effort": effort(loop.loop, more)}) for loop in made.loops
        )
        return made.model_copy(update={"loops": loops})

    return result
