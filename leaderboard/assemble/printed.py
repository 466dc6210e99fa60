"""A published league from the papers' figures."""

from collections.abc import Mapping, Sequence

from leaderboard.assemble.cells import Cell, Cells
from leaderboard.assemble.columns import NEEDS_SEEDS, PUBLISHED, RELATIONAL
from leaderboard.assemble.keys import keys
from leaderboard.assemble.references import Reference
from leaderboard.assemble.relations import make_relations
from leaderboard.assemble.scores import Printed, Scores
from leaderboard.assemble.settings import PERCENT, sizes
from leaderboard.assemble.table import Frame, Table, make_table
from leaderboard.assemble.views import make_views
from leaderboard.metrics import mean_over_settings
from leaderboard.model import Badge, Block, BlockRow, Entrant, League, Row, Value
from leaderboard.published import PublishedRow, Study, StudySetting
from leaderboard.published.load import NNUNET

NOT_PRINTED = "the papers don't print it"


def make_published(study: Study) -> League:
    """All tables of a study that the papers print."""
    names = ("published", study.name, NNUNET, study.epochs)
    by_method = _by_method(study)
    entrants = keys("m", by_method, within=names)
    frame = Frame(
        names=names,
        columns=PUBLISHED,
        entrants={key: _title(method) for method, key in entrants.items()},
        ids={key: method for method, key in entrants.items()},
        baselines=frozenset(entrants.values()),
    )
    by_name = {setting.name: setting for setting in study.settings}
    settings = {key: by_name[name] for name, key in keys("s", by_name, within=names).items()}
    cells = {
        key: Cells(setting.name, key, _cells(study, setting, by_method, entrants))
        for key, setting in settings.items()
    }
    blocks = tuple(
        _block(study, settings[key], each, make_table(frame, [each])) for key, each in cells.items()
    )

    views = make_views(frame, blocks, cells)
    rows = {row.entrant: row for row in views[0].rows}
    league = keys("l", ["league"], within=names)["league"]
    return League(
        key=league,
        title=f"Published: {study.title}",
        group="published",
        track=study.name,
        protocol="",
        nnunet=NNUNET,
        epochs=study.epochs,
        comparable=True,
        columns=PUBLISHED,
        entrants=tuple(
            _entrant(league, key, by_method[method][0], rows[key])
            for method, key in entrants.items()
        ),
        blocks=blocks,
        views=views,
        relations=make_relations(
            [_scores(settings[key], each) for key, each in cells.items()],
            {key: method for method, key in entrants.items()},
        ),
        notes=("Ranks follow mean AUBC, as no primary score is printed.", *study.notes),
    )


def _by_method(study: Study) -> dict[str, list[PublishedRow]]:
    """Rows by method id, in the order of the methods' registry."""
    from nnactive.methods import BUILTIN

    found: dict[str, list[PublishedRow]] = {}
    order = list(BUILTIN)
    for row in sorted(study.rows, key=lambda row: order.index(row.method)):
        found.setdefault(f"{row.method},{row.params}" if row.params else row.method, []).append(row)
    return found


def _title(method: str) -> str:
    return method.replace(",", ", ").replace("=", " = ")


def _cells(
    study: Study,
    setting: StudySetting,
    by_method: Mapping[str, Sequence[PublishedRow]],
    entrants: Mapping[str, str],
) -> dict[str, Cell]:
    found = {}
    for method, rows in by_method.items():
        here = [row for row in rows if row.setting == setting.name]
        if here:
            found[entrants[method]] = _cell(here, study.seeds)
    return found


def _cell(rows: Sequence[PublishedRow], seeds: int) -> Cell:
    """What the papers print of a method in a setting."""
    means: dict[str, float] = {row.metric: row.mean for row in rows}
    # Of a fit the papers print the variance: a standard error's square.
    stds: dict[str, float] = {
        row.metric: (row.spread * seeds) ** 0.5 if row.spread_kind == "fit_variance" else row.spread
        for row in rows
    }
    values = {
        column.name: Value(reason=NEEDS_SEEDS if column.name == "score" else NOT_PRINTED)
        for column in PUBLISHED
        if column.name not in RELATIONAL
    }
    for row in rows:
        interval = mean_over_settings([row.mean], [stds[row.metric]], seeds)
        values[row.metric] = Value(row.mean, row.spread, interval.low, interval.high)
    return Cell(
        status="complete" if "aubc" in means else "incomplete",
        notes=(),
        seeds=(),
        expected=(),
        experiments=(),
        scores=Printed(means, {row.metric: row.spread for row in rows}, seeds),
        by_seed={},
        efficiency=None,
        values=values,
        seed_count=seeds,
        stds=stds,
    )


def _block(study: Study, setting: StudySetting, cells: Cells, table: Table) -> Block:
    full = setting.full_data_dice
    return Block(
        key=cells.key,
        name=setting.name,
        dataset=setting.dataset,
        regime=setting.regime,
        patch=sizes(setting.patch),
        epochs=study.epochs,
        about=setting.about,
        seeds=(),
        full_data=Value(reason=NOT_PRINTED) if full is None else Value(PERCENT * full),
        rows=tuple(BlockRow(**vars(row)) for row in table.rows),
        # The study of query sizes takes AUBC over other budgets.
        but_length="" if study.name.startswith("query_size") else setting.name,
        patch_role=setting.patch_role,
        ranked_by=table.ranked_by,
        stamp=table.stamp,
        caution=table.caution,
    )


def _scores(setting: StudySetting, cells: Cells) -> Scores:
    full = setting.full_data_dice
    return Scores(
        block=cells.key,
        reference=Reference(NOT_PRINTED if full is None else full),
        entrants={
            key: cell.scores
            for key, cell in cells.cells.items()
            if isinstance(cell.scores, Printed)
        },
    )


def _entrant(league: str, key: str, row: PublishedRow, shown: Row) -> Entrant:
    from nnactive.methods import BUILTIN

    method = BUILTIN[row.method]
    badges: list[Badge] = ["published"]
    badges += ["oracle"] if method.oracle else []
    badges += [shown.status] if shown.status != "complete" else []
    parameter, _, value = row.params.partition("=")
    return Entrant(
        key=key,
        league=league,
        id=f"{row.method},{row.params}" if row.params else row.method,
        name=_title(f"{row.method},{row.params}" if row.params else row.method),
        description=(method.__doc__ or "").strip().partition("\n")[0],
        reference=method.reference,
        oracle=method.oracle,
        badges=tuple(badges),
        source_hash="",
        parameters={parameter: value} if parameter else {},
        environments=(),
        problems=shown.notes,
        command="",
    )
