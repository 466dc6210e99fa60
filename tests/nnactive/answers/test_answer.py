import json
import os
import resource
import time
from pathlib import Path

import pytest

from nnactive.answers.answer import (
    ANSWER,
    STATE,
    Answer,
    Problem,
    read_answer,
    read_state,
    tidy,
    write_answer,
)
from nnactive.answers.plain import CONTAINERS, UnbelievableError, parse_plain
from nnactive.geometry import Patch

PATCHES = (Patch("a", (0, 1, 2), (4, 4, 4)), Patch("ä b", (8, 0, 0), (4, 4, 4)))
SOUND = {"patches": [], "error": None, "part": False, "device": "cpu", "device_memory_gib": None}


def put(folder: Path, **fields: object) -> None:
    (folder / ANSWER).write_text(json.dumps({**SOUND, **fields}))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(patches=PATCHES, device_memory_gib=1.5),
        Answer(patches=()),
        Answer(problem=Problem("contract", "Mine: too few")),
        Answer(part=True),
    ],
    ids=["patches", "none", "problem", "part"],
)
def test_what_is_written_is_read(tmp_path: Path, answer: Answer) -> None:
    write_answer(tmp_path, answer, b'{"a":[1]}')
    assert read_answer(tmp_path, 2) == answer
    assert read_state(tmp_path, 100, 5) == b'{"a":[1]}'


def test_no_answer_is_none(tmp_path: Path) -> None:
    assert read_answer(tmp_path, 2) is None
    assert read_state(tmp_path, 100, 5) is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"patches": [["a", [0, 0, 0], [4, 4]]]}, "three whole numbers"),
        ({"patches": [["a", [0, 0, 0.0], [4, 4, 4]]]}, "three whole numbers"),
        ({"patches": [["a", [0, 0, True], [4, 4, 4]]]}, "three whole numbers"),
        ({"patches": [["a", [0, 0, 2**40], [4, 4, 4]]]}, "three whole numbers"),
        ({"patches": [[1, [0, 0, 0], [4, 4, 4]]]}, "short text"),
        ({"patches": [["a" * 999, [0, 0, 0], [4, 4, 4]]]}, "short text"),
        ({"patches": [["a", [0, 0, 0]]]}, "a case id, a start and a size"),
        ({"patches": {"a": 1}}, "aren't a list"),
        ({"patches": None}, "either patches or an error"),
        ({"part": True}, "either patches or an error"),
        ({"patches": None, "error": {"kind": "killed", "text": ""}}, "known kind"),
        ({"patches": None, "error": {"kind": [], "text": ""}}, "known kind"),
        ({"patches": None, "error": "why"}, "a kind and a text"),
        ({"device": "a\nb"}, "the device has no name"),
        ({"device_memory_gib": 1e9}, "number of GiB"),
        ({"device_memory_gib": True}, "number of GiB"),
        ({"oracle": False}, "other fields"),
        ({"patches": [[[[[[]]]]]]}, "nested deeper than 4"),
        ({"patches": [["x" * 90, [0] * 3, [0] * 3]] * 5000}, "larger than"),
    ],
    ids=range(19),
)
def test_anything_else_is_not_believed(
    tmp_path: Path, fields: dict[str, object], text: str
) -> None:
    put(tmp_path, **fields)
    with pytest.raises(UnbelievableError, match=text):
        read_answer(tmp_path, 2)


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', '{"a": 1, "a": 1}', "\xff", "9" * 5000])
def test_what_is_not_json_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / STATE).write_bytes(text.encode("latin-1"))
    with pytest.raises(UnbelievableError, match="isn't JSON"):
        read_state(tmp_path, 10_000, 5)


@pytest.mark.parametrize("kind", ["link", "second name", "pipe", "folder"])
def test_only_a_plain_file_is_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text("[1]")
    if kind == "link":
        (tmp_path / STATE).symlink_to("secret")
    elif kind == "second name":
        os.link(tmp_path / "secret", tmp_path / STATE)
    elif kind == "pipe":
        os.mkfifo(tmp_path / STATE)
    else:
        (tmp_path / STATE).mkdir()
    with pytest.raises(UnbelievableError, match=r"plain file|can't be read"):
        read_state(tmp_path, 100, 5)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"[" * 10**6, "nested deeper"),
        (b"[" + b"[]," * (CONTAINERS + 1) + b"1]", "holds more than"),
        (b'"' + b'\\"' * 10**6, "isn't JSON"),
        (b'"' * 10**6, "isn't JSON"),
    ],
    ids=["deep", "many", "open", "quotes"],
)
def test_a_bomb_takes_neither_time_nor_memory(content: bytes, text: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    with pytest.raises(UnbelievableError, match=text):
        parse_plain(content, "x", 50)
    assert time.process_time() - begin < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_brackets_in_a_text_are_text() -> None:
    assert parse_plain(b'["[[[[[[", "\\"]]"]', "x", 1) == ["[[[[[[", '"]]']


def test_a_reason_is_one_short_line_that_steers_no_terminal() -> None:
    assert tidy("a\n\x1b[31mb\u202ec\ud800 ") == "a [31mbc"
    assert len(tidy("x" * 10**6)) == 500
