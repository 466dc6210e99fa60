import shlex
from pathlib import Path

import pytest

from nnactive.io.formatting import command, numbers, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (2048, "2.0 KiB"), (5 << 20, "5.0 MiB"), (3 << 30, "3.0 GiB")],
)
def test_sizes_in_words(count, text) -> None:
    assert size(count) == text


def test_a_command_can_be_typed_as_it_is() -> None:
    assert command("data verify acdc", Path("data")) == "nnactive-bench data verify acdc"
    words = shlex.split(command("data verify acdc", Path("/a/da ta")))
    assert words == ["nnactive-bench", "data", "verify", "acdc", "--data", "/a/da ta"]


def test_numbers_have_no_trailing_zeros() -> None:
    assert numbers((5.0, 1.5625)) == "5, 1.5625"
    assert numbers([0.7676, 40], ",") == "0.7676,40"
