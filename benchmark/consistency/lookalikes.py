"""Names that readers see: visible, and not to be taken for another's."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from nnactive.texts import is_hidden

LONGEST: Final = 100
_LOOK: Final = (
    "0430a 0435e 043eo 0440p 0441c 0443y 0445x 0456i 0458j 0455s 0501d 04bbh 04cfl 0475v 043ak "
    "0410a 0412b 0415e 0417z 041ak 041cm 041dh 041eo 0420p 0421c 0422t 0423y 0425x 0406i 0408j "
    "0405s 042cb 03b1a 03b3y 03b9i 03bak 03bdv 03bfo 03c1p 03c4t 03c5u 03c7x 0391a 0392b 0395e "
    "0396z 0397h 0399i 039ak 039cm 039dn 039fo 03a1p 03a4t 03a5y 03a7x 0131i 0261g 0030o 0031l "
    "007cl"
)
"""Characters by code point, and the Latin letter that each looks like."""
ALIKE: Final = {int(each[:4], 16): each[4] for each in _LOOK.split()}


def name_problems(text: str) -> Iterator[str]:
    """What is wrong with a name that readers see."""
    if not any(character.isalnum() for character in text):
        yield "has no letter or digit"
    if len(text) > LONGEST:
        yield f"has more than {LONGEST} characters"
    if any(map(is_hidden, text)):
        yield "has characters that can't be seen"


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that readers could confuse.

    >>> skeleton("BALD") == skeleton("b\u0430ld"), skeleton("power bald") == skeleton("power_bald")
    (True, True)
    """
    folded = unicodedata.normalize("NFKD", name).translate(ALIKE).casefold().translate(ALIKE)
    # Capital I, small l and 1 look alike in many typefaces.
    return "".join(each for each in folded if each.isalnum()).replace("i", "l")
