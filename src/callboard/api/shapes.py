"""What goes over the wire, where it is not a record as it is kept."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer

from callboard.domain.actor import Actor
from callboard.domain.credential import Credential
from callboard.domain.events.gate import Verdict
from callboard.domain.org.access import Session
from callboard.domain.org.people import Person
from callboard.domain.org.roles import OrgRole, SpaceRole
from callboard.domain.record import AuditEntry
from callboard.domain.run_row import RunRow, RunStatus
from callboard.domain.usage import Usage
from callboard.engine.budgets import Standing
from callboard.engine.ledger import Total
from callboard.engine.secret_values import MASK
from callboard.usecases.gates import OpenGate
from callboard.usecases.sessions import ListedSession
from callboard.usecases.tokens import ListedToken

Dollars = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
Text = Annotated[str, Field(max_length=100_000)]
Short = Annotated[str, Field(max_length=300)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]


class Asked(BaseModel):
    """A body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class PersonView(BaseModel):
    """A person, without what is kept of their password."""

    id: str
    name: str
    email: str | None
    role: OrgRole
    active: bool
    has_password: bool
    joined_at: datetime

    @classmethod
    def of(cls, person: Person) -> Self:
        """Return the view of a person."""
        fields = person.model_dump(include=set(cls.model_fields))
        return cls(**fields, has_password=person.password_hash is not None)


class Me(BaseModel):
    """Who asks, and what they may do."""

    actor: Actor
    role: OrgRole | None
    spaces: dict[str, SpaceRole]
    scopes: list[str] | None
    way: Literal["token", "session", "local"]


class TokenView(BaseModel):
    """A token, without its text."""

    id: str
    name: str
    account: Actor
    scopes: list[str]
    created_by: Actor
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, one: ListedToken) -> Self:
        """Return the view of a token."""
        return cls(**one.token.model_dump(exclude={"secret_sha256"}), used_at=one.used_at)


class NewTokenView(TokenView):
    """A token with its text: the only time that it is shown."""

    token: str


class SessionView(BaseModel):
    """A session, without its text. `current`: it is the one that asks."""

    id: str
    person: str
    way: str
    address: str
    agent: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    current: bool = False

    @classmethod
    def of(cls, one: ListedSession, current: str | None = None) -> Self:
        """Return the view of a session."""
        session: Session = one.session
        fields = session.model_dump(exclude={"secret_sha256", "revoked_at"})
        return cls(**fields, used_at=one.used_at, current=session.id == current)


class RunView(BaseModel):
    """A run as lists show it. `cost_usd` is null where a part of it is unknown."""

    run_id: str
    kind: Literal["agent", "workflow"]
    subject: str
    title: str
    status: RunStatus
    root_id: str
    parent_id: str | None
    model: str | None
    space: str
    task: str | None
    digest: str | None
    step: str | None
    turns: int
    tool_calls: int
    usage: Usage
    cost_usd: float | None
    waiting_for: str | None
    waiting_on: str | None
    waiting_since: datetime | None
    waiting_until: datetime | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: RunRow) -> Self:
        """Return the view of a run."""
        total = row.bill.total_usd
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "cost_usd"}
        return cls(**fields, cost_usd=None if total is None else float(total))


class GateView(BaseModel):
    """A gate that waits. Who decides repeats its `digest`: a decision on anything else is refused."""

    run: RunView
    gate_id: str
    reason: str
    question: str
    digest: str
    tool: str | None
    arguments: dict[str, Any] | None
    asked_by: str | None
    requested_by: Actor | None
    deadline_at: datetime | None
    roles: list[str]
    approved_by: list[Actor]

    @classmethod
    def of(cls, one: OpenGate) -> Self:
        """Return the view of a gate."""
        gate = one.gate
        names = set(cls.model_fields) - {"run", "approved_by", "roles"}
        fields = {name: getattr(gate, name) for name in names}
        approved = [given.actor for given in one.approvals]
        run = RunView.of(one.row)
        return cls(**fields, run=run, approved_by=approved, roles=list(gate.roles))


class DecisionAsked(Asked):
    """A decision on the gate whose digest is repeated."""

    digest: Short
    verdict: Verdict
    note: Text = ""
    answer: JsonValue = None
    arguments: dict[str, JsonValue] | None = None


class CredentialView(BaseModel):
    """A credential, without its value: `value` is a mask, which can be sent back and changes nothing."""

    name: str
    scope: str
    provider: str
    base_url: str | None
    version: int
    value: str = MASK
    created_at: datetime
    stored_by: Actor
    rotated_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, one: Credential) -> Self:
        """Return the view of a credential."""
        return cls(
            name=one.name,
            scope=str(one.scope),
            provider=one.provider,
            base_url=one.base_url,
            version=one.version,
            created_at=one.created_at,
            stored_by=one.actor,
            rotated_at=one.rotated_at,
            last_used_at=one.last_used_at,
        )


class BudgetView(BaseModel):
    """A budget and what is left of it, in US dollars."""

    account: str
    limit_usd: Dollars
    spent_usd: Dollars
    reserved_usd: Dollars
    left_usd: Dollars

    @classmethod
    def of(cls, one: Standing) -> Self:
        """Return the view of a budget."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class UsageView(BaseModel):
    """Several model calls together. Amounts are null where a part is unknown."""

    calls: int
    usage: Usage
    paid_usd: float | None
    known_paid_usd: float
    market_usd: float | None

    @classmethod
    def of(cls, one: Total) -> Self:
        """Return the view of a total."""
        paid, market = one.paid.total_usd, one.market.total_usd
        return cls(
            calls=one.calls,
            usage=one.usage,
            paid_usd=None if paid is None else float(paid),
            known_paid_usd=float(one.paid.known_usd),
            market_usd=None if market is None else float(market),
        )


class AuditView(BaseModel):
    """An entry of the audit log."""

    position: int
    at: datetime
    actor: Actor
    action: str
    space: str | None
    note: str
    hash: str
    differences: list[dict[str, JsonValue]]

    @classmethod
    def of(cls, one: AuditEntry) -> Self:
        """Return the view of an entry."""
        differences: list[dict[str, JsonValue]] = [
            {"kind": each.kind, "key": each.key, "before": each.before, "after": each.after}
            for each in one.differences
        ]
        names = set(cls.model_fields) - {"differences"}
        fields = {name: getattr(one, name) for name in names}
        return cls(**fields, differences=differences)
