import re
from html.parser import HTMLParser

import pytest

from benchmark.results import Failure
from leaderboard.board import make_board
from leaderboard.entries import Entries, LeftOut
from leaderboard.page import render

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "--></style></title><base href=https://evil.example>",
    "\u202egnp.exe\u0000\u200b\nsecond line",
    "$\\undefined{$_^",
    "&lt;b&gt;&#60;i&#62;",
]


class Parsed(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.attributes = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)

    def handle_data(self, data):
        self.text.append(data)

    def find(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]


def page_of(*results, left_out=()):
    return render(make_board(Entries(results, tuple(left_out))))


def two_methods(make):
    return [make(m, s, (0.5, 0.6, 0.7 + s / 10)) for m in ("bald", "random") for s in (1, 2)]


def test_the_page_asks_nobody_for_anything_and_runs_nothing(make):
    page = page_of(*two_methods(make))
    parsed = Parsed(page)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in parsed.find("content")
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(parsed.tags)
    assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
    for name in ("href", "xlink:href", "src", "srcset", "action"):
        assert all(value.startswith("#") for value in parsed.find(name))
    assert "@import" not in page
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*['\"]?([^)]*)", page))
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_page_holds_figures_tables_and_what_they_mean(make):
    page = page_of(*two_methods(make))
    parsed = Parsed(page)
    text = " ".join(" ".join(parsed.text).split())
    # Final Dice .8 and .9; AUBC (.5+2*.6+.8)/4 = .625 and .65
    assert "85.0 ± 7.1" in text
    assert "63.7 ± 1.8" in text or "63.8 ± 1.8" in text
    assert "lite figures compare with nothing but each other" in text
    assert "How to read it." in text
    assert "Some CPU, 2 cores; no accelerator; Python 3.11.2; nnunetv2 2.8.1" in text
    assert "1e99253" in text
    assert set(parsed.find("scope")) == {"col", "row"}
    assert parsed.find("aria-sort") == ["descending"]
    assert parsed.tags.count("table") == 1
    assert len(parsed.find("id")) == len(set(parsed.find("id")))


def test_a_comparable_track_carries_no_warning(make):
    page = page_of(
        *(result.model_copy(update={"comparable": True}) for result in two_methods(make))
    )
    assert "compare with nothing" not in page


def test_what_has_no_answer_is_na_with_its_reason(make, broken):
    page = page_of(make(), make("mine", dice=(0.5,), failure=broken, origin="submission"))
    assert '<abbr title="a spread needs at least 2 seeds">n/a</abbr>' in page
    assert '<abbr title="no complete experiment">n/a</abbr>' in page
    assert broken.reason in page


def test_left_out_files_are_listed(make):
    page = page_of(make(), left_out=[LeftOut("x/result.json", "field 'seed': <b>bad</b>")])
    assert "x/result.json" in page
    assert "&lt;b&gt;bad&lt;/b&gt;" in page
    assert "Left out" not in page_of(make())


def test_a_board_with_nothing_that_counts_still_has_a_page():
    assert "No result counts so far" in page_of(left_out=[LeftOut("result.json", "broken")])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_submission_brings_is_markup(make, text):
    def evil(failure, text):
        base = make("mine", name=text, description=text, origin="submission", failure=failure)
        environment = base.environment.model_copy(
            update={"cpu": text, "commit": text, "packages": {text: text}}
        )
        dataset = base.dataset.model_copy(update={"split_kind": text, "checksum": text})
        method = base.method.model_copy(update={"id": text})
        fields = {"environment": environment, "dataset": dataset, "method": method, "track": text}
        return base.model_copy(update=fields)

    def page(text):
        failure = Failure(step=text, loop=1, reason=text)
        second = evil(failure, text).model_copy(update={"seed": 2})
        return page_of(evil(None, text), second, left_out=[LeftOut(text, text)])

    harmless, hostile = Parsed(page("harmless")), Parsed(page(text))
    assert hostile.tags == harmless.tags
    names = [[(tag, name) for tag, name, _ in p.attributes] for p in (harmless, hostile)]
    assert names[0] == names[1]
    assert "49" not in hostile.text
    assert not {"\u202e", "\u200b", "\u0000"} & set("".join(hostile.text))
