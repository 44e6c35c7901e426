"""The firm's Redmine as one bound system."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from demo.firm.model import Firm
from demo.redmine.ids import issue_id, project_id, rate_card_id, role_id, time_entry_id, user_id
from demo.redmine.server import RedmineServer, serve
from demo.systems import Bound

TOPMOST: Final = "-P"


@dataclass(frozen=True, slots=True)
class Running(Bound):
    """The bound system, with its server to be looked into."""

    server: RedmineServer


@contextmanager
def with_redmine(firm: Firm) -> Iterator[Running]:
    """Run the installed Redmine as the PSA."""
    with serve() as server:
        credentials = {"user": server.key, "password": "x"}
        yield Running("psa", "redmine", server.base_url, credentials, redmine_words(firm), server, server)


def redmine_words(firm: Firm) -> Mapping[str, Callable[[str], str | None]]:
    """Return what Redmine calls the firm's things. It has the topmost nodes of a breakdown alone."""
    known = {engagement.code for engagement in firm.engagements}

    def project(node: str) -> str | None:
        code = node.removesuffix(TOPMOST)
        return project_id(code) if code != node and code in known else None

    won = {deal.code: deal.engagement for deal in firm.opportunities if deal.engagement}

    def opportunity(code: str) -> str | None:
        return project_id(won[code]) if code in won else None

    return {
        # What other systems are home to stands here under the firm's own codes.
        "Customer": str,
        "Engagement": project_id,
        "LegalEntity": str,
        "Opportunity": opportunity,
        "Project": project,
        "RateCard": rate_card_id,
        "Resource": user_id,
        "Role": role_id,
        "Task": issue_id,
        "TimeEntry": time_entry_id,
    }
