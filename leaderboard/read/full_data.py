"""What the dataset's card decides: the full-data Mean Dice, and across which axis slices lie."""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from benchmark.collect import full_data_dice
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined
from nnactive.errors import UserError

if TYPE_CHECKING:
    from nnactive.data.cards import Card


def with_full_data(result: Facts) -> Facts | Undefined:
    """The result with the card's full-data Dice, where a card knows one for its setting.

    A file that says something else is not used. Where no card knows it, the file's stays.
    """
    card = _card(result.setting.dataset)
    known = None if card is None else full_data_dice(result.setting, card)
    said = result.dataset.full_data_dice
    if known is None or said == known:
        return result
    if said is not None:
        return Undefined(
            f"full_data_dice is {said:.6g}, but the card of {result.setting.dataset} says "
            f"{known:.6g}"
        )
    dataset = result.dataset.model_copy(update={"full_data_dice": known})
    return replace(result, dataset=dataset)


def with_slices_of_the_card(result: Facts) -> Facts:
    """The result without labelling effort if it was counted across another axis than the card's.

    Earlier versions counted across z in every dataset; the rest of such a result stands.
    """
    card = _card(result.setting.dataset)
    if card is None or card.slice_axis == result.dataset.slice_axis:
        return result
    dataset = result.dataset.model_copy(update={"pool_effort": None, "slice_axis": card.slice_axis})
    loops = tuple(replace(loop, effort=None) for loop in result.loops)
    return replace(result, dataset=dataset, loops=loops)


@cache
def _card(dataset: str) -> "Card | None":
    from nnactive.data.cards import load_card

    try:
        return load_card(dataset)
    except UserError:
        return None
