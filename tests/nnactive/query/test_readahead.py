import threading

import numpy as np
import pytest

from nnactive.query.readahead import ReadAhead

SECONDS = 10


class Reader:
    """Counts what is read, and says when a case's reading has ended."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.done = {case: threading.Event() for case in "abcdef"}

    def __call__(self, case: str) -> np.ndarray:
        self.read.append(case)
        self.done[case].set()
        return np.array([ord(case)])


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_only_the_next_image_is_read_ahead(reader: Reader) -> None:
    images = ReadAhead(reader)
    images.announce("abcd")
    assert reader.read == []
    for case, ahead in (("a", "b"), ("b", "c"), ("c", "d")):
        assert images(case) == ord(case)
        assert reader.done[ahead].wait(SECONDS)
        assert sorted(reader.read) == [chr(n) for n in range(ord("a"), ord(ahead) + 1)]
    assert images("d") == ord("d")
    assert sorted(reader.read) == ["a", "b", "c", "d"]  # each once


def test_any_order_gives_each_case_its_own_array(reader: Reader) -> None:
    images = ReadAhead(reader)
    images.announce("abcdef")
    for case in "caebfdaff":
        assert images(case) == ord(case)


def test_a_skipped_case_does_not_stop_reading_ahead(reader: Reader) -> None:
    images = ReadAhead(reader)
    images.announce("abcde")
    images("a")
    images("c")
    assert reader.done["d"].wait(SECONDS)


def test_without_an_announcement_only_requests_are_read(reader: Reader) -> None:
    images = ReadAhead(reader)
    images.announce("ab")
    images.announce(())
    for case in "ab":
        images(case)
    assert reader.read == ["a", "b"]


def test_a_read_failure_reaches_the_caller() -> None:
    def read(case: str) -> np.ndarray:
        if case == "b":
            raise OSError("disk gone")
        return np.zeros(1)

    images = ReadAhead(read)
    images.announce("abc")
    images("a")
    with pytest.raises(OSError, match="disk gone"):
        images("b")
    assert images("c").shape == (1,)
