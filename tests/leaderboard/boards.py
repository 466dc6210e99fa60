"""Boards made of thin air, as large as the real ones: a stand-in, nothing was measured."""

import math
import random
from collections.abc import Sequence

from leaderboard.model import (
    Agreement,
    Board,
    ClassFigure,
    Column,
    CriticalDifference,
    CurvePoint,
    EfficiencyFit,
    Entrant,
    League,
    LeftOut,
    PairwisePenalty,
    Relations,
    Row,
    SettingRow,
    SettingTable,
    Value,
    View,
)
from leaderboard.undefined import Undefined

BASELINES = (
    "random", "random_fg33", "random_fg66", "predictive_entropy", "bald", "power_bald",
    "softrank_bald", "power_pe", "clasp_pe", "cla_pe_33", "cla_pe_66", "clap_pe",
)  # fmt: skip
DATASETS = {"acdc": 3, "amos": 15, "kits": 3, "hippocampus": 2}
REGIMES = {"low": 150, "medium": 300, "high": 450}
ROLES = ("query patch", "half patch")
HEADLINES = ("score", "aubc", "final_dice", "fg_eff", "mean_rank", "ppm_wins", "ppm_losses")
COLUMNS = tuple(
    Column(
        name,
        title,
        unit,
        f"{title}: a stand-in.",
        better,
        relational,
        beside="interval" if name == "score" else "spread",
        headline=name in HEADLINES,
        terminal={"final_dice": 1, "aubc": 2}.get(name),
    )
    for name, title, unit, better, relational in (
        ("score", "Score", "%", True, False),
        ("aubc", "AUBC", "%", True, False),
        ("final_dice", "Final Dice", "%", True, False),
        ("fg_eff", "FG-Eff", "", True, False),
        ("fg_eff_effort", "FG-Eff (effort)", "", True, False),
        ("mean_rank", "Mean rank", "", False, True),
        ("ppm_wins", "PPM wins", "", True, True),
        ("ppm_losses", "PPM losses", "", False, True),
        ("query_seconds", "Querying", "s", False, False),
        ("query_peak_gib", "Query memory", "GiB", False, False),
        ("training_hours", "Training", "h", False, False),
        ("patches", "Patches", "patches", None, False),
        ("voxels", "Voxels", "voxels", None, False),
        ("foreground", "Foreground", "voxels", None, False),
        ("effort", "Effort", "voxels", False, False),
        ("components", "Components", "components", False, False),
        ("slices", "Slices", "slices", False, False),
        ("images", "Images", "images", False, False),
        ("minutes", "Labelling time", "min", False, False),
    )
)
PRINTED = ("aubc", "final_dice", "fg_eff")
NEEDS_SEEDS = "needs single seeds, which the papers don't print"
INTERVALS = ("score", "mean_rank")


def board(methods: int = 20, settings: int = 24, *, published: bool = True) -> Board:
    """``methods`` measured entrants in ``settings`` settings, beside published ones."""
    leagues = [league("l-1", "measured", "full", methods, settings)]
    if published:
        leagues.append(league("l-2", "published", "full", 12, settings))
    return Board(
        leagues=tuple(leagues),
        left_out=(LeftOut("old/result.json", "not valid JSON"),),
        protocols=("1.0",),
        commits=("0123abc",),
        made="2026-11-22",
        results=methods * settings * 4 - 3,
        failed=1,
        expected=methods * settings * 4,
        complete=methods * settings * 4 - 4,
        bibliography="@article{stand_in,\n  title = {A stand-in},\n}\n",
    )


def league(
    key: str, group: str, track: str, methods: int, settings: int, epochs: int = 200
) -> League:
    draw = random.Random(f"{key} {track}")  # noqa: S311
    ids = [*BASELINES, *(f"own_{n:02d}-0123abcd" for n in range(max(0, methods - 12)))][:methods]
    entrants = tuple(_entrant(key, group, n, name) for n, name in enumerate(ids))
    settings = tuple(_setting(key, group, n, entrants, draw) for n in range(settings))
    return League(
        key=key,
        title=f"Track {track}" if group == "measured" else "published, nnU-Net fork 2.6.0",
        group=group,
        track=track,
        protocol="1.0" if group == "measured" else "",
        nnunet="2.8.1" if group == "measured" else "fork 2.6.0",
        epochs=epochs,
        comparable=True,
        columns=COLUMNS,
        entrants=entrants,
        settings=settings,
        views=_views(settings, entrants, draw),
        relations=_relations(group, entrants, settings, draw),
        notes=("A stand-in.",),
    )


def _entrant(league: str, group: str, number: int, name: str) -> Entrant:
    measured, own = group == "measured", number >= len(BASELINES)
    status = {3: ["failed"], 5: ["incomplete"]}.get(number % 7, []) if own and measured else []
    kind = ("submission" if own else "baseline") if measured else "published"
    oracle = ["oracle"] if "fg" in name else []
    return Entrant(
        key=f"{league}-m-{number + 1:03d}",
        league=league,
        id=name,
        name=name.partition("-")[0],
        description="Draws patches out of thin air; there to fill a page. " * 2,
        reference="A. Nobody, Nowhere, 2026" if not number % 2 else "",
        oracle=bool(oracle),
        badges=(kind, *oracle, *status),
        source_hash=f"{number:02x}" * 32 if measured else "",
        parameters={"beta": "1.0"} if "power" in name else {},
        environments=("Some CPU, 16 cores; some GPU; Python 3.11.2; nnunetv2 2.8.1",)
        if measured
        else (),
        problems=("acdc_low_query, seed 12346, loop 2, query: out of memory",) if status else (),
        command=f"make benchmark TRACK=full METHOD={name}" if measured else "",
    )


def _setting(
    league: str, group: str, number: int, entrants: Sequence[Entrant], draw: random.Random
) -> SettingTable:
    dataset = list(DATASETS)[number % 4]
    regime = list(REGIMES)[number // 4 % 3]
    role = ROLES[number // 12 % 2]
    full, budget = 91.0 - number % 4 * 3, REGIMES[regime]
    ranks = sorted(range(len(entrants)), key=lambda _: draw.random())
    rows = [
        _setting_row(group, entrants[n], place, full, budget, DATASETS[dataset], draw)
        for place, n in enumerate(ranks, start=1)
    ]
    return SettingTable(
        key=f"{league}-s-{number + 1:03d}",
        name=f"{dataset}_{regime}{'_half' if number >= 12 else ''}",
        dataset=dataset,
        regime=regime,
        patch="4 x 40 x 40" if number < 12 else "2 x 20 x 20",
        patch_role=role,
        epochs=200,
        about=("150 cases in the pool, 50 in the test set", f"{budget} patches in 5 loops"),
        seeds=(12345, 12346, 12347, 12348) if group == "measured" else (),
        full_data=Value(full),
        rows=tuple(sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.entrant))),
        ranked_by="score" if group == "measured" else "aubc",
        cohort=f"{len(entrants)} methods, 0a1b2c3d",
    )


def _values(group: str, level: float, draw: random.Random, *, view: bool = False) -> dict:
    def value(column: Column) -> Value:
        if group == "published" and column.name not in PRINTED:
            return Value(reason=NEEDS_SEEDS)
        if not view and column.relational:
            return Value(reason="over settings only")
        scale = {"%": level, "s": 431.7, "h": 61.2, "GiB": 7.3, "patches": 450}.get(column.unit)
        mean = (scale or (1 if not column.unit else 3e6)) * (1 + draw.random() / 50)
        if column.name in INTERVALS:
            return Value(mean, None, mean * 0.97, mean * 1.02)
        return Value(mean, mean * draw.random() / 60)

    return {column.name: value(column) for column in COLUMNS}


def _setting_row(
    group: str,
    entrant: Entrant,
    place: int,
    full: float,
    budget: int,
    classes: int,
    draw: random.Random,
) -> SettingRow:
    status = next((b for b in entrant.badges if b in {"incomplete", "failed"}), "complete")
    gamma = 20 + 30 * draw.random()
    start = full - 18
    loops = range(1, 6)
    shares = [0.004 * loop * (1 + draw.random() / 3) for loop in loops]
    level = [full - (full - start) * math.exp(-gamma * (t - 0.004)) for t in shares]
    measured = group == "measured"
    curve = tuple(
        CurvePoint(budget * loop // 5, 100 * share, dice, dice - 1.2, dice + 1.2)
        for loop, share, dice in zip(loops, shares, level, strict=True)
    )
    points = tuple(
        (share * (1 + draw.random() / 20), (dice + draw.random()) / 100)
        for share, dice in zip(shares, level, strict=True)
        for _ in range(4)
    )
    return SettingRow(
        entrant=entrant.key,
        status=status,
        rank=place if status == "complete" else None,
        values=_values(group, level[-1] - 3, draw),
        notes=entrant.problems,
        seeds=(12345, 12346, 12347, 12348) if measured else (),
        rank_low=max(1, place - 1) if measured and status == "complete" else None,
        rank_high=place + 2 if measured and status == "complete" else None,
        rank_reason=None if measured else NEEDS_SEEDS,
        ties="abcdefg"[place // 3 % 7] if measured and status == "complete" else "",
        curve=curve if measured else (),
        fit=EfficiencyFit(gamma, 1.1, 0.004, start / 100, full / 100, points) if measured else None,
        classes=tuple(
            ClassFigure(f"class {n}", level[-1] - n, 1.0, 100 * shares[-1] * (1 + draw.random()))
            for n in range(classes)
        )
        if measured
        else (),
    )


def _views(
    settings: Sequence[SettingTable], entrants: Sequence[Entrant], draw: random.Random
) -> tuple[View, ...]:
    choices: dict[tuple[str, ...], tuple[str | None, ...]] = {}
    for dataset in (None, *DATASETS):
        for regime in (None, *REGIMES):
            for role in (None, *ROLES):
                wanted = (dataset, regime, role)
                keys = tuple(
                    setting.key
                    for setting in settings
                    if all(
                        choice in {None, own}
                        for choice, own in zip(
                            wanted,
                            (setting.dataset, setting.regime, setting.patch_role),
                            strict=True,
                        )
                    )
                )
                if keys:
                    choices.setdefault(keys, wanted)
    by_key = {setting.key: setting for setting in settings}
    return tuple(
        View(
            *wanted,
            keys,
            _view_rows([by_key[key] for key in keys], entrants, draw),
            cohort=f"{len(entrants)} methods, {len(keys):08d}",
        )
        for keys, wanted in choices.items()
    )


def _view_rows(
    settings: Sequence[SettingTable], entrants: Sequence[Entrant], draw: random.Random
) -> tuple[Row, ...]:
    if len(settings) == 1:
        fields = list(Row.__dataclass_fields__)
        return tuple(
            Row(**{name: getattr(row, name) for name in fields}) for row in settings[0].rows
        )
    means = {
        entrant.key: sum(
            row.values["aubc"].mean or 0
            for setting in settings
            for row in setting.rows
            if row.entrant == entrant.key
        )
        / len(settings)
        for entrant in entrants
    }
    rows, place = [], 0
    for key in sorted(means, key=lambda key: -means[key]):
        like = next(row for row in settings[0].rows if row.entrant == key)
        group = "measured" if like.curve else "published"
        place += like.status == "complete"
        rank = place if like.status == "complete" else None
        rows.append(
            Row(
                key,
                like.status,
                rank,
                _values(group, means[key], draw, view=True),
                like.notes,
                like.seeds,
                max(1, place - 1) if like.rank_low else None,
                place + 2 if like.rank_low else None,
                like.rank_reason,
                like.ties,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.rank is None, row.rank or 0)))


def _relations(
    group: str, entrants: Sequence[Entrant], settings: Sequence[SettingTable], draw: random.Random
) -> Relations:
    keys = tuple(e.key for e in entrants if not {"failed", "incomplete"} & set(e.badges))
    size = len(keys)
    matrix = tuple(
        tuple(
            0.0 if i == j else round(max(0, (j - i) / size) * draw.random(), 3) for j in range(size)
        )
        for i in range(size)
    )
    wins = tuple(sum(line) / (size - 1) for line in matrix)
    losses = tuple(sum(line[j] for line in matrix) / (size - 1) for j in range(size))
    ranks = {
        metric: {setting.key: tuple(draw.sample(range(1, size + 1), size)) for setting in settings}
        for metric in ("aubc", "final_dice", "fg_eff")
    }
    mean_ranks = tuple(1 + 0.8 * n for n in range(size))
    warning = (
        "" if len(settings) >= 10 else f"only {len(settings)} settings: the test has little power"
    )
    return Relations(
        entrants=keys,
        cohort=f"{size} methods, 3fa2c1d0",
        penalties=tuple(
            PairwisePenalty(title, matrix, wins, losses)
            for title in ("alpha 0.05", "alpha 0.02", "Holm-Bonferroni")
        )
        if group == "measured"
        else Undefined(NEEDS_SEEDS),
        ranks=ranks,
        critical=CriticalDifference(
            mean_ranks,
            2.9,
            tuple(keys[n : n + 4] for n in range(0, size - 3, 2)),
            len(settings),
            1.2e-7,
            warning,
        ),
        agreements=tuple(
            Agreement(a.key, b.key, round(draw.uniform(-0.2, 1), 3), round(draw.random(), 4))
            for n, a in enumerate(settings)
            for b in settings[:n]
        ),
    )
