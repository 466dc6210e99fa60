"""Read YAML files written by users, strictly; errors are one line."""

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from nnactive.errors import UserError


def read_yaml(path: Path, what: str = "file") -> Any:
    """Content of a YAML file.

    Args:
        path: the file.
        what: name of its kind in errors, such as "track file".

    Raises:
        UserError: if the file is missing, unreadable or not YAML, or has a duplicate key (of
            which YAML parsers silently keep the last value).
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
        return deepcopy(_parsed(text))
    except (yaml.YAMLError, RecursionError) as error:
        cause = " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
        raise UserError(f"{path}: not valid YAML ({cause})") from None


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """What a text says; the same text again (a card that many settings name) costs nothing."""
    return yaml.load(text, _Strict)  # noqa: S506  (a SafeLoader)


class _Strict(yaml.SafeLoader):
    """Refuses duplicate keys; a key that ``<<`` merges in may be overridden."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Check the keys as written, before others are merged in."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key '{key.value}'", key.start_mark
                )
            seen.add((key.tag, key.value))
        return node
