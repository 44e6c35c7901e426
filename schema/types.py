"""Every type with a home. One file a type; this is their list."""

from __future__ import annotations

from schema.assignment import Assignment
from schema.contract import Contract, ContractLine
from schema.customer import Customer
from schema.engagement import Engagement
from schema.fiscal_period import FiscalPeriod
from schema.invoice import Invoice, InvoiceLine
from schema.legal_entity import LegalEntity
from schema.opportunity import Opportunity
from schema.project import Project
from schema.resource import Resource
from schema.role import Role
from schema.role_demand import RoleDemand
from schema.task import Task

TYPES: tuple[type, ...] = (
    Assignment,
    Contract,
    ContractLine,
    Customer,
    Engagement,
    FiscalPeriod,
    Invoice,
    InvoiceLine,
    LegalEntity,
    Opportunity,
    Project,
    Resource,
    Role,
    RoleDemand,
    Task,
)
