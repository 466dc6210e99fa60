"""The leagues formed by the papers' figures: one per study, query size or training."""

from dataclasses import dataclass
from functools import cache

from benchmark.tracks import load_track
from leaderboard.published.measured_by import measured_by
from leaderboard.published.notes import ALWAYS, BY_STUDY
from leaderboard.published.rows import FOLDER, PublishedRow, full_data_dice, rows, used
from leaderboard.published.starts import start_dice
from nnactive.data.cards import load_card
from nnactive.settings import Setting

NNUNET = "fork 2.6.0"
"""The nnU-Net version behind all of them."""
SEEDS = 4
"""Behind every mean (protocol section 7)."""


@dataclass(frozen=True)
class StudySetting:
    """A setting of a study."""

    name: str
    """Without the query size, which all settings of a study share: ``acdc_low``,
    ``acdc_low_half``."""
    measured: Setting
    """The track's that would measure the figures again."""
    patch_role: str
    """``query patch`` or ``half patch``."""
    about: tuple[str, ...]
    """Cases, classes, budgets, training: one phrase each."""
    full_data_dice: float | None
    """Mean Dice of a training on the whole pool, in [0, 1]."""
    start_dice: float | None = None
    """Mean Dice of the starting budget in [0, 1], estimated: it isn't printed."""


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
    queries_from: str = ""
    """Track whose queries were trained on; empty: the methods chose their own."""


@dataclass(frozen=True)
class _Plan:
    """What a study consists of."""

    name: str
    title: str
    parts: tuple[tuple[str, str], ...]
    """Study and variant of its rows."""


_card = cache(load_card)
_PLANS = (
    _Plan("full", "Main study, query patch and half patch", (("main", ""), ("patch_half", ""))),
    _Plan("rollout", "Rollout", (("rollout", ""),)),
    _Plan("training_500", "500 epochs", (("training_length", "500"),)),
    _Plan(
        "precomputed",
        "500 epochs, queries from the 200-epoch run",
        (("training_length", "precomputed"),),
    ),
    _Plan("query_size_half", "Query size x1/2", (("query_size", "x1/2"),)),
    _Plan("query_size_same", "Query size x1", (("query_size", "x1"),)),
    _Plan("query_size_double", "Query size x2", (("query_size", "x2"),)),
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
    places = {row.setting: measured_by(row) for row in kept}
    names = {(place.track, place.setting): name for name, place in places.items()}
    tracks = dict.fromkeys(place.track for place in places.values())
    settings = tuple(
        _setting(names[track, setting.name], setting)
        for track in tracks
        for setting in load_track(track).settings
        if (track, setting.name) in names
    )
    (epochs,) = {each.measured.training.epochs for each in settings}
    return Study(
        name=plan.name,
        title=plan.title,
        epochs=epochs,
        settings=settings,
        rows=kept,
        notes=(*ALWAYS, *BY_STUDY[plan.name]),
        queries_from=next((q.track for s in settings if (q := s.measured.queries)), ""),
    )


def _setting(name: str, setting: Setting) -> StudySetting:
    card = _card(setting.dataset)
    times, later = "\N{MULTIPLICATION SIGN}", setting.loops - 1
    training = setting.training
    return StudySetting(
        name=name,
        measured=setting,
        patch_role="half patch" if setting.patch_size == card.half_patch else "query patch",
        about=(
            f"{card.cases} cases, a quarter of them in the test set",
            f"{len(card.classes) - 1} foreground classes",
            f"{setting.starting_budget} + {later} {times} {setting.query_size} patches",
            f"5-fold ensemble, {training.epochs} epochs of {training.iterations} iterations",
        ),
        full_data_dice=full_data_dice(setting.dataset, training.epochs),
        start_dice=start_dice(
            name, setting.dataset, card.budgets[setting.regime].loops, training.epochs
        ),
    )
