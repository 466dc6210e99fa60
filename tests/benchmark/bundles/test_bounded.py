"""The quick way to read a stranger's JSON refuses what the slow one does."""

import json

import pytest

from benchmark.bundles import bounded
from benchmark.bundles.bounded import MOST_LEVELS, bounded_json
from nnactive.errors import UserError

FINE = {
    "empty": {},
    "lists": {"a": [1, -2, 0], "b": [[], [[1], ["x"]], 1.5], "c": [None, True, {"d": "é"}]},
    "deep": json.loads('{"a":' * MOST_LEVELS + "1" + "}" * MOST_LEVELS),
    "largest": [10**19 - 1, 1 - 10**19, "x" * 10_000, 1e308],
}
WRONG = {
    "a key twice": '{"a": 1, "b" : 2, "a": 3}',
    "a key twice in a list": '[[{"a": 1, "a" \n: 1}]]',
    "too deep": "[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1),
    "20 digits in a list": f"[1, {10**19}]",
    "20 digits below 0": f'{{"a": -{10**19}}}',
    "infinite": '{"a": [1e999, "x"]}',
    "a name for no number": "[NaN]",
    "a long text in a list": json.dumps(["x" * 10_001, "y"]),
    "a long key": json.dumps({"x" * 10_001: 1}),
    "many keys": json.dumps({str(n): n for n in range(10_001)}),
    "half a pair": '["\\ud83d"]',
    "no JSON": "[1,]",
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_read_the_quick_way(name, monkeypatch) -> None:
    monkeypatch.delattr(bounded, "_slowly")
    for indent in (None, 1):
        assert bounded_json(json.dumps(FINE[name], indent=indent)) == FINE[name]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_words(name) -> None:
    with pytest.raises(UserError):
        bounded_json(WRONG[name])


def test_what_looks_like_a_key_in_a_text_is_none() -> None:
    content = {"a": 'say "b": c', 'd"': ['"', '" :']}
    assert bounded_json(json.dumps(content)) == content
