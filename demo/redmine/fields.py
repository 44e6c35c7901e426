"""The firm's custom fields in Redmine, by their numbers: what a PSA must say and this product has no field for."""

from typing import Final

# Each: number, class, name. A number is for good; a name may be changed by any administrator.
FIELDS: Final = (
    (1, "ProjectCustomField", "Colonnade key"),
    (2, "ProjectCustomField", "Delivery status"),
    (3, "ProjectCustomField", "Planned start"),
    (4, "ProjectCustomField", "Planned end"),
    (5, "ProjectCustomField", "ERP reference"),
    (6, "ProjectCustomField", "Engagement"),
    (7, "ProjectCustomField", "Kind"),
    (8, "ProjectCustomField", "Customer"),
    (9, "ProjectCustomField", "Manager"),
    (10, "ProjectCustomField", "Legal entity"),
    (11, "TimeEntryCustomField", "Colonnade key"),
    (12, "TimeEntryCustomField", "Entry code"),
    (13, "TimeEntryCustomField", "Approval"),
    (14, "TimeEntryCustomField", "Billable hours"),
    (15, "TimeEntryCustomField", "Approver"),
    (16, "TimeEntryCustomField", "Invoiced"),
    (17, "TimeEntryCustomField", "Reason"),
    (18, "TimeEntryCustomField", "Node"),
    (19, "TimeEntryCustomField", "Role"),
    (20, "TimeEntryCustomField", "Billing class"),
    (21, "IssueCustomField", "Task code"),
    (22, "IssueCustomField", "Role"),
    (23, "IssueCustomField", "Rate"),
    (24, "IssueCustomField", "Currency"),
    (31, "ProjectCustomField", "Planned hours"),
    (32, "ProjectCustomField", "Currency"),
    (33, "ProjectCustomField", "Planned revenue"),
    (34, "ProjectCustomField", "Planned cost"),
    (35, "ProjectCustomField", "Parent node"),
    (36, "ProjectCustomField", "Phase"),
    (37, "ProjectCustomField", "Region"),
    (38, "ProjectCustomField", "Version"),
    (41, "UserCustomField", "Role"),
)
# What nobody sees who is not of the service: it tells a margin.
CONFIDENTIAL: Final = frozenset({34})
