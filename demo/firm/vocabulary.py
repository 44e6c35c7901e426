"""The closed word lists of the canonical vocabulary that the firm's records use."""

from typing import Literal

WeekStart = Literal["MON", "SUN"]
CalendarPattern = Literal["CALENDAR_MONTH", "WEEKS_445"]
YearLabelRule = Literal["START_YEAR", "END_YEAR", "NEAREST_DECEMBER"]
RoundingMode = Literal["HALF_UP", "HALF_EVEN", "DOWN"]
TaxRounding = Literal["PER_LINE", "PER_DOCUMENT"]
CreditStatus = Literal["OK", "ON_HOLD"]

WorkerType = Literal["EMPLOYEE", "CONTRACTOR"]
EmploymentStatus = Literal["ACTIVE", "ON_LEAVE", "TERMINATED"]
AbsenceKind = Literal["VACATION", "UNPAID_LEAVE"]

OpportunityStage = Literal["PROSPECT", "QUALIFIED", "PROPOSED", "NEGOTIATING", "WON", "LOST"]
BillingModel = Literal["TIME_AND_MATERIALS", "TIME_AND_MATERIALS_CAPPED", "FIXED_FEE_MILESTONE", "RETAINER", "INTERNAL"]
EngagementStatus = Literal["PROPOSED", "PLANNED", "ACTIVE", "ON_HOLD", "COMPLETED", "CLOSED", "CANCELLED"]
ErpProjectStatus = Literal["OPEN", "BLOCKED", "CLOSED"]
NodeKind = Literal["PROJECT", "WORKSTREAM", "PHASE"]
ProjectPhase = Literal["INITIATE", "DESIGN", "BUILD", "TEST", "DEPLOY", "RUN_OFF"]
TaskStatus = Literal["NOT_STARTED", "IN_PROGRESS", "DONE"]
MilestoneStatus = Literal["PLANNED", "COMPLETED", "CANCELLED"]
Acceptance = Literal["NOT_REQUIRED", "REQUIRED", "RECEIVED"]

Commitment = Literal["TENTATIVE", "FIRM"]
AssignmentStatus = Literal["PROPOSED", "TENTATIVE", "FIRM", "ACTIVE", "ENDED", "CANCELLED"]
AssignmentBasis = Literal["HOURS_PER_DAY", "TOTAL_HOURS"]
DemandStatus = Literal["DRAFT", "OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "LAPSED"]
ScenarioKind = Literal["BASELINE", "PIPELINE_WEIGHTED", "WHAT_IF"]

BillingClass = Literal["BILLABLE", "FEE_COVERED", "NON_BILLABLE", "COMPLIMENTARY", "INTERNAL"]
ApprovalStatus = Literal["DRAFT", "SUBMITTED", "APPROVED", "REJECTED", "RECALL_REQUESTED", "CANCELLED"]
PostingStatus = Literal["NOT_POSTED", "POSTED", "REVERSED", "REFUSED"]
BillingStatus = Literal["NOT_BILLABLE", "UNBILLED", "READY", "HELD", "ON_INVOICE", "BILLED", "WRITTEN_OFF"]
SourceState = Literal["DRAFT", "SUBMITTED", "APPROVED", "POSTED", "BILLED"]
ExpenseCategory = Literal["TRAVEL", "HOTEL", "MEALS"]

RateCardKind = Literal["BILL", "COST", "TRANSFER"]
RateCardStatus = Literal["DRAFT", "ACTIVE", "RETIRED"]
RateUnit = Literal["HOUR", "DAY"]
CapBehavior = Literal["BLOCK", "SPLIT", "WARN"]
RevenueMethod = Literal["OVER_TIME_INPUT", "OVER_TIME_OUTPUT", "AS_INVOICED", "POINT_IN_TIME"]
RevenueStatus = Literal["PLANNED", "POSTED", "REVERSED"]
BillingEventKind = Literal["TIME", "EXPENSE", "MILESTONE", "RETAINER", "ADJUSTMENT"]
BillingEventStatus = Literal["PENDING", "READY", "HELD", "ON_DRAFT", "INVOICED", "CANCELLED"]
InvoiceKind = Literal["INVOICE", "CREDIT_NOTE"]
DocumentStatus = Literal["DRAFT", "IN_REVIEW", "POSTED", "CANCELLED"]
PaymentStatus = Literal["UNPAID", "PARTIAL", "PAID", "REVERSED"]
ExchangeRateType = Literal["SPOT", "PERIOD_AVERAGE", "CONTRACT_FIXED"]

PeriodKind = Literal["REGULAR", "ADJUSTMENT"]
PeriodStatus = Literal["FUTURE", "OPEN", "CLOSING", "CLOSED", "LOCKED"]
Module = Literal["TIME", "AR", "GL", "REVENUE"]
