"""Rate cards, their versions and what an hour of each role sells for in them; the PSA keeps the bill cards alone.

A rate card has a currency, a version belongs to a card, and a role's rate to a version. What a version says beside that
(its number, whom it is for) and from when to when a rate holds stand in custom fields: the product has a rate card set
version with an effective date for it, which a reader without code could not join.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from demo.emulator import Row
from demo.firm.model import Firm, Rate, RateCard
from demo.kantata import ids
from demo.kantata.values import base_unit, exact, stamps, subunits

STATUS: Final = {"DRAFT": "unpublished", "ACTIVE": "published", "RETIRED": "retired"}


def _bill_cards(firm: Firm) -> list[RateCard]:
    return [card for card in firm.rate_cards if card.kind == "BILL"]


def rate_cards(firm: Firm) -> Iterator[Row]:
    """Yield a rate card for all versions of a bill card."""
    cards = sorted(_bill_cards(firm), key=lambda card: ids.rate_card_version_id(card.code))
    for position, (id_, versions) in enumerate(groupby(cards, key=lambda card: ids.rate_card_id(card.code))):
        first = next(versions)
        yield {
            "id": id_,
            "currency": first.currency,
            "rate_card_set_title": first.name,
            "removable": False,
            **stamps(firm, position),
        }


def rate_card_versions(firm: Firm) -> Iterator[Row]:
    """Yield a version for every bill card of the firm."""
    for position, card in enumerate(_bill_cards(firm)):
        yield {
            "id": ids.rate_card_version_id(card.code),
            "default_rate": None,
            "rate_card_id": ids.rate_card_id(card.code),
            "custom_fields": _version(card),
            **stamps(firm, position),
        }


def _version(card: RateCard) -> Row:
    return {
        "code": card.code,
        "title": card.name,
        "kind": "bill",
        "version": card.version,
        "status": STATUS[card.status],
        "currency": card.currency,
        "workspace_id": ids.workspace_id(card.engagement) if card.engagement else None,
        "workspace_group_id": ids.group_id(card.customer) if card.customer else None,
        "legal_entity": card.entity,
    }


def rate_card_roles(firm: Firm) -> Iterator[Row]:
    """Yield a role's rate for every rate of the bill cards."""
    priced = [(card, rate) for card in _bill_cards(firm) for rate in card.rates]
    for position, (card, rate) in enumerate(priced):
        yield {
            "id": ids.rate_card_role_id(card.code, rate.role),
            "rate": subunits(rate.amount, card.currency),
            "rate_card_version_id": ids.rate_card_version_id(card.code),
            "role_id": ids.role_id(rate.role),
            "custom_fields": _rate(card, rate),
            **stamps(firm, position),
        }


def _rate(card: RateCard, rate: Rate) -> Row:
    return {
        "rate": exact(rate.amount),
        "currency": card.currency,
        "currency_base_unit": base_unit(card.currency),
        "unit": rate.unit.lower(),
        "user_id": ids.user_id(rate.person) if rate.person else None,
        "region": rate.region,
        "effective_from": rate.start.isoformat(),
        "effective_to": rate.end.isoformat() if rate.end else None,
    }
