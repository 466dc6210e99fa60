from pathlib import Path

import pytest

from nnactive.errors import UserError
from nnactive.io.yamls import read_yaml

MERGED = """
a: &a {name: one, size: 1}
b: &b
  <<: *a
  name: two
c:
  <<: *b
  name: three
"""


def test_a_merged_key_may_be_overridden(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(MERGED)
    content = read_yaml(file)
    assert content["b"] == {"name": "two", "size": 1}
    assert content["c"] == {"name": "three", "size": 1}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("a: 1\nb: 2\na: 3\n", r"not valid YAML \(duplicate key 'a' at line 3, column 1"),
        ("a: {b: 1, c: {d: 1, d: 2}}", "duplicate key 'd' at line 1"),
        ("a: [1", "not valid YAML"),
        ("&a [*a, b: {", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, content: str | bytes, cause: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=cause) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: no such track file"):
        read_yaml(tmp_path / "none.yaml", "track file")
    with pytest.raises(UserError, match="a folder, not a card"):
        read_yaml(tmp_path, "card")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Not a directory; give a card"):
        read_yaml(tmp_path / "file" / "card.yaml", "card")
