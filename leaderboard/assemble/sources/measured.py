"""A league of measured results: what ``league`` needs to know of it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from leaderboard.assemble.cells import measured_cell
from leaderboard.assemble.entrants import developed_on, display_names, measured_card
from leaderboard.assemble.grouping import LeagueKey, LeagueResults, SettingResults
from leaderboard.assemble.keys import (
    key_ignoring_epochs,
    key_ignoring_patch,
    key_ignoring_query_size,
)
from leaderboard.assemble.league import LeagueSource, MethodSource, SettingSource
from leaderboard.assemble.roles import role_of
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.labelling.estimate import Estimate, shipped_estimate
from leaderboard.metrics.reference import make_reference
from leaderboard.model import SettingTable, Value
from leaderboard.read.found import Entry
from nnactive.errors import UserError
from nnactive.geometry import size_text, slice_size
from nnactive.io.queries import PROTOCOL_START
from nnactive.settings import Setting


def measured_source(
    league: LeagueResults,
    public: Mapping[str, Entry] | None = None,
    estimate: Estimate | None = None,
) -> LeagueSource:
    """The methods and settings of a league's results.

    Args:
        league: the results.
        public: the public board's entry of a method, by its identity.
        estimate: how long labelling takes; None: as the benchmark ships it.
    """
    entries, rates = public or {}, estimate or shipped_estimate()
    key, names = league.key, display_names(league.methods, entries)
    compared = {setting.key for setting in league.compared}
    settings = {
        setting.text: _setting(setting, rates, compared=setting.key in compared)
        for setting in league.settings
    }
    return LeagueSource(
        names=key.names,
        title=plain(
            f"{plain(key.track, NAME_LENGTH)}: {'starts, ' if key.query else ''}"
            f"{key.epochs} epochs, protocol "
            f"{plain(key.protocol, NAME_LENGTH)}, nnU-Net {plain(key.nnunet, NAME_LENGTH)}"
        ),
        group="measured",
        track=plain(key.track, NAME_LENGTH),
        protocol=plain(key.protocol, NAME_LENGTH),
        nnunet=plain(key.nnunet, NAME_LENGTH),
        epochs=key.epochs,
        comparable=key.comparable,
        methods={
            method: MethodSource(
                card=measured_card(key, results, names[method], entries.get(method)),
                baseline=results[0].method.origin == "builtin",
                developed_on=developed_on(results[0], entries.get(method)),
            )
            for method, results in league.methods.items()
        },
        settings=settings,
        notes=(
            *_starts(key),
            *_queries(key),
            *_variants([*settings.values()]),
            *_estimated(league, rates),
        ),
        queries_from=plain(key.queries, NAME_LENGTH),
    )


def _setting(setting: SettingResults, estimate: Estimate, *, compared: bool) -> SettingSource:
    reference = make_reference(setting.results, setting.seeds, estimate)
    about, dataset = setting.results[0].setting, setting.results[0].dataset
    return SettingSource(
        about=SettingTable(
            key="",
            name=plain(setting.key.setting, NAME_LENGTH),
            dataset=plain(about.dataset, NAME_LENGTH),
            regime=plain(about.regime, NAME_LENGTH),
            patch=sizes(about.patch_size),
            epochs=about.training.epochs,
            about=_about(setting),
            seeds=setting.seeds,
            full_data=Value(),
            rows=(),
            differs=setting.differs,
            key_ignoring_epochs=key_ignoring_epochs(setting.key.checksum, about),
            key_ignoring_patch=""
            if setting.key.query
            else key_ignoring_patch(setting.key.checksum, about),
            role=role_of(about.dataset),
            patch_role=patch_role(about.dataset, about.patch_size),
            warnings=_warnings(setting),
        ),
        reference=reference,
        cells={
            method: measured_cell(results, setting.seeds, reference)
            for method, results in setting.methods.items()
        },
        classes=tuple(plain(name, NAME_LENGTH) for name in dataset.classes),
        compared=compared,
        key_ignoring_query_size=key_ignoring_query_size(setting.key.checksum, about),
        first_loop=0 if setting.key.query else 1,
        left_out=_left_out(setting.key.track).get(setting.key.setting, ()),
    )


def _starts(key: LeagueKey) -> list[str]:
    """What a league that compares starts ranks."""
    if not key.query:
        return []
    query = plain(key.query, NAME_LENGTH)
    ranked = f"a row's method chose the patches of loop 0, and {query} those of all later loops"
    start = f"{PROTOCOL_START} is the protocol's starting budget, which uses labels"
    return [
        f"This league compares starts, not query methods: {ranked}.",
        f"{start}; scores and FG-Eff begin at its loop 0, AUBC and curves at each row's own.",
        "Starts differ in loop 0, so PPM includes it.",
    ]


def _queries(key: LeagueKey) -> list[str]:
    """Where the queries are from, if the methods didn't choose them here."""
    if not key.queries:
        return []
    source = plain(key.queries, NAME_LENGTH)
    return [f"Queries: those of each method in track {source}; only the training differs."]


def _estimated(league: LeagueResults, estimate: Estimate) -> list[str]:
    """How minutes are estimated, if any result has what they follow from."""
    results = (result for setting in league.settings for result in setting.results)
    known = any(loop.effort is not None for result in results for loop in result.loops)
    return [estimate.note] if known else []


def _variants(settings: Sequence[SettingSource]) -> list[str]:
    """One line per setting that the main table leaves out."""
    there = {setting.about.name for setting in settings if setting.compared}
    return [
        f"{setting.about.name}: some results differ in {', '.join(setting.about.differs)}; they "
        "are shown in a separate table, not in the main one."
        if setting.about.name in there
        else f"{setting.about.name}: not in the main table because no baseline was run."
        for setting in settings
        if not setting.compared
    ]


def sizes(patch: Sequence[int]) -> str:
    """``4 x 40 x 40``, with multiplication signs."""
    return size_text(patch, " \N{MULTIPLICATION SIGN} ")


def patch_role(dataset: str, patch: Sequence[int]) -> str:
    """``query patch`` or ``half patch`` if the dataset's card says so, ``slice``, or its size."""
    return _roles(dataset).get(tuple(patch), sizes(patch))


@cache
def _left_out(track: str) -> Mapping[str, tuple[str, ...]]:
    """Built-in methods that a track of the benchmark doesn't run, by setting."""
    from benchmark.tracks import load_track, track_names

    return load_track(track).left_out if track in track_names() else {}


@cache
def _roles(dataset: str) -> Mapping[tuple[int, ...], str]:
    from nnactive.data.cards import load_card

    try:
        card = load_card(dataset)
    except UserError:
        return {}
    roles: dict[tuple[int, ...], str] = {
        slice_size(card.slice_axis): "slice",
        card.query_patch: "query patch",
    }
    return {card.half_patch: "half patch", **roles} if card.half_patch else roles


def _about(setting: SettingResults) -> tuple[str, ...]:
    about, dataset = setting.results[0].setting, setting.results[0].dataset
    split = plain(dataset.split_kind, NAME_LENGTH)
    cases = (
        f"{dataset.pool_cases} cases in the pool, {len(dataset.test_cases)} in the test set "
        f"(split: {split})"
    )
    query = (
        f"query patch {sizes(about.patch_size)} voxels, stride {sizes(about.stride)}, "
        f"{about.candidates} candidates per image"
    )
    checksum = plain(setting.key.checksum)[:12]
    return (
        cases,
        f"{len(dataset.classes)} foreground class{'es' if len(dataset.classes) > 1 else ''}",
        _budget(about),
        query,
        _training(about),
        *_annotator(about),
        f"nnU-Net {plain(setting.key.nnunet, NAME_LENGTH)}, data {checksum}",
    )


def _warnings(setting: SettingResults) -> tuple[str, ...]:
    """What its results say was odd with the data."""
    told = {line for result in setting.results for line in result.dataset.warnings}
    return tuple(sorted(plain(line) for line in told))


def _budget(about: Setting) -> str:
    queried = about.loops - 1
    later = (
        f", then {queried} \N{MULTIPLICATION SIGN} {about.query_size} queried" if queried else ""
    )
    return f"starting budget {about.starting_budget} patches{later}"


def _annotator(about: Setting) -> Iterator[str]:
    """How whoever labels the patches errs."""
    errs = about.annotator
    if errs is not None:
        yield (
            f"noisy labels: boundaries displaced by {errs.boundary_sd_mm:g} mm (standard "
            f"deviation), correlated over {errs.boundary_length_mm:g} mm; "
            f"{100 * errs.missed_share:g} % of components below {errs.missed_below_mm3:g} "
            "mm\N{SUPERSCRIPT THREE} missed"
        )


def _training(about: Setting) -> str:
    training = about.training
    text = (
        f"{training.folds} folds of {training.epochs} epochs \N{MULTIPLICATION SIGN} "
        f"{training.iterations} iterations"
    )
    text += ", residual encoder M" if training.network == "resenc_m" else ""
    text += f", {training.base_features} base features" if training.base_features else ""
    text += f", batch size {training.batch_size}" if training.batch_size else ""
    return text if training.mirror else f"{text}, no mirroring"
