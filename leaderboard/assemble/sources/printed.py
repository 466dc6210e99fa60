"""A league of the papers' figures: what ``league`` needs to know of it."""

from collections.abc import Mapping, Sequence

from leaderboard.assemble.cells import Cell, printed_cell
from leaderboard.assemble.entrants import published_card
from leaderboard.assemble.keys import key_ignoring_patch
from leaderboard.assemble.league import LeagueSource, MethodSource, SettingSource
from leaderboard.assemble.roles import role_of
from leaderboard.assemble.sources.measured import sizes
from leaderboard.metrics.metric import NOT_PUBLISHED
from leaderboard.metrics.reference import Reference, Start
from leaderboard.model import SettingTable, Value
from leaderboard.published import PublishedRow, Study, StudySetting
from leaderboard.published.load import NNUNET


def printed_source(study: Study) -> LeagueSource:
    """The methods and settings of a study that the papers print."""
    by_method = _by_method(study)
    return LeagueSource(
        names=("published", study.name, NNUNET, study.epochs),
        title=f"Published: {study.title}",
        group="published",
        track=study.name,
        protocol="",
        nnunet=NNUNET,
        epochs=study.epochs,
        comparable=True,
        methods={
            method: MethodSource(card=published_card(rows[0]), baseline=True)
            for method, rows in by_method.items()
        },
        settings={setting.name: _setting(study, setting, by_method) for setting in study.settings},
        notes=study.notes,
        queries_from=study.queries_from,
    )


def _by_method(study: Study) -> dict[str, list[PublishedRow]]:
    """Rows by method id, in the order of the methods' registry."""
    from nnactive.methods import BUILTIN

    found: dict[str, list[PublishedRow]] = {}
    order = list(BUILTIN)
    for row in sorted(study.rows, key=lambda row: order.index(row.method)):
        found.setdefault(row.method_id, []).append(row)
    return found


def _setting(
    study: Study, setting: StudySetting, by_method: Mapping[str, Sequence[PublishedRow]]
) -> SettingSource:
    reference = _reference(setting)
    return SettingSource(
        about=SettingTable(
            key="",
            name=setting.name,
            dataset=setting.measured.dataset,
            regime=setting.measured.regime,
            patch=sizes(setting.measured.patch_size),
            epochs=study.epochs,
            about=setting.about,
            seeds=(),
            full_data=Value(),
            rows=(),
            # The study of query sizes takes AUBC over other budgets.
            key_ignoring_epochs="" if study.name.startswith("query_size") else setting.name,
            key_ignoring_patch=key_ignoring_patch("", setting.measured),
            role=role_of(setting.measured.dataset),
            patch_role=setting.patch_role,
        ),
        reference=reference,
        cells=_cells(study, setting, by_method, reference),
    )


def _reference(setting: StudySetting) -> Reference:
    full, start = setting.full_data_dice, setting.start_dice
    return Reference(
        NOT_PUBLISHED if full is None else full,
        Start(
            dice=NOT_PUBLISHED if start is None else start,
            foreground=NOT_PUBLISHED,
            effort=NOT_PUBLISHED,
        ),
    )


def _cells(
    study: Study,
    setting: StudySetting,
    by_method: Mapping[str, Sequence[PublishedRow]],
    reference: Reference,
) -> dict[str, Cell]:
    found = {}
    for method, rows in by_method.items():
        here = [row for row in rows if row.setting == setting.name]
        if here:
            found[method] = printed_cell(here, study.seeds, reference)
    return found
