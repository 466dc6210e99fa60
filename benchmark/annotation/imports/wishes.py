"""What ``--empty`` and ``--accept`` confirm: ids of patches, of the newest round unless said."""

from collections.abc import Iterable, Iterator
from typing import Final

from benchmark.annotation.imports.decide import Wish
from benchmark.annotation.imports.known import Known
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds.model import Round
from nnactive.errors import UserError

ALL: Final = "all"
Key = tuple[int, str]


def wishes_of(
    known: Known, empty: Iterable[str], accept: Iterable[str]
) -> tuple[dict[Key, Wish], dict[Key, Wish]]:
    """What was confirmed, by round and patch.

    Args:
        known: the project.
        empty: comma lists of ids, ``round_01/p07`` or ``all``.
        accept: the same.

    Returns:
        Patches that were named, and those that ``all`` means: of these only the open ones.

    Raises:
        UserError: there is no such patch, or both were said of one.
    """
    exact: dict[Key, Wish] = {}
    general: dict[Key, Wish] = {}
    options: tuple[tuple[Wish, Iterable[str]], ...] = (("empty", empty), ("accept", accept))
    for wish, texts in options:
        for word in _words(texts):
            number, patch_id = _parsed(known, word, wish)
            if patch_id == ALL:
                keys = [(number.number, each.id) for each in number.patches]
                twice = [key for key in keys if general.get(key, wish) != wish]
                general |= dict.fromkeys(keys, wish)
            else:
                key = (number.number, patch_id)
                twice = [key] if exact.get(key, wish) != wish else []
                exact[key] = wish
            if twice:
                raise UserError(
                    f"--{wish} {word}: was also given as --empty; a patch holds no class, or its "
                    "draft is right: choose one"
                )
    return exact, general


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (word.strip() for word in text.split(",") if word.strip())


def _parsed(known: Known, word: str, wish: Wish) -> tuple[Round, str]:
    folder, _, patch_id = word.rpartition("/")
    named = {round_name(each.number): each for each in known.rounds}
    if folder and folder not in named:
        raise UserError(f"--{wish} {word}: no {folder}; there are {', '.join(named)}")
    number = named[folder] if folder else known.rounds[-1]
    if patch_id != ALL and number.patch(patch_id) is None:
        ids = [each.id for each in number.patches]
        raise UserError(
            f"--{wish} {word}: {round_name(number.number)} has no {patch_id}; its patches are "
            f"{ids[0]} to {ids[-1]}"
        )
    return number, patch_id
