"""YAML files that a user writes: read strictly, with one line where they are wrong."""

from pathlib import Path
from typing import Any

import yaml

from nnactive.errors import UserError


def read_yaml(path: Path, what: str = "file") -> Any:
    """Content of a YAML file.

    Args:
        path: the file.
        what: it is called in errors, such as "track file".

    Raises:
        UserError: no such file, one that can't be read, not YAML, or a key that is given twice
            (of which YAML's readers take the last one in silence).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such {what}") from None
    except IsADirectoryError:
        raise UserError(f"{path}: a folder, not a {what}; give the path of a YAML file") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give a {what} that can be read") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not valid YAML ({error})") from None
    try:
        return yaml.load(text, _Strict)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        cause = " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
        raise UserError(f"{path}: not valid YAML ({cause})") from None


class _Strict(yaml.SafeLoader):
    """Refuses a key that is given twice; what is merged in by ``<<`` may be given anew."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Check the keys as they were written, before others are merged in."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key.value}' is given twice", key.start_mark
                )
            seen.add((key.tag, key.value))
        return node
