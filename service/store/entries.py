"""What the records take and give, as values: a call with its determinations and cards, feedback, earlier approvals.

Ids stand here in the clear, on their way to be hashed; nothing here knows a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from service.determination import Approval, Determination

if TYPE_CHECKING:  # a name alone: the records read no request
    from service.hooks.feedback import Answer

_ORDER = "MedicationRequest/"


def order_id(reference: str) -> str | None:
    """The id in an order's reference; None where the order had none (a fullUrl, or the type alone, names it then)."""
    return reference.removeprefix(_ORDER) or None if reference.startswith(_ORDER) else None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose chart it is: a patient of a FHIR server, as a client (`issuer`) and its tenant know it. `server` is None
    where the request names none."""

    client: str | None
    tenant: str | None
    server: str | None
    patient: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A leaf's result, with the digest of what the leaf means for the order (`service.policy.fingerprint`)."""

    id: str
    result: str
    clause: str


@dataclass(frozen=True, slots=True)
class Term:
    """An approval's term, both days included; `line` is None where the member's line of business is known."""

    line: str | None
    months: int | None
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Told:
    """A determination as it is kept: results and numbers. Evidence, remarks and every other text stay behind.
    `assertion` is the id of what was filed of it, `authorization` the number that was given."""

    order: str | None
    policy: str
    version: str
    digest: str
    evaluated_on: date
    product: str | None
    indication: str | None
    line: str | None
    status: str
    pathway: str | None
    criteria: tuple[Criterion, ...] = ()
    missing: tuple[str, ...] = ()
    answerable: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    approval: tuple[Term, ...] = ()
    referral: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    safety: tuple[str, ...] = ()
    assertion: str | None = None
    authorization: str | None = None

    @classmethod
    def of(cls, told: Determination, digest: str, clauses: Mapping[str, str]) -> Told:
        """What is kept of a determination; `digest` is its policy document's, `clauses` its leaves' by number."""
        return cls(
            order=order_id(told.order),
            policy=told.policy.id,
            version=told.policy.version,
            digest=digest,
            evaluated_on=told.evaluated_on,
            product=told.product,
            indication=told.indication,
            line=told.line,
            status=told.status.value,
            pathway=told.pathway,
            criteria=tuple(Criterion(f.id, f.result.value, clauses[f.id]) for f in told.findings),
            missing=told.missing,
            answerable=told.answerable,
            unmet=told.unmet,
            approval=_terms(told.approval),
            referral=dict(told.referral.policies) if told.referral else {},
            safety=tuple(alert.code for alert in told.safety),
        )


def _terms(approval: Approval | Mapping[str, Approval] | None) -> tuple[Term, ...]:
    match approval:
        case None:
            return ()
        case Approval() as one:
            return (Term(None, one.months, one.start, one.end),)
        case by_line:
            return tuple(Term(line, a.months, a.start, a.end) for line, a in by_line.items())


@dataclass(frozen=True, slots=True)
class CardSent:
    """A card that went out; `told` is the place of its determination among the call's, None where it is about none."""

    uuid: str
    topic: str
    indicator: str
    told: int | None = None


class OrderKey(NamedTuple):
    """What an order is known by from call to call, and what it orders (any texts)."""

    order: str
    ordered: str


@dataclass(frozen=True, slots=True)
class FormSent:
    """A form that a card links to: `token` opens it `until` an instant, `name` is the form's of a policy's revision,
    `sealed` what the token alone opens."""

    token: str = field(repr=False)
    until: datetime
    order: OrderKey = field(repr=False)
    policy: str
    version: str
    name: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FormKept:
    """A form as it is on record, by its token; `thread` is whose answers it takes: a patient's order's, by hash;
    `ordered` the hash of what that ordered then."""

    thread: tuple[str, str]
    ordered: str
    until: datetime
    policy: str
    version: str
    name: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to a form on record, the `place`-th of those to their order (from 0). `essence` is the response without
    texts and documents, its patient and its order: what criteria are answered by. `written_by` is who answered,
    `ordered` the hash of what the order ordered then."""

    id: UUID
    at: datetime
    policy: str
    version: str
    name: str
    place: int
    written_by: str
    ordered: str
    essence: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service: `at` (aware) it came, `took` milliseconds by step (`total` is the whole). `unread` counts
    what could not be read, `notices` the orders with alerts alone, `not_evaluated` those that could not be decided.
    `correlation` is the service's own id of the call, never a client's."""

    id: UUID
    at: datetime
    correlation: str
    service: str
    hook: str
    instance: str
    subject: Subject
    body_sha256: bytes
    determinations: tuple[Told, ...] = ()
    cards: tuple[CardSent, ...] = ()
    forms: tuple[FormSent, ...] = ()
    took: Mapping[str, float] = field(default_factory=dict)
    unread: int = 0
    notices: int = 0
    not_evaluated: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """An approvable determination of this service that still runs: `start` to `end`, both included."""

    id: UUID
    policy: str
    version: str
    product: str | None
    indication: str | None
    evaluated_on: date
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Feedback:
    """A prescriber's answer to a card. `at` is aware; `commented`: a comment came with it, whose words are not kept."""

    client: str | None
    service: str
    card: str
    outcome: str
    at: datetime
    accepted: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None
    commented: bool = False

    @classmethod
    def of(cls, answer: Answer, *, client: str | None, service: str) -> Feedback:
        """A client's answer, as it was parsed, on its way to the records."""
        return cls(
            client=client,
            service=service,
            card=answer.card,
            outcome=answer.outcome,
            at=answer.at,
            accepted=answer.accepted,
            reason_system=answer.reason_system,
            reason_code=answer.reason_code,
            commented=answer.commented,
        )


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much retention deleted: calls (with their determinations, cards and forms), feedback, answers, tokens."""

    calls: int
    feedback: int
    answers: int
    tokens: int
