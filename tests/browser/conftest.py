"""A real browser without the internet: Chromium that can resolve no name, and a watch on what a page does wrong."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from colonnade.pages import BUILT, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

    from tests.conftest import House

# Chromium asks hosts of its own at every start unless told; then no name but the machine's own resolves.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# Tall enough for a whole answer: the editor draws no line that is out of sight.
WINDOW: Any = {"width": 1400, "height": 2400}
LISTEN = """
globalThis.violations = [];
addEventListener('securitypolicyviolation', (event) =>
    violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


class Visit:
    """A page in a browser profile of its own, and everything that it asked for or complained of."""

    def __init__(self, page: Page, url: str, provider: str) -> None:
        self.page, self.url, self.provider = page, url, provider
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        page.add_init_script(LISTEN)
        page.context.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"pageerror: {error}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # A worker's breach of the policy is told here too.
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def strangers(self) -> list[str]:
        """Return what was asked of any other server than the page's own and the one that people sign in at."""
        known = {urlsplit(url).netloc for url in (self.url, self.provider)}
        return [request.url for request in self.requests if urlsplit(request.url).netloc not in known]

    def violations(self) -> list[str]:
        """Return what the policy forbade."""
        return list(self.page.evaluate("globalThis.violations"))


def _missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(f"NOT CHECKED: {what}")


@pytest.fixture(scope="session")
def browser(running: House) -> Iterator[Browser]:
    """Debian's Chromium. After the house: Playwright's event loop runs on, and the house needs one for itself."""
    del running
    path = shutil.which("chromium")
    if path is None:
        _missing("Chromium is not installed")
    if not (BUILT / PAGE).is_file():
        _missing("GraphiQL is not built: run 'make assets'")
    # Every worker of the fast suite reads this file, and none of them needs a browser.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, house: House) -> Iterator[Visit]:
    """GraphiQL, just signed in; afterwards it has asked nobody but the provider and has complained of nothing."""
    with browser.new_context(viewport=WINDOW) as context:
        visit = Visit(context.new_page(), house.url.removesuffix("/graphql") + "/graphiql", house.running.issuer.url)
        visit.page.goto(visit.url)
        visit.page.get_by_role("button", name="Sign in").click()
        visit.page.get_by_role("button", name="integration-steward").click()
        visit.page.locator(".graphiql-query-editor .view-line").first.wait_for()
        yield visit
        assert (visit.strangers(), visit.violations(), visit.complaints) == ([], [], [])
