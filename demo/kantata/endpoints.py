"""What each list endpoint documents: which parameters filter it, what may be included, what must be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from demo.emulator import Row


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One list. Every value of these mappings is a column.

    `one` takes a single id or word, `many` a list joined by commas; the documents type each filter as one or the other.
    `includes` names associations: only with them an answer shows the column, and then the other table's rows, too.
    `after` and `before` take a day that is not among the wanted ones, `between` two that are, with a colon; `custom`
    names the fields by whose numbers `by_custom_text_value` asks for them. `children` names those to many: the key in
    the other table's rows, that table, and the list of ids shown. `referred` lists can be asked for by other systems'
    names for their rows.
    """

    order: str
    one: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    includes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    children: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    orders: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    between: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)
    referred: bool = False


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "workspaces": Endpoint(
        referred=True,
        order="updated_at:desc",
        many={"only": "id", "workspace_groups": "primary_workspace_group_id", "provider_lead": "primary_maven_id"},
        words={"search": "title", "matching": "title"},
        includes={
            "primary_maven": ("primary_maven_id", "users"),
            "primary_workspace_group": ("primary_workspace_group_id", "workspace_groups"),
        },
        optional=("estimated_minutes",),
        switches=("include_archived", "archived"),
        orders={"title": "title", "start_date": "start_date", "due_date": "due_date"},
        after={"start_date_after": "start_date", "due_date_after": "due_date"},
        before={"start_date_before": "start_date", "due_date_before": "due_date"},
        custom={"41": "engagement_code"},
    ),
    "stories": Endpoint(
        referred=True,
        order="updated_at:desc",
        one={
            "workspace_id": "workspace_id",
            "with_parent_id": "parent_id",
            "with_root_id": "root_id",
            "story_type": "story_type",
        },
        many={"only": "id", "with_projects": "workspace_id", "story_types": "story_type"},
        words={"search": "title"},
        includes={
            "workspace": ("workspace_id", "workspaces"),
            "parent": ("parent_id", "stories"),
            "root": ("root_id", "stories"),
        },
        children={"sub_stories": ("parent_id", "stories", "sub_story_ids")},
        switches=("parents_only", "show_from_archived_workspaces", "show_archived", "all_on_account"),
        between={"due_between": "due_date", "starting_between": "start_date"},
        orders={"start_date": "start_date", "due_date": "due_date"},
    ),
    "users": Endpoint(
        order="alphabetical:asc",
        many={"only": "id", "account_role_ids": "role_id"},
        words={"matching": "full_name", "by_full_name": "full_name"},
        includes={"role": ("role_id", "roles"), "manager": ("manager_id", "users")},
        switches=("on_my_account",),
        orders={"alphabetical": "full_name"},
    ),
    "workspace_allocations": Endpoint(
        referred=True,
        order="updated_at:desc",
        many={
            "only": "id",
            "workspace_ids": "workspace_id",
            "user_ids": "user_id",
            "workspace_resource_ids": "workspace_resource_id",
        },
        includes={
            "workspace": ("workspace_id", "workspaces"),
            "workspace_resource": ("workspace_resource_id", "workspace_resources"),
        },
        switches=("type", "named_resources_only"),
    ),
    "workspace_resources": Endpoint(
        order="updated_at:desc",
        one={"workspace_id": "workspace_id", "user_id": "user_id", "role_id": "role_id"},
        many={"only": "id"},
        words={"matching": "full_name"},
        includes={
            "user": ("user_id", "users"),
            "role": ("role_id", "roles"),
            "workspace": ("workspace_id", "workspaces"),
        },
        optional=("resource_bill_rate",),
    ),
    "workspace_groups": Endpoint(order="updated_at:desc", many={"only": "id"}),
    "roles": Endpoint(order="name:asc", many={"only": "id"}, orders={"name": "name"}),
    "time_entries": Endpoint(
        referred=True,
        order="date_performed:desc",
        one={"workspace_id": "workspace_id"},
        many={"only": "id", "workspace_ids": "workspace_id", "with_user_ids": "user_id"},
        includes={
            "workspace": ("workspace_id", "workspaces"),
            "user": ("user_id", "users"),
            "story": ("story_id", "stories"),
            "role": ("role_id", "roles"),
        },
        switches=("from_archived_workspaces",),
        between={"date_performed_between": "date_performed"},
        orders={"date_performed": "date_performed"},
    ),
    # Expenses of several workspaces, or of several people, cannot be asked for in one call.
    "expenses": Endpoint(
        order="date:desc",
        one={"workspace_id": "workspace_id"},
        many={"only": "id"},
        includes={
            "workspace": ("workspace_id", "workspaces"),
            "user": ("user_id", "users"),
            "story": ("story_id", "stories"),
        },
        switches=("from_archived_workspaces",),
        between={"date_expensed_between": "date"},
        orders={"date": "date", "amount": "amount_in_cents", "category": "category"},
    ),
    "rate_cards": Endpoint(
        order="created_at:desc",
        many={"only": "id", "currencies": "currency"},
        children={"rate_card_versions": ("rate_card_id", "rate_card_versions", "rate_card_version_ids")},
    ),
    "rate_card_versions": Endpoint(
        referred=True,
        order="created_at:desc",
        one={"rate_card_id": "rate_card_id"},
        many={"only": "id"},
        includes={"rate_card": ("rate_card_id", "rate_cards")},
        children={"rate_card_roles": ("rate_card_version_id", "rate_card_roles", "rate_card_role_ids")},
    ),
    "rate_card_roles": Endpoint(
        order="created_at:asc",
        one={"rate_card_version_id": "rate_card_version_id"},
        many={"only": "id", "with_role_ids": "role_id"},
        includes={
            "rate_card_version": ("rate_card_version_id", "rate_card_versions"),
            "role": ("role_id", "roles"),
        },
    ),
    "nb_practices": Endpoint(order="created_at:asc", many={"only": "id"}),
    "nb_time_periods": Endpoint(order="created_at:asc", many={"only": "id", "legal_entities": "legal_entity"}),
}
ALWAYS_ORDERED: Final = {"created_at": "created_at", "updated_at": "updated_at"}
# These foreign keys stand in every answer, included or not.
ALWAYS_SHOWN: Final = {
    "workspace_allocations": {"workspace_resource_id"},
    "workspace_resources": {"workspace_id"},
}


def shown(name: str, row: Row, included: frozenset[str], optional: frozenset[str]) -> Row:
    """Return a row as the endpoint answers it: without the keys nobody included and the fields nobody asked for."""
    endpoint = ENDPOINTS[name]
    keys = {column for association, (column, _) in endpoint.includes.items() if association not in included}
    hidden = (keys - ALWAYS_SHOWN.get(name, set())) | (set(endpoint.optional) - optional)
    return {column: value for column, value in row.items() if column not in hidden}
