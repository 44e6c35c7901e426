"""GraphiQL as a person meets it: run, read, type. The fixture asserts of each that nothing foreign was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visit
    from tests.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]

QUERY = Path("web/graphiql/query.graphql")
# The editor draws its lines in any order, each at its own height, with hard spaces.
LINES = """lines => lines
    .map(line => [parseFloat(line.style.top), line.textContent.replaceAll('\\u00a0', ' ')])
    .sort((one, other) => one[0] - other[0]).map(([, text]) => text)"""


def shown(editor: Locator) -> str:
    """Return the text that an editor shows."""
    return "\n".join(editor.locator(".view-line").evaluate_all(LINES))


def test_the_first_query_is_there_and_shows_its_answer(visit: Visit, house: House) -> None:
    """Who opens the page sees a query, clicks once, and reads the graph's own answer, to the last letter."""
    query = QUERY.read_text(encoding="utf-8")
    assert shown(visit.page.locator(".graphiql-query-editor")).strip() == query.strip()
    visit.page.get_by_role("button", name="Execute query").click()
    response = visit.page.locator(".graphiql-response")
    expect(response).to_contain_text("INV-2601-001")
    answer = house.ask(query)
    assert answer.errors == []
    engagements: list[Any] = [edge["node"] for edge in answer.data["engagements"]["edges"]]
    assert [node["name"] for node in engagements][:1] == ["Timetable Resilience Strategy"]
    assert engagements[0]["customer"] == {"displayName": "Aldermoor Rail"}
    assert engagements[0]["invoices"][0]["total"] == {"amount": "71308.80", "currency": "GBP"}
    assert shown(response) == json.dumps({"data": answer.data}, indent=2, ensure_ascii=False)


def test_the_graph_is_asked_by_json_and_names_the_request_itself(visit: Visit) -> None:
    """The page posts JSON to /graphql beside it; the correlation id is the server's to give."""
    with visit.page.expect_response("**/graphql") as answered:
        visit.page.get_by_role("button", name="Execute query").click()
    asked = answered.value.request
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/json")
    assert "x-correlation-id" not in asked.headers
    assert answered.value.headers["x-correlation-id"]


def test_the_docs_explain_a_type(visit: Visit) -> None:
    """The documentation explorer finds a type by its name and shows its description."""
    visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = visit.page.locator(".graphiql-doc-explorer")
    docs.locator(".graphiql-doc-explorer-search").click()
    docs.get_by_role("combobox").fill("Resource")
    docs.get_by_role("option", name="Resource", exact=True).first.click()
    expect(docs.locator(".graphiql-doc-explorer-title")).to_have_text("Resource")
    expect(docs).to_contain_text("A person who works for the firm.")


def test_typing_offers_a_field(visit: Visit) -> None:
    """Half a field's name offers the field and its type: the worker knows the schema."""
    visit.page.locator(".graphiql-query-editor .view-lines").click()
    visit.page.keyboard.press("Control+a")
    visit.page.keyboard.type("{ engagements { edges { node { deliv", delay=20)
    offer = visit.page.locator(".graphiql-query-editor .suggest-widget .monaco-list-row").first
    expect(offer).to_contain_text("deliveryStatus")
    expect(offer).to_contain_text("EngagementStatus")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("deliveryStatus")


def test_a_wrong_field_is_underlined_and_the_formatter_formats(visit: Visit) -> None:
    """What is loaded late, the squiggle's picture and the formatter, comes from the page's own server too."""
    editor = visit.page.locator(".graphiql-query-editor")
    editor.locator(".view-lines").click()
    visit.page.keyboard.press("Control+a")
    visit.page.keyboard.type("{ engagements { nonsense", delay=20)  # the editor closes the brackets itself
    visit.page.keyboard.press("Escape")
    editor.locator(".squiggly-error").wait_for()
    visit.page.get_by_role("button", name="Prettify query").click()
    expect(editor.locator(".view-line")).not_to_have_count(1)
    assert shown(editor).rstrip() == "{\n  engagements {\n    nonsense\n  }\n}"
