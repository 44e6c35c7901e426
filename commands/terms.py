"""What was agreed for an engagement, read live: its contract's lines, the nodes of work they pay for, its prices.

Terms    an engagement as delivery, as an object of control, and as a contract; internal work has none
Prices   the cards of one contract line, the newest version first
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from commands.command import Finding, Stop
from commands.money import known
from policies.rates import Scope, Segment, Work, rate, segments, versions
from policies.rounding import rounded
from schema.contract import BillingModel, ContractLineRow, ContractRow
from schema.engagement import EngagementErpRow, EngagementRow, ErpProjectStatus
from schema.legal_entity import LegalEntityRow
from schema.problems import Code
from schema.project import ProjectRow
from schema.rate_card import RateCardRow
from schema.rows import Ref, System

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from commands.asking import Asking
    from schema.values import Money

HOURLY = frozenset({BillingModel.TIME_AND_MATERIALS, BillingModel.TIME_AND_MATERIALS_CAPPED})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed. `delivering` is the legal entity that delivery books the engagement under.

    `paid` are the lines by the node that they pay for, where they name one.
    """

    engagement: EngagementRow
    control: EngagementErpRow
    entity: LegalEntityRow
    delivering: Ref | None
    nodes: dict[Ref, ProjectRow]
    contract: ContractRow | None
    lines: tuple[ContractLineRow, ...]
    paid: dict[Ref, ContractLineRow]

    def sound(self) -> None:
        """Stop where nothing may be posted: finance has closed it, or the systems differ on entity or currency."""
        if known(self.control.erp_status, "whether finance has the project open") is not ErpProjectStatus.OPEN:
            raise Stop(Finding(Code.PROJECT_CLOSED, "finance has closed the engagement to postings"))
        if self.delivering not in {None, self.entity.ref}:
            said = "delivery and finance name different legal entities for the engagement"
            raise Stop(Finding(Code.LEGAL_ENTITY_MISMATCH, said))
        planned = self.engagement.planned_revenue
        if self.contract is not None and planned is not None and planned.currency != self.contract.currency:
            said = "delivery and finance name different currencies for the contract"
            raise Stop(Finding(Code.CURRENCY_MISMATCH, said))

    def line(self, project: Ref | None) -> ContractLineRow:
        """Return the line that pays for a node: its own, or the one of the nearest above it; or stop."""
        for node in self._above(project):
            if node.ref in self.paid:
                return self.paid[node.ref]
        if len(self.lines) == 1:
            return self.lines[0]
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "no line of the contract pays for this project"))

    def region(self, project: Ref | None) -> str | None:
        """Return the region of a node, or of the nearest above it."""
        return next((node.region for node in self._above(project) if node.region), None)

    def rounded(self, amount: Decimal, currency: str) -> Money:
        """Return an amount of a line of the entity's documents."""
        return rounded(amount, currency, known(self.entity.rounding_mode, "how the legal entity rounds"))

    def _above(self, project: Ref | None) -> Iterator[ProjectRow]:
        node = self.nodes.get(project) if project else None
        while node is not None:
            yield node
            node = self.nodes.get(node.parent) if node.parent else None


class Prices(msgspec.Struct, frozen=True):
    """What hours sell for under one contract line."""

    versions: tuple[list[Segment], ...]

    def of(self, work: Work) -> Money:
        """Return what an hour sells for, or stop: a gap is an error, and the nearest rate is no answer."""
        found = rate(self.versions, work)
        if found is None:
            said = f"no rate of the contract's rate card is valid for this role on {work.on.isoformat()}"
            raise Stop(Finding(Code.RATE_GAP, said))
        return found


async def terms_of(ask: Asking, ref: Ref) -> Terms:
    """Return what was agreed for an engagement, or stop where the systems do not know it."""
    engagement = await ask.one("engagements_by_id", ref, row=EngagementRow)
    control = await ask.maybe("engagements_erp", ref, row=EngagementErpRow)
    if control is None or control.contracting_entity is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "finance has no project for the engagement"), subjects=(ref,))
    nodes = {node.ref: node for node in await ask.many("projects_by_engagement", ref, row=ProjectRow)}
    top = next((node for node in nodes.values() if node.parent is None), None)
    booked = top.delivering_entity if top else None
    contract = await ask.maybe("contracts_by_engagement", ref, row=ContractRow)
    lines = await ask.many("contract_lines_by_contract", contract.ref, row=ContractLineRow) if contract else []
    words = [await ask.word(line.project, System.PSA) if line.project else None for line in lines]
    return Terms(
        engagement=engagement,
        control=control,
        entity=await ask.entity(control.contracting_entity),
        delivering=await ask.word(booked, System.ERP) if booked else None,
        nodes=nodes,
        contract=contract,
        lines=tuple(lines),
        paid={word: line for word, line in zip(words, lines, strict=True) if word is not None},
    )


async def prices_of(ask: Asking, terms: Terms, line: ContractLineRow) -> Prices:
    """Return the prices of a contract line: of the card that it names, else of the card for whom it is."""
    contract = known(terms.contract, "the contract")
    cards = [card for card in await ask.find("RateCard") if isinstance(card, RateCardRow)]
    word = await ask.word(line.rate_card, System.PSA) if line.rate_card else None
    named = next((card for card in cards if card.ref == word), None)
    if line.rate_card is not None and named is None:
        raise Stop(Finding(Code.MASTER_DATA_MISSING, "there is no rate card as the contract's line names it"))
    entity = await ask.word(terms.entity.ref, System.PSA)
    scope = Scope(terms.engagement.ref, terms.engagement.customer, entity)
    pricing = versions(cards, scope, known(contract.currency, "the contract's currency"), named)
    rates = await ask.all("rates_by_rate_card", [card.ref for card in pricing])
    return Prices(tuple(segments(rates[card.ref] or []) for card in pricing))
