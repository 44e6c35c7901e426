"""The firm with Tryton as ERP, CRM and HR, beside the emulated PSA."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from demo.firm.model import Firm
from demo.systems import Bound, Words, psa
from demo.tryton.ids import TrytonIds, load_ids
from demo.tryton.numbers import number_of
from demo.tryton.server import TrytonServer, serve

# Roles that take changes; nothing changes the others, whatever goes wrong here.
WRITTEN = ("erp", "crm")


@dataclass(frozen=True, slots=True)
class Log:
    """What Tryton was asked: methods of its JSON-RPC."""

    server: TrytonServer

    def calls(self) -> list[str]:
        """Return the calls since they were last cleared, oldest first."""
        return [request.rpc or request.path for request in self.server.requests()]

    def clear(self) -> None:
        """Forget them."""
        self.server.clear()


@contextmanager
def with_tryton(
    firm: Firm, delivery_as: Callable[[Firm], AbstractContextManager[Bound]] = psa
) -> Iterator[list[Bound]]:
    """Run a PSA, the emulated Kantata if no other one is named, and the installed Tryton, which plays three roles."""
    words = tryton_words(load_ids())
    with delivery_as(firm) as delivery, serve() as server:
        address = f"{server.base_url}/{server.database}"
        yield [
            delivery,
            *(Bound(role, "tryton", address, _secrets(server, role), words[role], Log(server)) for role in words),
        ]


def _secrets(server: TrytonServer, role: str) -> Mapping[str, str]:
    return {"user": server.writer if role in WRITTEN else server.user, "password": server.password}


def tryton_words(ids: TrytonIds) -> Mapping[str, Words]:
    """Return, by role, what Tryton calls the firm's things.

    To finance an engagement is a number, the one that its work and the analytic account of its invoice lines share.
    """
    customer, entity = _word(ids.customers), _word(ids.legal_entities)
    return {
        "erp": {
            "Customer": customer,
            "Engagement": number_of,
            "LegalEntity": entity,
            # A card is kept in delivery, and known here by the firm's own code.
            "RateCard": str,
            "Resource": _word(ids.people),
        },
        "crm": {"Customer": customer, "LegalEntity": str, "Opportunity": _word(ids.opportunities)},
        "hr": {"LegalEntity": entity, "Resource": _word(ids.people)},
    }


def _word(ids: Mapping[str, int]) -> Callable[[str], str | None]:
    return lambda code: str(ids[code]) if code in ids else None
