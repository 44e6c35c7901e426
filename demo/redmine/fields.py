"""The firm's custom fields in Redmine, by their numbers: what a PSA must say and this product has no field for."""

from typing import Final

# Each: number, class, name. A number is for good; a name may be changed by any administrator.
FIELDS: Final = (
    (1, "ProjectCustomField", "Colonnade key"),
    (2, "ProjectCustomField", "Delivery status"),
    (3, "ProjectCustomField", "Planned start"),
    (4, "ProjectCustomField", "Planned end"),
    (5, "ProjectCustomField", "ERP reference"),
    (11, "TimeEntryCustomField", "Colonnade key"),
    (12, "TimeEntryCustomField", "Entry code"),
    (13, "TimeEntryCustomField", "Approval"),
    (14, "TimeEntryCustomField", "Billable hours"),
    (15, "TimeEntryCustomField", "Approver"),
    (16, "TimeEntryCustomField", "Invoiced"),
    (17, "TimeEntryCustomField", "Reason"),
    (21, "IssueCustomField", "Task code"),
)
