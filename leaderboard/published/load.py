"""The leagues formed by the papers' figures: one per study, query size or training."""

from dataclasses import dataclass
from functools import cache

from benchmark.tracks import load_track
from leaderboard.published.notes import ALWAYS, BY_STUDY
from leaderboard.published.rows import FOLDER, PublishedRow, full_data_dice, rows, used
from nnactive.data.cards import load_card
from nnactive.geometry import Triple
from nnactive.settings import Setting

NNUNET = "fork 2.6.0"
"""The nnU-Net version behind all of them."""
SEEDS = 4
"""Behind every mean (protocol section 7)."""


@dataclass(frozen=True)
class StudySetting:
    """A setting of a study; sizes in voxels, axis order (z, y, x)."""

    name: str
    """As in the tracks: ``acdc_low``, ``acdc_low_half``."""
    dataset: str
    regime: str
    patch: Triple
    patch_role: str
    """``query patch`` or ``half patch``."""
    loops: int
    starting_budget: int
    query_size: int
    about: tuple[str, ...]
    """Cases, classes, budgets, training: one phrase each."""
    full_data_dice: float | None
    """Mean Dice of a training on the whole pool, in [0, 1]."""


@dataclass(frozen=True)
class Study:
    """Published results that may be compared: one league."""

    name: str
    title: str
    epochs: int
    settings: tuple[StudySetting, ...]
    """In the order of the tracks."""
    rows: tuple[PublishedRow, ...]
    """One per value, in the order of ``results.csv``."""
    notes: tuple[str, ...]
    seeds: int = SEEDS


@dataclass(frozen=True)
class _Plan:
    """What a study consists of."""

    name: str
    title: str
    parts: tuple[tuple[str, str], ...]
    """Study and variant of its rows."""
    epochs: int = 200
    queries: tuple[int, int] = (1, 1)
    """The query size as a fraction of the usual one: numerator and denominator."""


_card = cache(load_card)
_PLANS = (
    _Plan("full", "Main study, query patch and half patch", (("main", ""), ("patch_half", ""))),
    _Plan("rollout", "Rollout", (("rollout", ""),)),
    _Plan("training_500", "500 epochs", (("training_length", "500"),), 500),
    _Plan(
        "precomputed",
        "500 epochs, queries from the 200-epoch run",
        (("training_length", "precomputed"),),
        500,
    ),
    _Plan(
        "query_size_half",
        "Query size x1/2",
        (("query_size", "x1/2"),),
        200,
        (1, 2),
    ),
    _Plan("query_size_same", "Query size x1", (("query_size", "x1"),)),
    _Plan(
        "query_size_double",
        "Query size x2",
        (("query_size", "x2"),),
        200,
        (2, 1),
    ),
    _Plan("noise", "PowerBALD noise ablation (beta)", (("noise", ""),)),
)


@cache
def studies() -> tuple[Study, ...]:
    """All published results that are used, by study; every value once."""
    return tuple(_study(plan, used(rows())) for plan in _PLANS)


def bibliography() -> str:
    """BibTeX of both papers."""
    return (FOLDER / "references.bib").read_text(encoding="utf-8")


def _study(plan: _Plan, given: tuple[PublishedRow, ...]) -> Study:
    kept = tuple(row for row in given if (row.study, row.variant) in plan.parts)
    present = {row.setting for row in kept}
    return Study(
        name=plan.name,
        title=plan.title,
        epochs=plan.epochs,
        settings=tuple(_setting(s, plan) for s in _tracks_settings() if s.name in present),
        rows=kept,
        notes=(*ALWAYS, *BY_STUDY[plan.name]),
    )


@cache
def _tracks_settings() -> tuple[Setting, ...]:
    """All settings of the papers, at the usual query size and training length."""
    return (*load_track("full").settings, *load_track("rollout").settings)


def _setting(setting: Setting, plan: _Plan) -> StudySetting:
    card = _card(setting.dataset)
    more, fewer = plan.queries
    queries = setting.query_size * more // fewer
    later = (setting.loops - 1) * fewer // more
    return StudySetting(
        name=setting.name,
        dataset=setting.dataset,
        regime=setting.regime,
        patch=setting.patch_size,
        patch_role="half patch" if setting.patch_size == card.half_patch else "query patch",
        loops=later + 1,
        starting_budget=setting.starting_budget,
        query_size=queries,
        about=(
            f"{card.cases} cases, a quarter of them in the test set",
            f"{len(card.classes) - 1} foreground classes",
            f"{setting.starting_budget} + {later} \N{MULTIPLICATION SIGN} {queries} patches",
            f"5-fold ensemble, {plan.epochs} epochs of {setting.training.iterations} iterations",
        ),
        full_data_dice=full_data_dice(setting.dataset, plan.epochs),
    )
