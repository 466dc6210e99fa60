"""Studies of measured results: stand-ins with planted effects, and without."""

import pytest

from nnactive.settings import Annotator, TakenQueries

METHODS = {"random": 0.5, "bald": 0.6, "power_bald": 0.55, "power_pe": 0.65}
"""Final Dice of stand-ins."""
PLACE = "own tiny, 4 \u00d7 4 \u00d7 4"
"""Where they are: a dataset without a card, whose patch has no name."""


def cells(table):
    return [cell for _, row in table.rows for cell in row if cell is not None]


def doubled(result):
    """The same experiment with queries of double size: every other loop."""
    kept = [
        loop.model_copy(update={"loop": number}) for number, loop in enumerate(result.loops[::2])
    ]
    setting = result.setting.model_copy(update={"name": "double", "query_size": 20, "loops": 3})
    return result.model_copy(update={"loops": tuple(kept), "setting": setting})


@pytest.mark.parametrize("gain", [0.0, -0.05], ids=["no effect", "larger is worse"])
def test_query_size(runs, board_of, part, gain):
    usual = [each for method, last in METHODS.items() for each in runs(method, last)]
    double = [
        doubled(each) for method, last in METHODS.items() for each in runs(method, last, gain=gain)
    ]
    found = part(board_of(*usual, *double), "study-query-size")
    agreements, _, effects, _ = found.tables
    assert [name for name, _ in agreements.rows] == ["\u00d71 and \u00d72"]
    assert agreements.columns == (PLACE,)
    assert [(cell.value, cell.significant) for cell in cells(agreements)] == [(1, True)]
    assert len(cells(effects)) == len(METHODS)
    assert all(cell.significant == bool(gain) for cell in cells(effects))
    if gain:
        assert all(cell.value > 0 for cell in cells(effects))
        assert "significantly better in 4 of 4 comparisons" in found.answer
    else:
        assert "neither significantly better nor worse in any of 4 comparisons" in found.answer
    (chart,) = found.charts
    assert chart.places == ("\u00d71", "\u00d72")
    assert [len(panel.lines) for panel in chart.panels] == [len(METHODS)]


def test_query_sizes_of_two_tracks_stay_apart(runs, board_of, part):
    results = []
    for track, methods in {"full": list(METHODS)[:3], "other": list(METHODS)[1:]}.items():
        for method in methods:
            own = runs(method, METHODS[method], track=track)
            results += [*own, *map(doubled, own)]
    (table, *_) = part(board_of(*results), "study-query-size").tables
    assert table.columns == (f"{PLACE} (full)", f"{PLACE} (other)")


@pytest.mark.parametrize("gain", [0.0, 0.05], ids=["no effect", "longer is better"])
def test_training_length(runs, board_of, part, gain):
    results = [
        each
        for epochs, track, more in ((200, "full", 0.0), (500, "long", gain))
        for method, last in METHODS.items()
        for each in runs(method, last, epochs=epochs, track=track, gain=more)
    ]
    found = part(board_of(*results), "study-training")
    aubc, dice, taus, _ = found.tables
    assert aubc.title == "AUBC: 500 epochs minus 200 epochs, in percentage points"
    assert [cell.value for cell in cells(dice)] == pytest.approx([100 * gain] * len(METHODS))
    assert {cell.significant for cell in cells(dice)} == {bool(gain)}
    assert [cell.value for cell in cells(taus)] == [1]
    words = "significantly better in 4 of 4" if gain else "neither significantly better nor worse"
    assert words in found.answer
    assert found.sources == ()


def test_longer_training_on_precomputed_queries(runs, board_of, part):
    taken = {"queries": TakenQueries(track="full")}
    variants = {("full", 200): 0.0, ("again", 500): 0.03, ("precomputed", 500): 0.046}
    results = [
        each
        for (track, epochs), more in variants.items()
        for method, last in METHODS.items()
        for each in runs(
            # Known by what the results record, not by what a track is called.
            *(method, last),
            epochs=epochs,
            track=track,
            gain=more,
            setting=taken if track == "again" else {},
        )
    ]
    board = board_of(*results)
    by_track = {league.track: league for league in board.leagues if league.group == "measured"}
    assert {name: league.queries_from for name, league in by_track.items()} == {
        "full": "",
        "again": "full",
        "precomputed": "",
    }
    assert any("of each method in track full" in note for note in by_track["again"].notes)
    found = part(board, "study-training")
    titles = [table.title for table in found.tables if table.title.startswith("Final Dice")]
    assert titles == [
        "Final Dice: 500 epochs minus 200 epochs, in percentage points",
        "Final Dice: 500 epochs minus 500 epochs on precomputed queries, in percentage points",
        "Final Dice: 500 epochs on precomputed queries minus 200 epochs, in percentage points",
        "Final Dice: Kendall's tau between the rankings of two training lengths",
    ]
    own = next(table for table in found.tables if table.title == titles[1])
    # Random patches are the same whoever trained.
    assert [name for name, _ in own.rows] == ["BALD", "PowerBALD", "PowerPE"]
    assert [cell.value for cell in cells(own)] == pytest.approx([1.6, 1.6, 1.6])
    # Loop 0 gains nothing: the area gains 7/8 of the final Dice.
    assert "(median +1.4 percentage points)" in found.answer
    (chart,) = found.charts
    assert chart.places == ("200", "500 (precomputed)", "500")


def half_and_whole(runs, orders, gain=0.0):
    """Results with ACDC's query patch and with half of it; final Dice by method in each."""
    patches = {"whole": (4, 40, 40), "half": (2, 20, 20)}
    return [
        each
        for (name, patch), order in zip(patches.items(), orders, strict=True)
        for regime in ("low", "high")
        for method, last in order.items()
        for each in runs(
            method,
            last,
            gain=gain if name == "half" else 0.0,
            setting={
                "name": f"{regime}_{name}",
                "dataset": "acdc",
                "regime": regime,
                "patch_size": patch,
            },
        )
    ]


def test_patch_sizes_with_the_same_ranking(runs, board_of, part):
    found = part(board_of(*half_and_whole(runs, [METHODS, METHODS], -0.05)), "study-patch-size")
    agreements, changes = found.tables
    assert agreements.columns == ("All settings", "acdc")
    assert {cell.value for cell in cells(agreements)} == {1}
    (_, first), *others = changes.rows
    assert len(others) == len(METHODS) - 1
    _, _, _, dice, better, worse = first
    assert dice.value == pytest.approx(-5)
    assert (better.value, worse.value) == (0, 2)
    assert "significantly worse in 8 of 8 comparisons" in found.answer


def test_patch_sizes_with_opposite_rankings(runs, board_of, part):
    turned = dict(zip(METHODS, sorted(METHODS.values(), reverse=True), strict=True))
    straight = dict(zip(METHODS, sorted(METHODS.values()), strict=True))
    found = part(board_of(*half_and_whole(runs, [straight, turned])), "study-patch-size")
    assert {cell.value for cell in cells(found.tables[0])} == {-1}
    assert "hardly agree (Kendall's tau -1.00" in found.answer


def test_patch_sizes_on_labels_that_err_are_no_counterpart(runs, board_of, part, change):
    """Even of a track that comes first."""
    clean = half_and_whole(runs, [METHODS, METHODS])
    turned = dict(zip(METHODS, sorted(METHODS.values()), strict=True))
    errs = Annotator(
        boundary_sd_mm=1, boundary_length_mm=10, missed_share=0.5, missed_below_mm3=100
    )
    results = [
        each.model_copy(update={"track": "main" if "whole" in each.setting.name else "patch_half"})
        for each in clean
    ] + [
        change(each.model_copy(update={"track": "errs"}), "setting", annotator=errs)
        for each in half_and_whole(runs, [turned, {}])
    ]
    found = part(board_of(*results), "study-patch-size")
    assert {cell.value for cell in cells(found.tables[0])} == {1}


@pytest.mark.parametrize("slope", [-0.02, 0.02], ids=["noise helps", "noise harms"])
def test_noise(runs, board_of, part, change, slope):
    results = [
        change(each, "method", parameters={"beta": beta})
        for place, beta in enumerate((1.0, 5.0, 10.0, 20.0))
        for each in runs(f"power_bald,beta={beta:g}", 0.6 + slope * place)
    ]
    results += runs("bald", 0.6 + slope * 4)
    found = part(board_of(*results), "study-noise")
    aubc, _ = found.tables
    assert [name for name, _ in aubc.rows] == [
        *(f"beta = {beta}" for beta in (1, 5, 10, 20, "\N{INFINITY}")),
        "Kendall's tau with beta",
    ]
    ((tau,)) = aubc.rows[-1][1]
    assert tau.value == pytest.approx(1 if slope > 0 else -1)
    assert tau.significant
    way, best = ("better", "\N{INFINITY}") if slope > 0 else ("worse", "1")
    assert f"significantly {way} in 1 of 1 setting" in found.answer
    assert f"most often {best} (1 of 1 setting)" in found.answer


def test_a_single_beta_is_no_study(runs, board_of, change):
    results = [change(each, "method", parameters={"beta": 1.0}) for each in runs("power_bald", 0.6)]
    keys = [study.key for study in board_of(*results, *runs("bald", 0.5)).studies]
    assert "study-noise" not in keys


@pytest.mark.parametrize("same", [True, False], ids=["carries over", "turns round"])
def test_rollout(runs, board_of, part, same):
    after = METHODS if same else {name: 1.1 - last for name, last in METHODS.items()}
    results = [
        each
        for track, dataset, order in (
            ("full", "acdc", METHODS),
            ("full", "kits", METHODS),
            ("rollout", "lits", after),
            ("rollout", "word", after),
        )
        for method, last in order.items()
        for each in runs(method, last, track=track, setting={"name": dataset, "dataset": dataset})
    ]
    found = part(board_of(*results), "study-rollout")
    aubc, _ = found.tables
    assert aubc.columns[2:] == ("lits", "word")
    by_name = {name: [cell.value for cell in row] for name, row in aubc.rows}
    assert by_name["PowerPE"] == ([1, 1, 1, 1] if same else [1, 4, 4, 4])
    assert by_name["Random"] == ([4, 4, 4, 4] if same else [4, 1, 1, 1])
    tau = "1.00" if same else "-1.00"
    assert f"4 methods is {tau}" in found.answer
    assert ("both the development and the roll-out" in found.answer) == same


def test_mean_ranks_over_all_settings(runs, board_of, part):
    results = [
        each
        for dataset in ("acdc", "kits")
        for method, last in METHODS.items()
        for each in runs(method, last, setting={"name": dataset, "dataset": dataset})
    ]
    (table,) = part(board_of(*results), "study-overall").tables
    means = {name: row[0].value for name, row in table.rows}
    assert means == {"PowerPE": 1, "BALD": 2, "PowerBALD": 3, "Random": 4}


def test_reduced_cost_tracks_and_other_versions_are_no_study(runs, board_of):
    lite = [each.model_copy(update={"comparable": False}) for each in runs("bald", 0.6)]
    assert board_of(*lite, *runs("bald", 0.7, epochs=500, track="long")).studies == ()
    other = [each.model_copy(update={"protocol_version": "0.9"}) for each in runs("bald", 0.6)]
    studies = board_of(*other, *runs("bald", 0.7, epochs=500, track="long")).studies
    assert "study-training" not in [study.key for study in studies]
