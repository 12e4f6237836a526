"""All tables, so that Django finds them."""

from sekisho.store.models.access import (
    Account,
    Bundle,
    Entitlement,
    Grant,
    ObservedHolding,
    ProtectedAccount,
    System,
    SystemRead,
)
from sekisho.store.models.administration import InstallationProposal
from sekisho.store.models.boundary import Company, Unit
from sekisho.store.models.jobs import Job, Schedule, Worker
from sekisho.store.models.ledger import LedgerAnchor, LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode
from sekisho.store.models.orders import (
    Manifest,
    MappingProfile,
    Order,
    OrderFile,
    OrderFileContent,
    OrderFileRow,
    OrderUpload,
    Screening,
)
from sekisho.store.models.people import EmployeeNumber, Person, PersonLink, PersonName, RosterPost, Stint
from sekisho.store.models.plans import Cutover, Finding, OperationRecord, Plan, PlanApproval, VerificationRun
from sekisho.store.models.rules import (
    FolderRow,
    Holiday,
    Installation,
    Parameter,
    Rule,
    RuleApprovers,
    RuleException,
    RuleProposal,
)
from sekisho.store.models.tokens import ApiToken, KeptReply
from sekisho.store.models.users import RoleAssignment, User

__all__ = [
    "Account",
    "ApiToken",
    "Bundle",
    "Company",
    "Cutover",
    "EmployeeNumber",
    "Entitlement",
    "Finding",
    "FolderRow",
    "Grant",
    "Holiday",
    "Installation",
    "InstallationProposal",
    "Job",
    "KeptReply",
    "LedgerAnchor",
    "LedgerCheckpoint",
    "LedgerContent",
    "LedgerEntry",
    "LedgerNode",
    "Manifest",
    "MappingProfile",
    "ObservedHolding",
    "OperationRecord",
    "Order",
    "OrderFile",
    "OrderFileContent",
    "OrderFileRow",
    "OrderUpload",
    "Parameter",
    "Person",
    "PersonLink",
    "PersonName",
    "Plan",
    "PlanApproval",
    "ProtectedAccount",
    "RoleAssignment",
    "RosterPost",
    "Rule",
    "RuleApprovers",
    "RuleException",
    "RuleProposal",
    "Schedule",
    "Screening",
    "Stint",
    "System",
    "SystemRead",
    "Unit",
    "User",
    "VerificationRun",
    "Worker",
]
