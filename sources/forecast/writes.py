"""What forecasting can be asked to change, whichever product plays it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from schema.rows import Ref, System
from sources.writes import Record, Text, Write, write


@write(System.FORECAST, makes="Engagement")
class OpenProject(Write, frozen=True, kw_only=True):
    """An engagement that people are planned for; one that was planned as an opportunity goes on as this.

    One that begins anew needs its customer.
    """

    engagement: Record
    opportunity: Ref | None = None
    customer: Ref | None = None
    code: Text
    name: str
    legal_entity: Ref


@write(System.FORECAST)
class CloseProject(Write, frozen=True, kw_only=True):
    """An engagement that nobody is planned for any more."""

    engagement: Ref


@write(System.FORECAST, makes="RoleDemand")
class CreateDemand(Write, frozen=True, kw_only=True):
    """People wanted in a role, from a day on. `role_code` is what the deal called it."""

    engagement: Record
    code: Text
    role: Ref
    role_code: str
    start: date
    end: date
    hours_per_week: Decimal
    region: str | None = None


@write(System.FORECAST)
class SetDemandDates(Write, frozen=True, kw_only=True):
    """The days of a demand."""

    demand: Ref
    start: date
    end: date


@write(System.FORECAST)
class FillDemand(Write, frozen=True, kw_only=True):
    """A demand that a named person meets."""

    demand: Ref
    assignment: Record


@write(System.FORECAST, makes="Assignment")
class CreateAllocation(Write, frozen=True, kw_only=True):
    """The plan's copy of a firm assignment; forecasting may split it at leave."""

    assignment: Record
    code: Text
    engagement: Ref
    resource: Ref
    role: Ref
    start: date
    end: date
    hours_per_day: Decimal
    billable: bool


@write(System.FORECAST)
class SetAllocationDates(Write, frozen=True, kw_only=True):
    """The days of a planned assignment: what lies behind them is free again."""

    assignment: Ref
    start: date
    end: date


@write(System.FORECAST)
class RecordActual(Write, frozen=True, kw_only=True):
    """What a person worked for an engagement on a day, in total."""

    engagement: Ref
    resource: Ref
    role: Ref
    work_date: date
    hours: Decimal
    billable: bool


@write(System.FORECAST, makes="Milestone")
class RecordMilestone(Write, frozen=True, kw_only=True):
    """A milestone that was reached, for the plan to show."""

    engagement: Ref
    milestone: Ref
    name: str
    reached: date
