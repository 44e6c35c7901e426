"""From the firm's codes to the numbers that Dynamics gives the same things.

Customer, project, contract, invoice and personnel numbers come from number sequences shared by all companies. That is
this tenant's convention, not the product's: it is why one list of numbers with `cross-company=true` is unambiguous.
"""

import re

_CODE = re.compile(r"(?P<kind>[A-Z]+)-(?P<number>\d+)")


def _number(code: str, kind: str) -> int:
    found = _CODE.fullmatch(code)
    if not found or found["kind"] != kind:
        message = f"{code!r} is no code such as {kind}-007"
        raise ValueError(message)
    return int(found["number"])


def data_area(entity: str) -> str:
    """Return the company of a legal entity: NB-US is nbus. It is the LegalEntityId, too."""
    return entity.replace("-", "").lower()


def period_id(entity: str, period: str) -> str:
    """Return the id of a legal entity's fiscal period: nbus-2026-P03."""
    return f"{data_area(entity)}-{period}"


def customer_account(customer: str) -> str:
    """Return a customer's account: CUS-07 is C-10007."""
    return f"C-{10_000 + _number(customer, 'CUS')}"


def personnel_number(person: str) -> str:
    """Return a person's personnel number: RES-023 is 000123."""
    return f"{100 + _number(person, 'RES'):06}"


def project_id(engagement: str) -> str:
    """Return the one project that controls an engagement: ENG-007 is P-000007."""
    return f"P-{_number(engagement, 'ENG'):06}"


def contract_id(contract: str) -> str:
    """Return a project contract's id: CON-007 is PC-000007."""
    return f"PC-{_number(contract, 'CON'):06}"


def contract_line_id(line: str) -> str:
    """Return a contract line's id: CON-007-L1 is PC-000007-1."""
    contract, _, position = line.rpartition("-L")
    return f"{contract_id(contract)}-{int(position)}"


def amendment_id(amendment: str) -> str:
    """Return a contract amendment's id: CON-018-A2 is PC-000018-A2."""
    contract, _, number = amendment.rpartition("-A")
    return f"{contract_id(contract)}-A{int(number)}"


def invoice_number(invoice: str) -> str:
    """Return the number of a legal document, which is the firm's own: INV-2602-008."""
    return invoice


def opportunity_id(opportunity: str) -> str:
    """Return an opportunity's id: OPP-020 is OP-000020."""
    return f"OP-{_number(opportunity, 'OPP'):06}"


def transaction_id(entry: str) -> str:
    """Return the posting of a time entry: TE-02117 is TR-002117."""
    return f"TR-{_number(entry, 'TE'):06}"


def labor_category(role: str) -> str:
    """Return the category that a role's hours are posted by: SENIOR is LC-SENIOR."""
    return f"LC-{role}"


def expense_transaction_id(expense: str) -> str:
    """Return the posting of an expense: EXP-0042 is TX-000042."""
    return f"TX-{_number(expense, 'EXP'):06}"
