from nnactive.texts import is_hidden, plain


def test_texts_of_others_become_one_visible_line() -> None:
    assert plain("a\n\x1b[31mb\u202e \ud800  c\u2028d\u00a0 ") == "a [31mb c d"
    assert plain("x" * 10**6, 5) == "xxxx\N{HORIZONTAL ELLIPSIS}"
    assert plain("xxxxx", 5) == "xxxxx"
    assert plain("\u200b\ud800\n") == ""


def test_what_nobody_sees_is_hidden() -> None:
    assert all(map(is_hidden, "\n\u200b\u202e\ud800\ue000\u2028"))
    assert not any(map(is_hidden, "a \u65b9\u00e9"))
