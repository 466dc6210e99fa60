"""Loading a submitted file: what was loaded before must not change what is refused."""

import shutil
from pathlib import Path

import pytest

from benchmark.submission.method_class import submitted_class
from nnactive.errors import UserError

EXAMPLE = Path(__file__).parents[3] / "examples" / "my_method.py"


def test_a_loaded_file_under_another_ending_is_still_not_python(tmp_path: Path) -> None:
    again = tmp_path / "again.py"
    text = shutil.copy(EXAMPLE, tmp_path / "again.txt")
    shutil.copy(EXAMPLE, again)
    assert submitted_class(again, "MyMethod") is submitted_class(EXAMPLE, "MyMethod")
    with pytest.raises(UserError, match="not a Python file"):
        submitted_class(text, "MyMethod")
