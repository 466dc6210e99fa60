import doctest
import importlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import boards
import pytest

from leaderboard.assemble import make_board
from leaderboard.model import (
    Badge,
    Board,
    Row,
    Study,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudySource,
    StudyTable,
    Value,
    Verdict,
)
from leaderboard.page import SPARED, badges, default, render
from leaderboard.page.cells import comparing, notes, rank_note, table_columns
from leaderboard.page.libraries import digest, libraries, unpack
from leaderboard.page.protocol import CITED, linked, protocol
from leaderboard.page.references import cited
from leaderboard.payload import board_json
from leaderboard.read.load import Entries
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


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Shannon 1948, https://doi.org/10.1002/j.1538.x", "https://doi.org/10.1002/j.1538.x"),
        (
            "See https://openreview.net/forum?id=a_b-c&n=1.",
            "https://openreview.net/forum?id=a_b-c&n=1",
        ),
        ("https://arxiv.org/abs/1112.5745v1, 2011", "https://arxiv.org/abs/1112.5745v1"),
    ],
    ids=["doi", "openreview", "arxiv"],
)
def test_a_reference_links_to_its_publisher(text, address):
    found = Parsed(str(cited(text)))
    assert found.find("href") == [address]
    assert found.find("rel") == ["noopener noreferrer"]
    assert "".join(found.text) == text


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "https://evil.example/10.1000/x",
        "http://doi.org/10.1000/x",
        "https://doi.org.evil.example/x",
        "https://doi.org@evil.example/x",
        "javascript:https:doi.org/x",
    ],
)
def test_no_other_address_of_a_reference_is_a_link(text):
    found = Parsed(str(cited(text)))
    assert found.tags == []
    assert "".join(found.text) == text


def test_a_reference_cannot_leave_its_link():
    found = Parsed(str(cited("https://doi.org/10.1\"><script>x</script> 'onclick=y")))
    assert found.tags == ["a"]
    assert found.find("href") == ["https://doi.org/10.1"]


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


def test_the_page_says_what_this_is_and_how_far_it_got(parsed):
    for words in (
        "Protocol 1.0",
        "Latest result 2026-11-22",
        "18 methods \N{MULTIPLICATION SIGN} 3 settings \N{MULTIPLICATION SIGN} 4 seeds",
        "212 of 216 complete (98.1 %), 1 failed",
        "How to read the rankings",
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


def test_every_table_says_whom_its_ranks_compare(small, parsed):
    for league in small.leagues:
        for table in (league.views[0], *league.settings):
            number, set_id = table.cohort.split(", ")
            said = f"Ranks and PPM are computed among these {number} (set ID {set_id})."
            assert said in parsed.words


@pytest.mark.parametrize("cohort", ["", "0 methods, e3b0c442", "1 method, 0272eb05"])
def test_nothing_is_computed_among_fewer_than_two_methods(cohort):
    assert comparing(cohort) == ""


def test_a_table_tells_a_submission_from_a_baseline(small, page):
    section = page.partition('<details class="setting"')[2].partition("</table>")[0]
    rows = {row.entrant for row in small.leagues[0].settings[0].rows}
    own = [e for e in small.leagues[0].entrants if e.key in rows and "submission" in e.badges]
    assert own
    assert section.count('<span class="badge submission"') == len(own)
    assert 'class="badge baseline"' not in section


def test_badges_are_short_in_tables_and_explained(page):
    long = set(get_args(Badge)) - {"baseline", "published"}
    assert {*badges.MEANINGS} == {*get_args(Badge)}
    assert all(len(badges.short(name)) <= 12 for name in long)
    meaning = badges.meaning("oracle")
    assert f'<span class="badge oracle" title="{meaning}">ground truth</span>' in page
    assert badges.meaning("no such badge") == ""


def test_long_names_break_at_their_joints(page):
    assert "<bdi>predictive_<wbr>entropy</bdi>" in page


def test_captions_say_what_is_drawn(parsed):
    assert "mean ranks by AUBC (regardless of the table's sort order)" in parsed.words
    assert "No bands for more than 12 methods." in parsed.words
    few = boards.board(5, 3, published=False)
    bands = "Student's t"
    assert bands in Parsed(render(few)).words
    (league,) = few.leagues
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
    words = Parsed(render(replace(few, leagues=(replace(league, settings=settings),)))).words
    assert "No bands: they need at least three seeds." in words
    assert bands not in words


def test_a_ranking_of_one_or_two_settings_shows_their_learning_curves():
    for settings, curves in ((1, 1), (2, 2), (3, 0)):
        page = render(boards.board(4, settings, published=False))
        lead = page.partition('<div class="curves">')[2].partition("lead-table")[0]
        assert lead.count("<svg") == curves


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
    pairs = [target.removeprefix("compare=") for target in targets if target.startswith("compare=")]
    assert pairs
    named = {key for pair in pairs for key in pair.split(",")}
    assert named | {target for target in targets if "=" not in target} <= set(ids)


def changed(board, **changes):
    """The board with other fields in the first row of its first league's first view."""
    league, *others = board.leagues
    view, *views = league.views
    first, *rows = view.rows
    view = replace(view, rows=(replace(first, **changes), *rows))
    return replace(board, leagues=(replace(league, views=(view, *views)), *others))


def test_what_has_no_answer_says_why(small, page, parsed):
    values = small.leagues[0].views[0].rows[0].values | {"fg_eff": Value(reason="it's unknown")}
    less = render(changed(small, values=values))
    assert '<abbr title="it&#39;s unknown">n/a</abbr>' in less
    assert "it&#39;s unknown" not in page
    league, other = small.leagues
    views = (replace(league.views[0], lacking=("<b> is unknown.",)), *league.views[1:])
    lacking = render(replace(small, leagues=(replace(league, views=views), other)))
    assert '<ul class="why"><li><bdi>&lt;b&gt; is unknown.</bdi></li></ul>' in lacking
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


def test_a_table_has_the_columns_with_an_answer_the_ranking_one_first(small):
    published = small.leagues[1].views[0]
    columns, usual = table_columns(boards.COLUMNS, published.rows, "fg_eff")
    assert [column.name for column in columns] == ["fg_eff", "aubc", "final_dice"]
    assert usual == 3
    measured = small.leagues[0].views[0]
    columns, usual = table_columns(boards.COLUMNS, measured.rows, "query_seconds")
    names = [column.name for column in columns]
    assert names[: usual + 1] == ["query_seconds", *boards.HEADLINES, "fg_eff_effort"]
    assert sorted(names) == sorted(column.name for column in boards.COLUMNS)
    plain = [replace(column, headline=False) for column in boards.COLUMNS]
    columns, usual = table_columns(plain, measured.rows, "")
    assert len(columns) == usual == len(plain)


def test_columns_beyond_the_usual_ones_are_marked(small, page):
    table = page.partition('<table class="ranking"')[2].partition("</table>")[0]
    head, body = table.split("</thead>")
    hidden = len(boards.COLUMNS) - len(boards.HEADLINES)
    assert head.count('class="x"') == hidden
    assert body.count('<td class="x"') == hidden * len(small.leagues[0].views[0].rows)


def test_the_verdict_stands_before_the_table(small, page, parsed):
    verdict = Verdict("<b> leads.", ("It is 4 points ahead.", "Few seeds."), "a t-test, 0.05")
    league, other = small.leagues
    views = (replace(league.views[0], verdict=verdict), *league.views[1:])
    told = render(replace(small, leagues=(replace(league, views=views), other)))
    section = told.partition('id="l-1"')[2]
    words = ("&lt;b&gt; leads.", "It is 4 points ahead. Few seeds.", '<table class="ranking"')
    places = [section.index(text) for text in words]
    assert places == sorted(places)
    assert "Groups: a t-test, 0.05." in section
    assert '<p class="headline" hidden></p>' in page
    assert "Groups:" not in parsed.words


def test_rows_tell_leaders_and_where_incomplete_methods_stand(small, page):
    one = render(changed(small, leading=True, partial="2nd of 5 over 1 of 3 settings"))
    assert one.count('<tr class="leading">') == 1 + page.count('<tr class="leading">')
    assert "<bdi>2nd of 5 over 1 of 3 settings</bdi>" in one
    row = Row("m-1", "failed", None, {}, notes=("seed 1 failed",), partial="2nd of 5")
    assert notes(row, every=False) == ["2nd of 5"]
    assert notes(row, every=True) == ["2nd of 5", "seed 1 failed"]


def test_one_ranking_is_shown_first(small):
    assert default(EMPTY) == ""
    assert default(small) == "l-1"
    chosen = render(replace(small, default="l-2"))
    assert '<body data-default="l-2">' in chosen
    assert '<option value="l-2" selected>' in chosen
    assert chosen.count(" selected>") == 1


def test_every_view_is_a_part_of_the_page(small, parsed):
    panels = parsed.find("data-panel")
    for name in ("ranking", "methods", "settings", "cost"):
        assert panels.count(name) == len(small.leagues)
    for name in ("compare", "studies", "about"):
        assert panels.count(name) == 1
        assert name in parsed.find("id")


def test_headings_go_one_level_deeper_at_a_time(page, parsed):
    levels = [int(tag[1]) for tag in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_card_tells_how_to_run_it_again(small, parsed):
    entrant = small.leagues[0].entrants[13]
    assert entrant.key in parsed.find("id")
    for words in (entrant.command, entrant.source_hash, entrant.environments[0]):
        assert words in parsed.words
    assert "beta = 1.0" in parsed.words
    assert "Uses ground truth yes, of the whole pool" in parsed.words


def study(group="measured", title="Measured (protocol 1.0)"):
    """A stand-in."""
    cells = (
        StudyCell(-0.625, p_value=0.0004, significant=True),
        StudyCell(1.24, "%", 0.05, significant=True, signed=True),
        StudyCell(3, "whole"),
        None,
    )
    rows = (("random", cells), ("bald", (StudyCell(2.5, spread=0.25), None, None, None)))
    table = StudyTable("A table", "Method", ("a", "b", "c", "d"), rows, "Bold: p < 0.1.")
    lines = (StudyLine("random", "", (1.0, None, 3.0)), StudyLine("bald", "", (2.0, 2.5, 1.0)))
    chart = StudyChart(
        "A chart", ("x", "y", "z"), ("Size", "AUBC (%)"), (StudyPanel("acdc", lines),)
    )
    part = StudyPart(
        title=title,
        group=group,
        answer="Smaller <b>queries</b> are better.",
        leagues=("l-1",),
        tables=(table,),
        charts=(chart,),
        notes=("A note.",),
        sources=(StudySource("Some paper", "https://example.org/paper", "table 8"),),
    )
    return Study("study-query-size", "Query size", "Do smaller queries help?", (part,))


def test_a_long_table_of_a_study_says_where_the_rest_is(small):
    stand_in = study()
    (part,) = stand_in.parts
    (table,) = part.tables
    rows = tuple((f"method {number}", table.rows[0][1]) for number in range(41))
    part = replace(part, tables=(replace(table, rows=rows),))
    parsed = Parsed(render(replace(small, studies=(replace(stand_in, parts=(part,)),))))
    assert "method 39" in parsed.words
    assert "method 40" not in parsed.words
    assert "Shown: the first 40 of 41 rows; the JSON download has all." in parsed.words


def test_a_study_has_question_answer_tables_chart_and_source(small):
    page = render(replace(small, studies=(study(),)))
    parsed = Parsed(page)
    for words in (
        "Query size Do smaller queries help? Measured (protocol 1.0) Smaller <b>queries</b>",
        "-0.63 p < 0.001",
        "+1.2 p = 0.050",
        "2.50 \N{PLUS-MINUS SIGN} 0.25",
        "Source: Some paper , table 8.",
        "A note.",
    ):
        assert words in parsed.words
    assert "<strong>+1.2</strong>" in page
    assert "<strong>3</strong>" not in page
    assert {"studies", "study-query-size", "study-query-size-measured-1-chart-0"} <= set(
        parsed.find("id")
    )
    assert "https://example.org/paper" not in parsed.find("href")
    assert "study-query-size" not in Parsed(render(small)).find("id")


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
    assert set(levels) >= {3, 4, 5}
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_whoever_cites_the_protocol_links_to_its_section():
    board = make_board(Entries((), ()), published=True)
    page = render(board)
    section = page.index('<section id="protocol">')
    cited = [*CITED.finditer(page[:section])]
    assert len(cited) > 10
    for found in cited:
        link = f'<a href="#protocol-{found[0][-1]}">'
        # A tooltip can't hold a link.
        assert page[: found.start()].endswith(link) or _in_tag(page, found.start())
    assert "protocol section 6" in board.leagues[0].notes[2]


def _in_tag(page, place):
    return page.rfind("<", 0, place) > page.rfind(">", 0, place)


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
        assert less.count("drawn only with JavaScript") == len(found)


@pytest.mark.slow
def test_the_full_board_stays_under_three_megabytes():
    assert len(render(boards.board(20, 24)).encode()) < 3_000_000
