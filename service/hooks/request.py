"""A CDS Hooks request, parsed: what the clauses need, typed and present; unknown members are ignored.

The JSON of FHIR resources stays as it was sent, numbers to the last zero."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service import wire
from service.fhir.answers import Entry, entries_of, unreadable_in
from service.fhir.elements import Json, text
from service.fhir.inquiry import split
from service.hooks import crd
from service.hooks.crd import Crd
from service.hooks.discovery import KEYS, Service

MOST_ENTRIES = 10_000  # a bundle: the largest charts have some two thousand
_TOKEN = re.compile(r"[!-~]{1,16384}")  # visible ASCII: nothing that would end a header


class Invalid(ValueError):
    """Not JSON, or no request of this hook (400). `expression` names the field at fault, where there is one."""

    def __init__(self, diagnostics: str, expression: str | None = None) -> None:
        super().__init__(diagnostics)
        self.expression = expression


class TooLarge(Invalid):
    """More than is read in one call (413)."""


@dataclass(frozen=True, slots=True)
class Loan:
    """The access token that a client lends (fhirAuthorization); None where it is of no kind that can be sent. `scopes`
    are what it says that it allows."""

    token: str | None = field(repr=False)
    scopes: frozenset[str] = frozenset()

    def creates(self, kind: str) -> bool:
        """Whether the token allows to create resources of a type (SMART App Launch 1 and 2)."""
        allowed = re.compile(rf"(patient|user|system)/({kind}|\*)\.(\*|write|c[ruds]*)")
        return self.token is not None and any(allowed.fullmatch(scope.partition("?")[0]) for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A request of a service's hook. `selections` is None for hooks that have none; `unreadable` counts the draft
    entries that hold no resource; `loan` is None where no token came (an open FHIR server)."""

    instance: str
    patient_id: str
    user_id: str
    fhir_server: str | None
    drafts: tuple[Entry, ...]
    selections: frozenset[str] | None
    prefetch: Mapping[str, Any]
    unreadable: int = 0
    loan: Loan | None = None
    crd: Crd = field(default_factory=Crd)

    def orders(self) -> tuple[Json, ...]:
        """The draft MedicationRequests to evaluate: all of them, or those selected (CDS Hooks, order-select)."""
        drafted = [e for e in self.drafts if e.resource["resourceType"] == "MedicationRequest"]
        return tuple(e.resource for e in drafted if self.selections is None or self._selected(e))

    def _selected(self, entry: Entry) -> bool:
        identity = text(entry.resource, "id")
        names = {f"MedicationRequest/{identity}"} if identity else set()
        names |= {entry.url, split(entry.url)[1]} if entry.url else set()
        wanted = self.selections or frozenset()
        return bool(names & {*wanted, *(split(selection)[1] for selection in wanted)})


def decode(body: bytes) -> Any:
    """The JSON of a body, decimals exact; raises Invalid for what is no JSON, or nests beyond any chart, and TooLarge
    for more values than any has."""
    try:
        return wire.decode(body)
    except wire.Dense as error:
        raise TooLarge(str(error)) from None
    except ValueError:
        raise Invalid("the body is not JSON, or nests too deep") from None


def parse(value: Any, service: Service) -> HookRequest:
    """The request of a service; raises Invalid that names the field at fault."""
    body = _object(value, "", "the body")
    if _text(body, "hook") != service.hook:
        raise Invalid(f"hook must be {service.hook!r} for this service", "hook")
    instance = _text(body, "hookInstance")
    context = _object(body.get("context"), "context")
    server = _text(body, "fhirServer") if body.get("fhirServer") is not None else None
    if body.get("fhirAuthorization") is not None and server is None:
        raise Invalid("fhirServer is required where fhirAuthorization is given", "fhirServer")
    loan = None if body.get("fhirAuthorization") is None else _loan(body["fhirAuthorization"])
    prefetch = {} if body.get("prefetch") is None else _object(body["prefetch"], "prefetch")
    drafts = _bundle(context)
    _bounded(drafts, prefetch)
    return HookRequest(
        instance=instance,
        patient_id=_text(context, "patientId", "context."),
        user_id=_text(context, "userId", "context."),
        fhir_server=server,
        drafts=tuple(entries_of(drafts)),
        selections=_selections(context) if service.hook == "order-select" else None,
        prefetch=prefetch,
        unreadable=unreadable_in(drafts),
        loan=loan,
        crd=_crd(body),
    )


def _crd(body: Json) -> Crd:
    try:
        return crd.asked(body.get("extension"))
    except ValueError as error:
        raise Invalid(str(error), f"extension.{crd.REQUESTED}") from None


def _loan(value: Any) -> Loan:
    """A token is used only where it is a bearer's, fits a header and is not over (CDS Hooks, 2.6)."""
    token, lasts = (value.get("access_token"), value.get("expires_in")) if isinstance(value, dict) else (None, None)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return Loan(None)
    bearer = str(value.get("token_type", "Bearer")).lower() == "bearer"
    usable = bearer and not (isinstance(lasts, int) and lasts <= 0)
    scope = value.get("scope") if isinstance(value, dict) else None
    return Loan(token if usable else None, frozenset(scope.split()) if isinstance(scope, str) else frozenset())


def _object(value: Any, expression: str, name: str | None = None) -> Json:
    if not isinstance(value, dict):
        raise Invalid(f"{name or expression} must be a JSON object", expression or None)
    return value


def _bounded(drafts: Json, prefetch: Json) -> None:
    for place, value in (("context.draftOrders", drafts), *((_place(key), v) for key, v in prefetch.items())):
        listed = value.get("entry") if isinstance(value, dict) else value
        if isinstance(listed, list) and len(listed) > MOST_ENTRIES:
            raise TooLarge(f"more than {MOST_ENTRIES} entries in one bundle", place)


def _place(key: str) -> str:
    """A prefetch key by its name where it is one of ours: a client's own may hold anything."""
    return f"prefetch.{key}" if key in KEYS.values() else "prefetch"


def _text(value: Json, name: str, under: str = "") -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Invalid(f"{under}{name} must be a non-empty string", f"{under}{name}")
    return found.strip()


def _bundle(context: Json) -> Json:
    drafts = _object(context.get("draftOrders"), "context.draftOrders")
    if drafts.get("resourceType") != "Bundle":
        raise Invalid("context.draftOrders must be a Bundle", "context.draftOrders")
    unreadable = unreadable_in(drafts)
    if unreadable and not any(entries_of(drafts)):
        raise Invalid("no entry of context.draftOrders holds a resource", "context.draftOrders.entry")
    return drafts


def _selections(context: Json) -> frozenset[str]:
    found = context.get("selections")
    if not isinstance(found, list) or not all(isinstance(s, str) for s in found):
        raise Invalid("context.selections must be a list of references", "context.selections")
    return frozenset(s.strip() for s in found)
