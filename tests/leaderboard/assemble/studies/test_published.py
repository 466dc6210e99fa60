"""Studies of the papers' figures, beside what follows from the printed rows by other means."""

import math
from itertools import combinations, permutations

import pytest

from leaderboard.assemble import make_board
from leaderboard.published import rows, used
from leaderboard.read.load import Entries

EIGHT = {
    "random", "random_fg33", "random_fg66", "predictive_entropy", "bald", "power_bald",
    "softrank_bald", "power_pe",
}  # fmt: skip
"""The methods of P1."""


@pytest.fixture(scope="module")
def board():
    return make_board(Entries((), ()), published=True)


@pytest.fixture(scope="module")
def parts(board):
    return {study.key: study.parts[0] for study in board.studies}


@pytest.fixture(scope="module")
def ids(board):
    """Methods' ids by the name that tables show."""
    return {each.name: each.id for league in board.leagues for each in league.entrants}


def printed(study, variant="", metric="aubc"):
    """Mean and spread by (dataset, regime), then method, straight from the file."""
    found = {}
    for row in used(rows()):
        if (row.study, row.variant, row.metric) == (study, variant, metric):
            place = found.setdefault((row.dataset, row.regime), {})
            place[row.method_id] = (row.mean, row.spread)
    return found


def tau_b(first, second):
    """By counting pairs; not scipy's."""
    agree = tied_first = tied_second = 0
    pairs = list(combinations(range(len(first)), 2))
    for i, j in pairs:
        a, b = first[i] - first[j], second[i] - second[j]
        tied_first += a == 0
        tied_second += b == 0
        agree += (a * b > 0) - (a * b < 0)
    return agree / math.sqrt((len(pairs) - tied_first) * (len(pairs) - tied_second))


def t_test(first, second):
    """Two-sided p-value of two samples of four: Student's t with 6 degrees of freedom."""
    t = abs(second[0] - first[0]) / math.sqrt((first[1] ** 2 + second[1] ** 2) / 4)
    share = t * t / (6 + t * t)
    return 1 - math.sqrt(share) * (1 + (1 - share) / 2 + 3 * (1 - share) ** 2 / 8)


def table_of(part, title):
    (found,) = [table for table in part.tables if table.title.startswith(title)]
    return found


def by_place(table, cells):
    """Cells by (dataset, regime)."""
    places = [tuple(name.split()) for name in table.columns]
    return dict(zip(places, cells, strict=True))


def means(scores, methods):
    return [scores[method][0] for method in methods]


METRICS = [("aubc", "AUBC"), ("final_dice", "Final Dice")]
either = pytest.mark.parametrize(("metric", "title"), METRICS, ids=[name for name, _ in METRICS])


def test_all_studies_have_published_figures(parts):
    assert list(parts) == [
        "study-overall",
        "study-query-size",
        "study-training",
        "study-patch-size",
        "study-noise",
        "study-rollout",
    ]
    assert {part.group for part in parts.values()} == {"published"}
    assert all(part.sources for part in parts.values())


@either
def test_rankings_at_two_query_sizes(parts, metric, title):
    table = table_of(parts["study-query-size"], f"{title}: Kendall's tau between")
    sizes = {
        f"\u00d7{name}": printed("query_size", f"x{name}", metric) for name in ["1/2", "1", "2"]
    }
    pairs = list(combinations(sizes, 2))
    assert [name for name, _ in table.rows] == [*(f"{a} and {b}" for a, b in pairs), "Mean"]
    found = {}
    for (first, second), (_, cells) in zip(pairs, table.rows, strict=False):
        assert len(cells) == 6
        for place, cell in by_place(table, cells).items():
            methods = sorted(sizes[first][place])
            expected = tau_b(*(means(sizes[size][place], methods) for size in (first, second)))
            assert cell.value == pytest.approx(expected)
            assert cell.significant == (cell.p_value < 0.1)
            found.setdefault(place, []).append(expected)
    for place, cell in by_place(table, table.rows[-1][1]).items():
        assert cell.value == pytest.approx(sum(found[place]) / 3)


def test_its_p_value_is_that_of_all_orders(parts):
    table = table_of(parts["study-query-size"], "AUBC: Kendall's tau between")
    cell = by_place(table, table.rows[1][1])["kits", "low"]
    half, double = (printed("query_size", size)["kits", "low"] for size in ("x1/2", "x2"))
    methods = sorted(half)
    first = sorted(range(8), key=means(half, methods).__getitem__)
    second = means(double, methods)
    level = sum(second[first[i]] < second[first[j]] for i, j in combinations(range(8), 2))
    assert len(set(second)) == len(set(means(half, methods))) == 8
    extreme = total = 0
    for order in permutations(range(8)):
        up = sum(order[i] < order[j] for i, j in combinations(range(8), 2))
        extreme += abs(up - 14) >= abs(level - 14)
        total += 1
    assert cell.p_value == pytest.approx(extreme / total)


@either
def test_smallest_minus_largest_queries(parts, ids, metric, title):
    table = table_of(parts["study-query-size"], f"{title} with the smallest")
    half, double = (printed("query_size", size, metric) for size in ("x1/2", "x2"))
    assert {ids[name] for name, _ in table.rows} == EIGHT
    for name, cells in table.rows:
        for place, cell in by_place(table, cells).items():
            small, large = half[place][ids[name]], double[place][ids[name]]
            assert cell.value == pytest.approx(small[0] - large[0])
            assert cell.p_value == pytest.approx(t_test(small, large))


def test_its_answer_counts_the_table(parts):
    part = parts["study-query-size"]
    rows = table_of(part, "AUBC with the smallest").rows
    cells = [cell for _, row in rows for cell in row]
    better = sum(cell.p_value < 0.1 and cell.value > 0 for cell in cells)
    worse = sum(cell.p_value < 0.1 and cell.value < 0 for cell in cells)
    assert (
        f"better in {better} of 48 comparisons and significantly worse in {worse};" in part.answer
    )


TRAININGS = {
    "500 epochs minus 200 epochs": ("200", "500"),
    "500 epochs minus 500 epochs on precomputed queries": ("precomputed", "500"),
    "500 epochs on precomputed queries minus 200 epochs": ("200", "precomputed"),
}


def training(name, metric):
    if name == "200":
        return printed("main", metric=metric)
    return printed("training_length", name, metric)


@either
@pytest.mark.parametrize("pair", TRAININGS)
def test_differences_between_trainings(parts, ids, metric, title, pair):
    table = table_of(parts["study-training"], f"{title}: {pair},")
    first, second = (training(name, metric) for name in TRAININGS[pair])
    known = 0
    for name, cells in table.rows:
        method = ids[name]
        for place, cell in by_place(table, cells).items():
            sides = [scores[place].get(method) for scores in (first, second)]
            if None in sides:
                assert cell is None
                continue
            known += 1
            assert cell.value == pytest.approx(sides[1][0] - sides[0][0])
            assert cell.p_value == pytest.approx(t_test(*sides), rel=1e-6, abs=1e-12)
            assert cell.significant == (cell.p_value < 0.1)
    assert known == (40 if "precomputed" not in pair else 20)


@either
def test_rankings_after_two_trainings(parts, metric, title):
    table = table_of(parts["study-training"], f"{title}: Kendall's tau")
    trainings = {name: training(name, metric) for name in ("200", "precomputed", "500")}
    pairs = list(combinations(trainings, 2))
    assert len(table.rows) == len(pairs)
    for pair, (_, cells) in zip(pairs, table.rows, strict=True):
        places = by_place(table, cells)
        assert len(places) == 4
        for place, cell in places.items():
            methods = sorted(EIGHT)
            expected = tau_b(*(means(trainings[name][place], methods) for name in pair))
            assert cell.value == pytest.approx(expected)


@either
@pytest.mark.parametrize("size", [8, 9])
def test_mean_ranks_with_either_patch(parts, metric, title, size):
    table = table_of(parts["study-patch-size"], "Kendall's tau between mean ranks")
    (cells,) = [row for name, row in table.rows if name == f"{title}, {size} methods"]
    methods = sorted(EIGHT | ({"clasp_pe"} if size == 9 else set()))
    sides = [printed("main", metric=metric), printed("patch_half", metric=metric)]
    for name, cell in zip(table.columns, cells, strict=True):
        ranks = []
        for scores in sides:
            kept = [
                means(scores[place], methods)
                for place in scores
                if name in ("All settings", place[0])
            ]
            assert len(kept) == (12 if name == "All settings" else 3)
            places = [[1 + sum(other > own for other in row) for own in row] for row in kept]
            ranks.append([sum(column) for column in zip(*places, strict=True)])
        assert cell.value == pytest.approx(tau_b(*ranks))


def test_what_half_the_patch_changes(parts, ids):
    table = table_of(parts["study-patch-size"], "Half patch minus query patch")
    query, half = printed("main"), printed("patch_half")
    for name, (difference, better, worse, *_) in table.rows:
        pairs = [(query[place][ids[name]], half[place][ids[name]]) for place in query]
        changes = [after[0] - before[0] for before, after in pairs]
        significant = [t_test(*pair) < 0.1 for pair in pairs]
        assert difference.value == pytest.approx(sum(changes) / 12)
        counts = [
            sum(yes and sign * change > 0 for yes, change in zip(significant, changes, strict=True))
            for sign in (1, -1)
        ]
        assert [better.value, worse.value] == counts


@either
def test_noise_shows_the_printed_values_and_their_trend(parts, metric, title):
    part = parts["study-noise"]
    (table,) = [table for table in part.tables if table.title.startswith(f"{title} of")]
    given = printed("noise", metric=metric)
    betas = ("1", "5", "10", "20", "40", "inf")
    *values, (_, taus) = table.rows
    for beta, (name, cells) in zip(betas, values, strict=True):
        assert name == f"beta = {beta.replace('inf', chr(8734))}"
        for place, cell in by_place(table, cells).items():
            assert cell.value == given[place][f"power_bald,beta={beta}"][0]
    for place, cell in by_place(table, taus).items():
        scores = [given[place][f"power_bald,beta={beta}"][0] for beta in betas]
        assert cell.value == pytest.approx(tau_b(range(6), scores))


def test_rollout_ranks(parts, ids):
    table = table_of(parts["study-rollout"], "Rank by AUBC")
    found = {ids[name]: [cell.value for cell in cells] for name, cells in table.rows}
    # AUBC as printed: LiTS 60.30 57.81 51.23 48.63, WORD 78.27 78.43 77.35 78.19,
    # ToothFairy2 67.32 66.65 61.83 65.30, MAMA-MIA 63.85 59.07 55.23 44.38
    assert {method: values[1:] for method, values in found.items()} == {
        "clasp_pe": [1.25, 1, 2, 1, 1],
        "predictive_entropy": [1.75, 2, 1, 2, 2],
        "random": [3.5, 3, 4, 4, 3],
        "random_fg66": [3.5, 4, 3, 3, 4],
    }
    scores = [*printed("main").values(), *printed("patch_half").values()]
    for method, (development, *_) in found.items():
        ranks = [1 + sum(s[other][0] > s[method][0] for other in found) for s in scores]
        assert len(ranks) == 24
        assert development == pytest.approx(sum(ranks) / 24)


def test_mean_ranks_by_every_metric(parts, ids):
    (table,) = parts["study-overall"].tables
    methods = sorted(EIGHT | {"clasp_pe"})
    for place, metric in enumerate(("aubc", "final_dice", "fg_eff")):
        scores = [
            means(each, methods)
            for study in ("main", "patch_half")
            for each in printed(study, metric=metric).values()
        ]
        for name, cells in table.rows:
            own = methods.index(ids[name])
            ranks = [1 + sum(other > row[own] for other in row) for row in scores]
            centre = sum(ranks) / 24
            error = math.sqrt(sum((rank - centre) ** 2 for rank in ranks) / 23 / 24)
            assert (cells[place].value, cells[place].spread) == pytest.approx((centre, error))


def test_the_answers_name_the_methods_of_the_tables(parts):
    (table,) = parts["study-overall"].tables
    best = min(table.rows, key=lambda row: row[1][0].value)[0]
    assert parts["study-overall"].answer.startswith(f"{best} has the best mean rank by AUBC")
    assert best in parts["study-rollout"].answer
