"""The record: SQLAlchemy models and the way to open them. SQLite (WAL) by default, PostgreSQL for many."""

from huiyin.records.audit import AuditRow
from huiyin.records.base import Base, Record, utcnow
from huiyin.records.documents import AnalysisRow, Correction, DocumentRow, Fetch, Quarantine, Source, Visit
from huiyin.records.issues import (
    ISSUE_STATES,
    OPEN_STATES,
    Alert,
    AlertRule,
    Constraint,
    Issue,
    IssueDocument,
    IssueEvent,
    IssueLevel,
)
from huiyin.records.kits import (
    Brief,
    BriefDelivery,
    Clause,
    Clock,
    Draft,
    DraftVersion,
    Fact,
    Policy,
    Promise,
    Remark,
    Rumour,
    RumourMatch,
    Signoff,
    Statement,
)  # fmt: skip
from huiyin.records.leases import Lease
from huiyin.records.people import (
    ROLES,
    IdempotencyKey,
    LoginSession,
    Organisation,
    Preference,
    SavedSearch,
    Token,
    User,
)
from huiyin.records.privacy import Access, Erasure, Impact, OptOut

__all__ = [
    "ISSUE_STATES", "OPEN_STATES", "ROLES", "Access", "Alert", "AlertRule", "AnalysisRow", "AuditRow", "Base", "Brief", "BriefDelivery",
    "Clause", "Clock", "Constraint", "Correction", "DocumentRow", "Draft", "DraftVersion", "Erasure", "Fact", "Fetch",
    "IdempotencyKey", "Impact", "Issue", "IssueDocument", "IssueEvent", "IssueLevel", "Lease", "LoginSession", "OptOut",
    "Organisation", "Policy", "Preference", "Promise", "Quarantine", "Record", "Remark", "Rumour", "RumourMatch",
    "SavedSearch", "Signoff", "Source", "Statement", "Token", "User", "Visit", "utcnow",
]  # fmt: skip
