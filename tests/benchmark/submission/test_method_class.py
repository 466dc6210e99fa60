"""Loading a submitted file: what was loaded before must not change what is refused."""

import shutil
from pathlib import Path

import pytest

from benchmark.submission.files.find import find
from benchmark.submission.files.frozen import stage
from benchmark.submission.method_class import submitted_class
from nnactive.errors import UserError

EXAMPLE = Path(__file__).parents[3] / "examples" / "my_method.py"


def test_a_loaded_file_under_another_ending_is_still_not_python(tmp_path: Path) -> None:
    again = tmp_path / "again.py"
    text = shutil.copy(EXAMPLE, tmp_path / "again.txt")
    shutil.copy(EXAMPLE, again)
    one, other = stage(find(again)), stage(find(EXAMPLE))
    assert one.bundle.digest == other.bundle.digest
    assert submitted_class(one, "MyMethod") is not submitted_class(other, "MyMethod")
    with pytest.raises(UserError, match="not a Python file"):
        find(Path(text))
