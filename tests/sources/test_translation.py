"""From a source's words to ours: exact, or null with its reason, or the whole record refused; never a guess."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schema.assignment import AllocationBasis, AssignmentRow, Commitment
from schema.customer import CustomerErpRow
from schema.engagement import EngagementRow, EngagementStatus
from schema.fiscal_period import FiscalPeriodRow, LedgerModule, PeriodStatus
from schema.holiday_calendar import Holiday, HolidayCalendarRow
from schema.invoice import InvoiceLineRow, InvoiceRow
from schema.legal_entity import LegalEntityRow, WeekStart
from schema.problems import Code, Problem
from schema.project import ProjectErpRow
from schema.resource import ResourceRow, Weekday
from schema.rows import Origin, Ref, System
from schema.time_entry import TimeEntryRow
from schema.values import CurrencyCode, DateRange, Money
from sources.columns import Columns
from sources.contract import decode, follow
from sources.converting import Codes
from sources.fields import RuleError
from sources.manifest import Entity
from sources.translation import RowReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schema.rows import Row

CODES = {
    "commitment": {"true": "FIRM", "false": "TENTATIVE"},
    "status": {"310": "ACTIVE", "410": "ON_HOLD"},
    "state": {"Open": "OPEN", "Shut": "CLOSED"},
    "week": {"1": "MON", "7": "SUN"},
    "open": {"Yes": "true", "No": "false"},
}


def read(row: type[Row], rules: str, source: str, functions: Mapping[str, Callable[..., object]] | None = None) -> Any:
    """Read one record, written as JSON, by these rules, written as TOML."""
    entity = Entity.model_validate(tomllib.loads(f'path = "/x"\nid = "id"\n[fields]\n{rules}'))
    reader = RowReader(row, entity, Codes(CODES, lambda *_: None), "erp.north", Columns(follow, functions or {}))
    raw = decode(source.encode())
    ref = reader.ref(raw)
    assert ref == Ref(row.type, "erp.north", "1")
    found = reader.read(raw, ref, Origin(System.ERP, "erp.north", datetime(2026, 4, 8, tzinfo=UTC)))
    assert_no_float(found)
    return found


def assert_no_float(value: object) -> None:
    """Assert that no part of a value is a float."""
    assert not isinstance(value, float)
    if is_dataclass(value):
        for field in fields(value):
            assert_no_float(getattr(value, field.name))
    for name in getattr(value, "__struct_fields__", ()):
        assert_no_float(getattr(value, name))


def one(rule: str, value: str, field: str = "number", row: type[Row] = InvoiceRow) -> Any:
    """Read the one field that the rule is for; a record that is refused is its Problem's code."""
    found = read(row, f"{field} = {rule}", f'{{"id": "1", "it": {value}, "cur": "USD"}}')
    return found.code if isinstance(found, Problem) else getattr(found, field)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("13125.400", "KWD", "13125.400"),
        ("13125.4", "KWD", "13125.400"),
        ('"13125.4"', "KWD", "13125.400"),
        ("19713000", "JPY", "19713000"),
        ("19713000.0", "JPY", "19713000"),
        ("-3600", "USD", "-3600.00"),
        ("0", "EUR", "0.00"),
        ("0.30000000000000004", "EUR", "0.30000000000000004"),
        ("4.35", "EUR", "4.35"),
        ("1.005", "EUR", "1.005"),
        ("1e3", "EUR", "1000.00"),
        ("12.5E-1", "EUR", "1.25"),
        ('".5"', "EUR", "0.50"),
        ('"+7"', "EUR", "7.00"),
        ("12345678901234567890.12", "EUR", "12345678901234567890.12"),
    ],
)
def test_money_is_exact(amount: str, currency: str, shown: str) -> None:
    """Every digit of the source stays, and at least the currency's own are shown."""
    found = read(
        InvoiceRow, 'net = { amount = "it", currency = "cur" }', f'{{"id": "1", "it": {amount}, "cur": "{currency}"}}'
    )
    assert (str(found.net.amount), found.net.currency) == (shown, currency)


@pytest.mark.parametrize(
    "number",
    [
        *(
            "true",
            "[]",
            "{}",
            '"ten"',
            '"1_000"',
            '" 5 "',
            '"1,5"',
            '"1.2.3"',
            '"0x10"',
            '"\u0661"',
            '"NaN"',
            '"-Infinity"',
        ),
        *("123456789012345678901", "1e20", "1e999999", "1e-29", "0.12345678901234567890123456789", '"1e9999999999"'),
    ],
)
def test_what_is_no_number_of_a_firm_costs_the_record(number: str) -> None:
    """Other types, other scripts, and numbers so long that they would be rounded: the record cannot be read."""
    assert one('"it"', number, "quantity", InvoiceLineRow) is Code.BAD_ROW
    assert one('{ at = "it", unit = "percent" }', number, "allocation", AssignmentRow) is Code.BAD_ROW
    assert one('{ amount = "it", currency = "cur" }', number, "net") is Code.BAD_ROW


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [
        ("440", "7.33"),
        ("450", "7.50"),
        ("20", "0.33"),
        ("40", "0.67"),
        ("0", "0.00"),
        ("1", "0.02"),
        ("480.0", "8.00"),
        ('"90"', "1.50"),
        ("100000001", "1666666.68"),
    ],
)
def test_minutes_become_hours_of_two_digits(minutes: str, hours: str) -> None:
    """7 h 20 min is 7.33."""
    found = one('{ at = "it", unit = "minutes" }', minutes, "total_hours", AssignmentRow)
    assert str(found) == hours


def test_hours_stay_hours() -> None:
    """Without a unit nothing is converted."""
    assert one('"it"', "7.25", "total_hours", AssignmentRow) == Decimal("7.25")


@pytest.mark.parametrize(
    ("percent", "ratio"),
    [("77.63", "0.7763"), ("100", "1.00"), ("0", "0.00"), ('"12.5"', "0.125"), ("33.333", "0.33333")],
)
def test_percent_become_a_ratio(percent: str, ratio: str) -> None:
    """77.63 % is 0.7763, exactly."""
    assert str(one('{ at = "it", unit = "percent" }', percent, "allocation", AssignmentRow)) == ratio


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ('{ at = "it", unit = "noon" }', "2026-03-31T12:00:00Z", date(2026, 3, 31)),
        ('{ at = "it", unit = "noon" }', "2026-03-31T00:00:00Z", Code.BAD_ROW),
        ('{ at = "it", unit = "noon" }', "2026-03-31T23:59:59Z", Code.BAD_ROW),
        ('{ at = "it", unit = "noon" }', "2026-03-31T12:00:00+02:00", Code.BAD_ROW),
        ('{ at = "it", unit = "noon" }', "2026-03-31", Code.BAD_ROW),
        ('{ at = "it", unit = "noon" }', "2026-02-30T12:00:00Z", Code.BAD_ROW),
        ('{ at = "it", unit = "noon" }', "T12:00:00Z", Code.BAD_ROW),
        ('"it"', "2026-03-31", date(2026, 3, 31)),
        ('"it"', "2026-03-31T12:00:00Z", Code.BAD_ROW),
        ('"it"', "31.03.2026", Code.BAD_ROW),
        ('"it"', "20260331", Code.BAD_ROW),
        ('"it"', "2026-W14-2", Code.BAD_ROW),
        ('{ at = "it", nulls = ["1900-01-01"] }', "1900-01-01", None),
        ('"it"', "", None),
    ],
)
def test_a_day_never_passes_through_an_instant(rule: str, text: str, said: object) -> None:
    """A day is a day or its noon in UTC; any other time of it would be a guess, and is refused."""
    assert one(rule, json.dumps(text), "issue_date") == said


@pytest.mark.parametrize("value", ["20260331", "true", "[]", "1774958400", "1.5"])
def test_a_day_is_a_text(value: str) -> None:
    """Seconds since an epoch are nobody's calendar day."""
    assert one('"it"', value, "issue_date") is Code.BAD_ROW
    assert one('{ at = "it", unit = "noon" }', value, "issue_date") is Code.BAD_ROW


def test_nothing_is_null() -> None:
    """Null, the empty text, a missing column, a path through nothing and the source's own words for nothing."""
    rules = 'number = "a"\nnet = { amount = "b", currency = "c" }\nissue_date = { at = "d", nulls = ["1900-01-01"] }'
    for source in (
        '{"id": "1"}',
        '{"id": "1", "a": null, "b": null, "c": "USD", "d": null}',
        '{"id": "1", "a": "", "b": "", "c": "", "d": ""}',
        '{"id": "1", "b": null, "d": "1900-01-01"}',
    ):
        found = read(InvoiceRow, rules, source)
        assert (found.number, found.net, found.issue_date) == (None, None, None)
    for source in (
        '{"id": "1", "a": null}',
        '{"id": "1", "a": {}}',
        '{"id": "1", "a": 5}',
        '{"id": "1", "a": [{"b": 1}]}',
    ):
        assert read(InvoiceRow, 'number = "a.b.c"', source).number is None


@pytest.mark.parametrize("currency", ["null", '""', '"usd"', '"US$"', '"EURO"', '"\u00dcSD"', "840", "true"])
def test_money_without_a_currency_costs_the_record(currency: str) -> None:
    """An amount in no currency is no money; a currency without an amount is none either, but nobody claims it."""
    rule = 'net = { amount = "it", currency = "cur" }'
    found = read(InvoiceRow, rule, f'{{"id": "1", "it": 5, "cur": {currency}}}')
    assert found.code is Code.BAD_ROW
    assert read(InvoiceRow, rule, '{"id": "1", "cur": "USD"}').net is None


def test_a_code_without_a_word_costs_its_field_alone() -> None:
    """The field is a Problem that names it and the system, never the code; everything else of the record stands."""
    rules = 'name = "name"\ndelivery_status = { at = "code", codes = "status" }\nplanned_start = "start"'
    found = read(EngagementRow, rules, '{"id": "1", "name": "Apollo", "code": 999, "start": "2026-03-31"}')
    assert (found.name, found.planned_start) == ("Apollo", date(2026, 3, 31))
    assert found.delivery_status == Problem(
        Code.UNMAPPED_VALUE, "ERP sent a code for Engagement.delivery_status that no rule maps", system="ERP"
    )


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("310", EngagementStatus.ACTIVE),
        ('"310"', EngagementStatus.ACTIVE),
        ("410", EngagementStatus.ON_HOLD),
        ("null", None),
        ('""', None),
        ("310.0", Code.BAD_ROW),
        ("[310]", Code.BAD_ROW),
        ('{"key": 310}', Code.BAD_ROW),
    ],
)
def test_codes_are_numbers_or_texts(code: str, word: object) -> None:
    """A system's code may be a number in one answer and its text in another; a fraction or a list is no code."""
    rules = 'name = "id"\ndelivery_status = { at = "code", codes = "status" }'
    found = read(EngagementRow, rules, f'{{"id": "1", "code": {code}}}')
    assert (found.code if isinstance(found, Problem) else found.delivery_status) == word


def test_codes_may_be_flags() -> None:
    """True and false are codes like others, and are not 1 and 0."""
    rule = '{ at = "it", codes = "commitment" }'
    assert one(rule, "true", "commitment", AssignmentRow) is Commitment.FIRM
    assert one(rule, "false", "commitment", AssignmentRow) is Commitment.TENTATIVE
    assert one(rule, "1", "commitment", AssignmentRow).code is Code.UNMAPPED_VALUE
    assert one(rule, '"True"', "commitment", AssignmentRow).code is Code.UNMAPPED_VALUE
    assert one('{ at = "it", codes = "week" }', "true", "week_start", Entityless).code is Code.UNMAPPED_VALUE


def test_a_flag_may_have_codes() -> None:
    """Each code of a flag is a yes or a no; one without a word costs the field, and no rule means more."""
    rule = '{ at = "it", codes = "open" }'
    assert one(rule, '"Yes"', "posting_allowed", ProjectErpRow) is True
    assert one(rule, '"No"', "posting_allowed", ProjectErpRow) is False
    assert one(rule, '""', "posting_allowed", ProjectErpRow) is None
    assert one(rule, '"Perhaps"', "posting_allowed", ProjectErpRow).code is Code.UNMAPPED_VALUE
    assert one(rule, "true", "posting_allowed", ProjectErpRow).code is Code.UNMAPPED_VALUE
    with pytest.raises(RuleError, match="has words of its own"):
        one('{ at = "it", codes = "commitment" }', '"Yes"', "posting_allowed", ProjectErpRow)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-04-07T16:00:00Z", datetime(2026, 4, 7, 16, tzinfo=UTC)),
        ("2026-04-07T18:00:00+02:00", datetime(2026, 4, 7, 16, tzinfo=UTC)),
        ("2026-04-07T16:00:00.123456789Z", datetime(2026, 4, 7, 16, 0, 0, 123456, tzinfo=UTC)),
        ("", None),
        ("2026-04-07T16:00:00", Code.BAD_ROW),
        ("2026-04-07", Code.BAD_ROW),
        ("20260407T160000Z", Code.BAD_ROW),
        ("2026-W15-2T16:00:00Z", Code.BAD_ROW),
        ("2026-04-07 16:00:00Z", Code.BAD_ROW),
        ("2026-02-30T16:00:00Z", Code.BAD_ROW),
        ("0001-01-01T00:00:00+14:00", Code.BAD_ROW),
        ("\u0662026-04-07T16:00:00Z", Code.BAD_ROW),
    ],
)
def test_an_instant_says_its_offset(text: str, said: object) -> None:
    """RFC 3339 and nothing else, in UTC; one without an offset is nobody's."""
    found = read(
        TimeEntryRow,
        'work_date = "day"\nhours = "hours"\napproved_at = "it"',
        json.dumps({"id": "1", "day": "2026-04-06", "hours": 8, "it": text}),
    )
    assert (found.code if isinstance(found, Problem) else found.approved_at) == said


class Entityless(LegalEntityRow):
    """A legal entity of which nothing is mandatory."""

    code: str = ""
    name: str = ""
    functional_currency: CurrencyCode = CurrencyCode("")


def test_a_constant_needs_no_column() -> None:
    """What is the same for every record of a system is said in its manifest."""
    assert one('{ constant = "TOTAL_HOURS" }', "0", "basis", AssignmentRow) is AllocationBasis.TOTAL_HOURS


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"nbus"', Ref("LegalEntity", "erp.north", "nbus")),
        ("17", Ref("LegalEntity", "erp.north", "17")),
        ("0", Ref("LegalEntity", "erp.north", "0")),
        ('"007"', Ref("LegalEntity", "erp.north", "007")),
        ("null", None),
        ('""', None),
        ("false", Code.BAD_ROW),
        ("1.5", Code.BAD_ROW),
        ("[1]", Code.BAD_ROW),
        (f'"{"x" * 256}"', Code.BAD_ROW),
    ],
)
def test_references_are_in_the_words_of_the_binding(value: str, said: object) -> None:
    """A reference means a record of the system that wrote it, by its id exactly as written; false is nobody's id."""
    assert one('"it"', value, "legal_entity") == said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("payment_terms_days", "30", 30),
        ("payment_terms_days", '"30"', Code.BAD_ROW),
        ("payment_terms_days", "30.0", Code.BAD_ROW),
        ("payment_terms_days", "true", Code.BAD_ROW),
        ("payment_terms_days", "2147483648", Code.BAD_ROW),
        ("payment_terms_days", "-2147483648", -2147483648),
        ("legal_name", '"Acme"', "Acme"),
        ("legal_name", "5", Code.BAD_ROW),
    ],
)
def test_numbers_and_texts_are_not_mixed_up(field: str, value: str, said: object) -> None:
    """A number is no text and a text no number, and GraphQL's Int has 32 bits."""
    assert one('"it"', value, field, CustomerErpRow) == said


def test_flags_are_flags() -> None:
    """Yes is not true."""
    assert one('"it"', "true", "billable", AssignmentRow) is True
    assert one('"it"', "false", "billable", AssignmentRow) is False
    for value in ('"Yes"', "1", "0", '"true"'):
        assert one('"it"', value, "billable", AssignmentRow) is Code.BAD_ROW


def test_a_record_without_a_mandatory_field_is_refused_whole() -> None:
    """No part of it is believed; whom it means is still told, to show in which list its hole is."""
    rules = 'name = "name"\ncustomer = "customer"\nmanager = "manager"\nopportunity = "deal"'
    found = read(EngagementRow, rules, '{"id": "1", "name": null, "customer": "C-1", "manager": [], "deal": null}')
    assert (found.code, str(found)) == (Code.BAD_ROW, "ERP sent a record of Engagement that cannot be read")
    assert found.extensions == {"code": "BAD_ROW", "retryable": False, "system": "ERP"}
    assert found.refs == {"customer": Ref("Customer", "erp.north", "C-1"), "opportunity": None}


def test_ranges_and_lists_are_built_of_parts() -> None:
    """A range has a start and may be open, an end alone is none; a list spelled out has an item for each rule."""
    rules = """
code = "id"
range = { start = "from", end = { at = "to", nulls = ["2154-12-31"] } }
module_status = [
    { module = { constant = "TIME" }, status = { at = "time", codes = "state" } },
    { module = { constant = "AR" }, status = { at = "ar", codes = "state" } },
]
"""
    found = read(
        FiscalPeriodRow, rules, '{"id": "1", "from": "2026-01-01", "to": "2154-12-31", "time": "Open", "ar": "Ajar"}'
    )
    assert found.range == DateRange(start=date(2026, 1, 1), end=None)
    time, receivables = found.module_status
    assert (time.module, time.status) == (LedgerModule.TIME, PeriodStatus.OPEN)
    assert (receivables.module, receivables.status.code) == (LedgerModule.AR, Code.UNMAPPED_VALUE)
    piece = read(FiscalPeriodRow, rules, '{"id": "1", "to": "2026-01-31"}')
    assert (type(piece), piece.code) == (Problem, Code.BAD_ROW)
    assert read(FiscalPeriodRow, rules, '{"id": "1", "to": "2154-12-31"}').range is None


def test_a_list_is_as_long_as_it_is() -> None:
    """Objects and bare values are read one by one, by paths that begin at the item; no list is null."""
    rule = 'days = { each = "off", of = { date = "on", name = "why" } }'
    assert read(HolidayCalendarRow, rule, '{"id": 1, "off": [{"on": "2026-04-03", "why": "Good Friday"}]}').days == [
        Holiday(date=date(2026, 4, 3), name="Good Friday")
    ]
    assert read(HolidayCalendarRow, rule, '{"id": 1, "off": []}').days == []
    assert read(HolidayCalendarRow, rule, '{"id": 1}').days is None
    days = '{ each = "d", of = { at = "item", codes = "week" } }'
    rule = f'display_name = "n"\nwork_schedule = {{ hours_per_week = "h", working_days = {days} }}'
    monday, unknown = read(ResourceRow, rule, '{"id": 1, "n": "A", "h": 8, "d": ["1", "9"]}').work_schedule.working_days
    assert (monday, unknown.code) == (Weekday.MON, Code.UNMAPPED_VALUE)


@pytest.mark.parametrize("items", ['"2026-04-03"', "[null]", '[{"on": "soon", "why": "?"}]', "[{}]"])
def test_a_list_with_a_hole_costs_the_record(items: str) -> None:
    """What is no list, or has an item that says nothing or cannot be read, is not shown as a shorter list."""
    rule = 'days = { each = "off", of = { date = "on", name = "why" } }'
    found = read(HolidayCalendarRow, rule, f'{{"id": 1, "off": {items}}}')
    assert found.code is Code.BAD_ROW


@pytest.mark.parametrize(
    "raw", ["null", "5", "[]", '"1"', "{}", '{"id": null}', '{"id": ""}', '{"id": true}', '{"id": {}}']
)
def test_a_row_without_an_id_is_nobody(raw: str) -> None:
    """Without an id that can be read, a record can't be attributed, and is not."""
    entity = Entity.model_validate({"path": "/x", "id": "id", "fields": {"display_name": "name"}})
    reader = RowReader(ResourceRow, entity, Codes({}, lambda *_: None), "hr", Columns(follow, {}))
    assert reader.ref(decode(raw.encode())) is None


def whole_name(first: str, last: str) -> str:
    """Join a name, as a vendor's translate.py might."""
    return f"{first.title()} {last.upper()}"


def test_a_function_makes_a_value_of_columns() -> None:
    """What data cannot say is computed of the columns that the parameters name; it is read like any other value."""
    rules = 'display_name = "whole_name()"\nemployee_number = "nr"'
    row = '{"id": "1", "first": "ada", "last": "lovelace", "nr": "7"}'
    assert read(ResourceRow, rules, row, {"whole_name": whole_name}).display_name == "Ada LOVELACE"


@pytest.mark.parametrize("first", ["null", "5", "[]", "{}"])
def test_a_function_that_fails_costs_the_record(first: str) -> None:
    """Whatever it trips over was not foreseen: the record cannot be read, and nothing else happens."""
    row = f'{{"id": "1", "first": {first}, "last": "lovelace"}}'
    found = read(ResourceRow, 'display_name = "whole_name()"', row, {"whole_name": whole_name})
    assert found.code is Code.BAD_ROW


def test_money_is_built_by_the_type_itself() -> None:
    """What a reader makes of an amount is the very Money of the schema."""
    assert one('{ amount = "it", currency = "cur" }', "5", "net") == Money.of(Decimal(5), "USD")
    assert WeekStart.MON is one('{ at = "it", codes = "week" }', "1", "week_start", Entityless)
