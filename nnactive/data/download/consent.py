"""The user's consent to a dataset's licence: asked for once, stored beside the raw data."""

from collections.abc import Sequence

from nnactive.data.card_fields import Statement
from nnactive.data.cards import Card
from nnactive.data.download.folders import Folders
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.io.models import StateFile


class Consent(StateFile):
    """The licence that was accepted."""

    licence: str
    licence_url: str | None = None
    terms: str | None = None
    stated: tuple[Statement, ...] = ()
    collections: tuple[Statement, ...] = ()


def of_card(card: Card) -> Consent:
    """The licence that the user is asked to accept."""
    return Consent(
        licence=card.licence,
        licence_url=card.licence_url,
        terms=card.terms,
        stated=card.stated_licences,
        collections=card.collections,
    )


def is_given(card: Card, folders: Folders) -> bool:
    """Whether exactly this licence has been accepted."""
    return folders.consent.exists() and read_model(folders.consent, Consent) == of_card(card)


def give(card: Card, folders: Folders) -> None:
    """Store that the user has accepted the licence."""
    write_model(folders.consent, of_card(card))


def require(card: Card, folders: Folders) -> None:
    """Refuse to continue without consent.

    Raises:
        UserError: the licence has not been accepted; names the flag to accept it.
    """
    if not is_given(card, folders):
        raise UserError(f"{card.name}: {described(card)}; accept it with --accept-licence")


def described(card: Card) -> str:
    """The licence in one line."""
    address = f" ({card.licence_url})" if card.licence_url else ""
    terms = f": {card.terms.rstrip('.')}" if card.terms else ""
    stated, parts = _listed(card.stated_licences), _listed(card.collections)
    disagree = f"; its sources disagree; the strictest applies ({stated})" if stated else ""
    collections = f"; the collections it is made of have their own ({parts})" if parts else ""
    return f"the licence is {card.licence}{address}{terms}{disagree}{collections}"


def _listed(statements: Sequence[Statement]) -> str:
    return ", ".join(f"{one.of}: {one.licence}" for one in statements)
