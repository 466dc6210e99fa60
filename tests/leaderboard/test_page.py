import doctest
import importlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import boards
import pytest

from leaderboard.assemble import make_board
from leaderboard.board_json import board_json
from leaderboard.entries import Entries
from leaderboard.model import Board, LengthEffect, QuerySizeEffect, Row, Value
from leaderboard.page import SPARED, render
from leaderboard.page.cells import comparing, rank_note, reasons
from leaderboard.page.libraries import digest, libraries, unpack
from leaderboard.page.protocol import CITED, linked, protocol
from nnactive import PROTOCOL_VERSION

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "--></style></title></script><base href=https://evil.example>",
    "$\\undefined{$_^",
    "&lt;b&gt;&#60;i&#62;",
    "<!--<script>",
]
EMPTY = Board((), (), (), (), "", 0, 0, 0)


class Parsed(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.attributes, self.scripts = [], [], [], []
        self.inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append((dict(attrs), []))

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1][1].append(data)
        else:
            self.text.append(data)

    def find(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def small():
    return boards.board(18, 3)


@pytest.fixture(scope="module")
def page(small):
    return render(small)


@pytest.fixture(scope="module")
def parsed(page):
    return Parsed(page)


def script(parsed, name):
    return next("".join(data) for attrs, data in parsed.scripts if attrs.get("id") == name)


def test_the_page_asks_nobody_for_anything(page, parsed):
    assert not {"link", "iframe", "object", "embed", "base", "img"} & set(parsed.tags)
    assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
    for name in ("href", "xlink:href", "src", "srcset", "action"):
        assert all(value.startswith("#") for value in parsed.find(name))
    assert "@import" not in page
    assert not re.findall(r"url\(", page)
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_the_policy_lets_run_what_belongs_to_the_page_alone(parsed):
    policy = dict(rule.split(" ", 1) for rule in parsed.find("content")[0].split("; "))
    run = ["".join(data) for attrs, data in parsed.scripts if "type" not in attrs]
    assert policy["default-src"] == "'none'"
    allowed = policy["script-src"].split()
    assert allowed == [*map(digest, run), *(library.digest for library in libraries())]
    assert len(run) == 2
    assert not [source for source in allowed if "unsafe" in source]
    assert policy["base-uri"] == policy["form-action"] == "'none'"


def test_packed_scripts_are_what_their_hash_says(parsed):
    for library in libraries():
        assert digest(unpack(script(parsed, f"library-{library.name}"))) == library.digest


def test_the_embedded_json_is_the_board(small, parsed):
    assert json.loads(unpack(script(parsed, "data"))) == board_json(small)


def test_the_same_board_gives_the_same_bytes(small, page):
    assert render(boards.board(18, 3)) == page


def test_the_head_says_what_this_is_and_how_far_it_got(parsed):
    for words in (
        "Protocol 1.0",
        "Latest result 2026-11-22",
        "18 methods \N{MULTIPLICATION SIGN} 3 settings \N{MULTIPLICATION SIGN} 4 seeds",
        "212 of 216 complete (98.1 %), 1 failed",
        "How to read this page.",
        "outdated protocol",
        "0123abc",
    ):
        assert words in parsed.words


def test_every_group_has_its_own_glossary(small):
    first, second = small.leagues
    columns = tuple(replace(column, help=f"{column.title} as printed") for column in second.columns)
    words = Parsed(render(replace(small, leagues=(first, replace(second, columns=columns))))).words
    measured, published = (
        words.index(text) for text in ("FG-Eff: a stand-in.", "FG-Eff as printed")
    )
    assert words.index("Measured") < measured < words.index("Published", measured) < published


def test_every_table_says_whom_its_ranks_compare_and_what_to_beware_of(small, page, parsed):
    for league in small.leagues:
        for table in (league.views[0], *league.settings):
            number, set_id = table.cohort.split(", ")
            said = f"Ranks and PPM are computed among these {number} (set ID {set_id})."
            assert said in parsed.words
    cautions = page.count(f'<p class="notice caution">Few seeds: <span>{boards.CAUTION}</span>')
    assert cautions == len(small.leagues[0].settings)


@pytest.mark.parametrize("cohort", ["", "0 methods, e3b0c442", "1 method, 0272eb05"])
def test_nothing_is_computed_among_fewer_than_two_methods(cohort):
    assert comparing(cohort) == ""


def test_a_settings_table_tells_a_submission_from_a_baseline(small, page):
    section = page.partition('<details class="setting"')[2].partition("</table>")[0]
    rows = {row.entrant for row in small.leagues[0].settings[0].rows}
    own = [e for e in small.leagues[0].entrants if e.key in rows and "submission" in e.badges]
    assert own
    assert section.count('<span class="badge submission">') == len(own)
    assert 'class="badge baseline"' not in section


def test_long_names_break_at_their_joints(page):
    assert "<bdi>predictive_<wbr>entropy</bdi>" in page


def test_captions_say_what_is_drawn(small, parsed):
    assert "mean ranks by AUBC (regardless of the table's sort order)" in parsed.words
    assert (
        "with 95 % bands (Student's t over seeds, clipped at the edge of the plot)" in parsed.words
    )
    league = small.leagues[0]
    settings = tuple(
        replace(
            setting,
            rows=tuple(
                replace(row, curve=tuple(replace(p, low=None, high=None) for p in row.curve))
                for row in setting.rows
            ),
        )
        for setting in league.settings
    )
    words = Parsed(render(replace(small, leagues=(replace(league, settings=settings),)))).words
    assert "without bands, which need at least 3 seeds" in words
    assert "95 % bands" not in words


def test_one_of_a_kind_is_singular():
    words = Parsed(render(boards.board(2, 1, published=False))).words
    assert "2 methods \N{MULTIPLICATION SIGN} 1 setting \N{MULTIPLICATION SIGN} 4 seeds" in words


def test_tables_are_there_without_script(small, parsed):
    league = small.leagues[0]
    tables = len(small.leagues) * (1 + 3) + sum(len(one.entrants) for one in small.leagues)
    tables += protocol().html.count("<table>")
    assert parsed.tags.count("table") == tables
    assert set(parsed.find("scope")) == {"col", "row"}
    assert parsed.find("aria-sort").count("ascending") == len(small.leagues) * 4
    assert all(value is None for value in parsed.find("open")), "details are open"
    assert parsed.tags.count("details") == len(parsed.find("open"))
    first = league.views[0].rows[0]
    assert (
        f"{first.values['score'].low:.1f}\N{EN DASH}{first.values['score'].high:.1f}"
        in parsed.words
    )
    assert rank_note(first) in parsed.words


def test_every_link_leads_somewhere(parsed):
    ids = parsed.find("id")
    assert len(ids) == len(set(ids))
    targets = [value[1:] for value in parsed.find("href")]
    assert targets
    assert set(targets) <= set(ids)


def test_what_has_no_answer_says_why(page, parsed):
    assert f'<abbr title="{boards.NEEDS_SEEDS.replace(chr(39), "&#39;")}">n/a</abbr>' in page
    assert "Not available: Rank interval, Score, FG-Eff (effort)" in parsed.words
    assert "acdc_low_query, seed 12346, loop 2, query: out of memory" in parsed.words
    assert 'title="not ranked: failed"' in page


def test_figures_stand_in_the_page(small, parsed):
    kinds = parsed.find("data-kind")
    assert kinds.count("patches") == kinds.count("foreground") == kinds.count("fits") == 3
    assert kinds.count("classes") == 3
    assert kinds.count("penalty") == 3
    assert kinds.count("critical") == kinds.count("agreement") == 2
    assert parsed.tags.count("svg") == len(kinds)
    assert parsed.find("role").count("img") == len(kinds)
    assert "N = 3 settings" in parsed.words
    assert "only 3 settings: the test has little power" in parsed.words


def test_a_card_tells_how_to_run_it_again(small, parsed):
    entrant = small.leagues[0].entrants[13]
    assert entrant.key in parsed.find("id")
    for words in (entrant.command, entrant.source_hash, entrant.environments[0]):
        assert words in parsed.words
    assert "beta = 1.0" in parsed.words
    assert "Uses ground truth yes, of the whole pool" in parsed.words


def test_effects_of_query_size_and_training_length_are_tables(small):
    first, second = small.leagues
    keys = tuple(setting.key for setting in first.settings)
    size = QuerySizeEffect(first.entrants[0].key, keys[:2], "aubc", -0.625, 0.0004, 12)
    length = LengthEffect(
        "random",
        (first.key, second.key),
        (keys[0], second.settings[0].key),
        "aubc",
        1.24,
        0.05,
        significant=True,
    )
    league = replace(first, relations=replace(first.relations, query_sizes=(size,)))
    parsed = Parsed(render(replace(small, leagues=(league, second), length_effects=(length,))))
    assert "-0.63 p < 0.001" in parsed.words
    assert "+1.2 p = 0.050" in parsed.words
    assert "training-length" in parsed.find("id")
    assert "training-length" not in Parsed(render(small)).find("id")


@pytest.mark.parametrize("name", ["cells", "protocol"])
def test_the_examples_hold(name):
    outcome = doctest.testmod(importlib.import_module(f"leaderboard.page.{name}"))
    assert outcome.failed == 0
    assert outcome.attempted > 0


def test_the_protocol_is_part_of_the_page(page, parsed):
    assert f"The benchmark protocol, version {PROTOCOL_VERSION}" in parsed.words
    ids = parsed.find("id")
    for section in range(1, 10):
        assert f"protocol-{section}" in ids
    for words in ("1. Terms", "Beyond the papers (ours)", "Mean Dice"):
        assert words in parsed.words
    assert "#protocol" in parsed.find("href")
    # Headings go one level deeper at a time.
    section = Parsed(page[page.index('<section id="protocol">') :])
    levels = [int(tag[1]) for tag in section.tags if re.fullmatch(r"h[1-6]", tag)]
    assert set(levels) >= {2, 3, 4}
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_whoever_cites_the_protocol_links_to_its_section():
    board = make_board(Entries((), ()), published=True)
    page = render(board)
    section = page.index('<section id="protocol">')
    cited = [*CITED.finditer(page[:section])]
    assert len(cited) > 10
    for found in cited:
        assert page[: found.start()].endswith(f'<a href="#protocol-{found[0][-1]}">')
    assert "protocol section 6" in board.leagues[0].notes[2]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("protocol sections 4 and 6", ["4", "6"]),
        ("protocol section 2.", ["2"]),
        (f"protocol section {0}", []),
        ("section 6 of another", []),
        ("<a href='protocol section 6'>", ["6"]),
    ],
)
def test_citations_are_links_and_nothing_else_is(text, links):
    html = str(linked(text))
    assert re.findall(r'<a href="#protocol-(\d)">', html) == links
    assert "".join(Parsed(html).text) == text
    assert html.count("<") == 2 * len(links)


def test_left_out_files_are_listed(small, parsed):
    assert "old/result.json : not valid JSON" in parsed.words
    assert "Files not used" not in Parsed(render(replace(small, left_out=()))).words


def test_a_board_with_nothing_that_counts_still_has_a_page():
    assert "There are no results yet" in Parsed(render(EMPTY)).words


def hostile(board, text):
    league = board.leagues[0]
    entrants = tuple(
        replace(
            entrant, id=f"{text}{n}", name=text, description=text, reference=text,
            parameters={text: text}, environments=(text,), problems=(text,), command=text,
            source_hash=text,
        )
        for n, entrant in enumerate(league.entrants)
    )  # fmt: skip
    settings = tuple(
        replace(
            setting, name=text, about=(text,), patch=text, dataset=text, regime=text,
            rows=tuple(
                replace(
                    row, notes=(text,), rank_reason=text,
                    values={name: replace(v, reason=text) for name, v in row.values.items()},
                    classes=tuple(replace(figure, name=text) for figure in row.classes),
                )
                for row in setting.rows
            ),
        )
        for setting in league.settings
    )  # fmt: skip
    league = replace(
        league,
        title=text,
        track=text,
        nnunet=text,
        entrants=entrants,
        settings=settings,
        notes=(text,),
    )
    left_out = tuple(replace(item, file=text, reason=text) for item in board.left_out)
    return replace(board, leagues=(league,), left_out=left_out, commits=(text,), bibliography=text)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_submission_brings_is_markup(text):
    board = boards.board(2, 1, published=False)
    evil, harmless = (Parsed(render(hostile(board, words))) for words in (text, "harmless"))
    # A place where a long name may be broken is the page's own.
    assert [tag for tag in evil.tags if tag != "wbr"] == harmless.tags
    names = [[(tag, name) for tag, name, _ in p.attributes] for p in (evil, harmless)]
    assert names[0] == names[1]
    assert len(evil.scripts) == len(harmless.scripts) == 6
    assert "49" not in evil.words.split()
    looks = json.loads(script(evil, "looks"))["looks"]
    assert all(text[:12] in look[0] for league in looks.values() for look in league)


def test_a_colour_belongs_to_a_method_whoever_enters():
    few, more = (json.loads(script(Parsed(render(b)), "looks"))["looks"]["l-1"] for b in (
        boards.board(13, 1, published=False), boards.board(15, 1, published=False)
    ))  # fmt: skip
    assert more[:13] == few


def test_reasons_are_told_once_with_the_columns_that_lack_an_answer(small):
    lines = reasons(boards.COLUMNS, small.leagues[1].settings[0].rows)
    assert lines[0].startswith("Not available: Rank interval, Score, ")


def test_a_figure_without_spread_is_not_called_missing():
    rows = [
        Row("m-1", "complete", 1, {"score": Value(50.0, reason="one seed"), "aubc": Value(60.0)}),
        Row("m-2", "complete", 2, {"score": Value(reason="one seed"), "aubc": Value(reason="x")}),
    ]
    assert reasons(boards.COLUMNS[:2], rows) == [
        "Without spread or interval: Score (one seed)",
        "Not available: Score (one seed)",
        "Not available: AUBC (x)",
    ]


def test_a_page_that_grows_too_large_leaves_pictures_to_its_script(small, page):
    size = len(page.encode())
    assert render(small, limit=size) == page
    for limit, kinds in ((size - 1, ["fits"]), (size // 2, [*SPARED])):
        less = render(small, limit=limit)
        assert len(less.encode()) <= limit or kinds == [*SPARED]
        found = re.findall(r'<figure id="[^"]*" class="spared" data-kind="(\w+)"', less)
        assert sorted(set(found)) == sorted(kinds)
        assert len(found) == 3 * len(kinds)
        assert less.count("<svg") == page.count("<svg") - len(found)
        assert less.count("Drawn by the script only") == len(found)


@pytest.mark.slow
def test_the_full_board_stays_under_three_megabytes():
    assert len(render(boards.board(20, 24)).encode()) < 3_000_000
