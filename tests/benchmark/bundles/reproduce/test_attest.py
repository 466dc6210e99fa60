"""Attestations of who reproduced an entry."""

import pytest

from benchmark.bundles.levels import Attestation, Repeated
from benchmark.bundles.reproduce.attest import attest
from nnactive.errors import UserError
from nnactive.io.files import read_model

DONE = (Repeated(setting="s", seed=1, loops=(0, 1), difference=0.01, allowed=0.02, agrees=True),)


def test_it_names_the_bundle_the_level_and_who(tmp_path) -> None:
    file = attest(tmp_path, "d" * 64, "replayed", "Ada L., Institute of X", DONE)
    assert file is not None
    assert file.name.startswith("replayed-ada-l-institute-of-x-")
    made = read_model(file, Attestation)
    assert (made.bundle, made.level, made.by) == ("d" * 64, "replayed", "Ada L., Institute of X")
    assert made.repeated == DONE
    assert made.environment.python


def test_where_nothing_was_judged_nothing_is_attested(tmp_path) -> None:
    assert attest(tmp_path, "d" * 64, "replayed", "Ada", ()) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("by", ["", "  ", "a\u202eb", "x" * 101, "a\nb"])
def test_a_name_that_shows_nobody_is_refused(tmp_path, by: str) -> None:
    with pytest.raises(UserError, match="--by"):
        attest(tmp_path, "d" * 64, "replayed", by, DONE)


def test_a_name_of_other_letters_makes_a_file_name(tmp_path) -> None:
    file = attest(tmp_path, "d" * 64, "re-run", "李雷/../x", DONE)
    assert file is not None
    assert file.parent == tmp_path
