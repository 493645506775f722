"""The forms that a call's cards link to, and the answers to earlier ones that a call reads: an order's, of its patient.

A link names nothing of a patient: its token stands in the fragment, which no server is sent and no log keeps."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import g

from service import metrics, wire
from service.auth.gate import Verified
from service.case import Case, CouldNotAsk, Had, NothingThere
from service.consult import Consultation, Ehr
from service.decide import Decided
from service.determination import Determination
from service.dose import Unit, say
from service.faults import record
from service.fhir.answers import Answered, Entry
from service.fhir.attestations import OWN
from service.fhir.chart import Chart
from service.fhir.elements import Json, items, text, texts
from service.fhir.order import digest, ordered
from service.fhir.shown import shown
from service.filing import reads_daily
from service.forms import circumstances
from service.hooks.crd import Version
from service.hooks.request import HookRequest
from service.policy.form import Form, form, questions
from service.sealed import new_token, seal
from service.store import Answers, FormSent, OrderKey
from service.web.filings import subject_of, version_of
from service.web.state import State

_log = logging.getLogger("countersign.forms")
_NOT_READ = "Answers to the service's own forms could not be looked up"
PLACE = "/forms/"
_NAME = 200  # characters
_AT_ONCE = 4  # responses handed over in one call
_GIVEN_FOR = timedelta(days=7)  # that a response is offered to an EHR which does not take it
_URIS = "urn:ietf:rfc:3986"
_PERSON = ("birthDate", "name")
_VOLATILE = frozenset({"id", "meta", "text", "authoredOn", "status", "extension"})


@dataclass(frozen=True, slots=True)
class Issued:
    """The form of an order, with the address that its card links to."""

    order: str
    url: str
    sent: FormSent


def issued(held: State, asked: HookRequest, consulted: Consultation, url: str | None) -> tuple[Issued, ...]:
    """The forms of a call to the service at `url`: one for each order with documentation missing. None where the
    service's own URL is not known, and none for an order that reads as daily: that must be corrected first."""
    if url is None:
        return ()
    found: list[Issued] = []
    for one in consulted.decided:
        try:
            found += _issued(held, asked, consulted.chart, one, url)
        except Exception as error:  # the card stands, whatever becomes of its form
            record(_log, "a form", error, g.correlation)
    return tuple(found)


def _issued(held: State, asked: HookRequest, chart: Chart, decided: Decided, url: str) -> Iterator[Issued]:
    told = decided.outcome
    if not isinstance(told, Determination) or decided.policy is None or decided.case is None:
        return
    asks = form(decided.policy, told.answerable)
    if asks is None or reads_daily(told):
        return
    token = new_token()
    inside: Json = {
        "about": _about(chart, told, decided.case, decided.order) | {"policy": _policy(told, asks)},
        "found": _found(held, asks, chart),
        "subject": f"Patient/{chart.patient_id}",
        "user": asked.user_id,
        "product": told.product,
        "indication": told.indication,
        "ordered": ordered(decided.order, decided.case.dose, chart),
        "base": url,
    }
    until = datetime.now(UTC) + timedelta(hours=held.config.form_hours)
    policy = told.policy
    sent = FormSent(token, until, key(asked, decided.order), policy.id, policy.version, asks.name, seal(token, inside))
    yield Issued(told.order, f"{url}{PLACE}#{token}", sent)


def key(asked: HookRequest, order: Json) -> OrderKey:
    """What an order is known by from call to call, its id, else what it says; and what it orders. Without a FHIR server
    an id may be any EHR's: there the patient is known by name and birth, too."""
    said = {name: order[name] for name in order if name not in _VOLATILE}
    taken = {name: said[name] for name in said if name.startswith("medication") or name == "dosageInstruction"}
    identity = text(order, "id") or f"content:{digest(said)}"
    who = "" if asked.fhir_server else _who(asked)
    return OrderKey(f"{who}{identity}", f"{who}{digest(taken)}")


def _who(asked: HookRequest) -> str:
    """Who the patient of a request is by the Patient that came with it."""
    id = asked.patient_id.rsplit("/", 1)[-1]
    sent = (value for value in asked.prefetch.values() if isinstance(value, dict))
    patient = next((r for r in sent if r.get("resourceType") == "Patient" and text(r, "id") == id), {})
    return f"{digest({name: patient[name] for name in _PERSON if name in patient})} "


def _about(chart: Chart, told: Determination, case: Case, order: Json) -> dict[str, str]:
    """What the page says the form is about, so that nobody answers for the wrong patient, order or dose."""
    on = text(order, "authoredOn")
    dose, use = _dose(case, order), told.indication_name
    return {
        "patient": _patient(chart.patient),
        "order": f"{told.drug}, ordered {on[:10]}" if on else told.drug,
        **({"dose": dose} if dose else {}),
        **({"indication": use} if use else {}),
    }


def _policy(told: Determination, asks: Form) -> str:
    return f"{told.policy.id}, revision {told.policy.version}, section {asks.section}: {asks.title}"


def _dose(case: Case, order: Json) -> str:
    """The dose as it was read, else as the order says it."""
    area = case.body.area if case.body else None
    units: tuple[Unit, ...] = ("mg", "mg/m2") if "mg" in case.dose.units() else ("mg/m2", "mg")
    for unit in units:
        weekly = case.dose.weekly(unit, area)
        if weekly is not None and not case.dose.contradicted:
            return f"{say(weekly)} {unit.replace('m2', 'm²')} a week"
    said = "; ".join(filter(None, (text(one, "text") for one in items(order, "dosageInstruction"))))
    return said[:_NAME]


def _patient(patient: Json | None) -> str:
    named = next(iter(items(patient, "name")), {})
    name = text(named, "text") or " ".join((*texts(named, "given"), text(named, "family") or "")).strip()
    born = text(patient, "birthDate")
    said = name[:_NAME] or f"Patient {text(patient, 'id') or ''}".strip()
    return f"{said}, born {born}" if born else said


def _found(held: State, asks: Form, chart: Chart) -> dict[str, str]:
    """What the chart shows already, by the linkId of the text that it stands in."""
    listed = {f"{one.ref}#explanation": shown(one.shows, chart, held.office.terms) for one in questions(asks.parts)}
    return {link: said for link, said in listed.items() if said}


def answers(held: State, caller: Verified | None, asked: HookRequest) -> Answered:
    """What was answered on the service's own page for the orders of a request, as responses about its patient."""
    try:
        found = held.store.answers_of(subject_of(caller, asked), [key(asked, order) for order in asked.orders()])
    except Exception as error:  # the order is decided without them, whatever the reason
        record(_log, "looking up answers", error, g.correlation)
        return Answered(CouldNotAsk(_NOT_READ))
    patient = {"reference": f"Patient/{asked.patient_id.rsplit('/', 1)[-1]}"}
    entries = tuple(Entry(f"{OWN}{one.id}", {**one.essence, "subject": patient}) for one in found)
    return Answered(Had(), entries) if entries else Answered(NothingThere())


def hand_over(held: State, caller: Verified | None, asked: HookRequest, decided: Sequence[Decided], ehr: Ehr) -> None:
    """Give an EHR whose token allows it the responses that it does not have yet: the token of the call at hand is used,
    and none is kept. What fails is given by a later call."""
    if asked.selections is not None or asked.loan is None or not asked.loan.creates("QuestionnaireResponse"):
        return
    version, orders = version_of(held, caller, asked), [key(asked, order) for order in asked.orders()]
    try:
        since = datetime.now(UTC) - _GIVEN_FOR
        for kept in held.store.undelivered(subject_of(caller, asked), orders, since, _AT_ONCE):
            whole = wire.decode((held.store.response(kept.id) or "{}").encode())
            taken = ehr.create(
                whole | _added(kept, whole, asked, _coverages(decided), version), f"identifier={_URIS}%7C{kept.id.urn}"
            )
            metrics.form("delivered" if taken else "undelivered")
            if not taken:
                return  # nor would it take the others now
            held.store.deliver(kept.id, datetime.now(UTC))
    except Exception as error:  # what was decided stands, whatever becomes of it
        record(_log, "handing answers over", error, g.correlation)


def _added(kept: Answers, whole: Json, asked: HookRequest, coverages: Iterable[str], version: Version) -> Json:
    """What the EHR's copy says beside the answers. An order that is not signed yet is not on the EHR's server, and many
    refuse what points at it: the order stays unsaid; what it ordered stands in an extension of our own."""
    return {
        "extension": [*circumstances(coverages, version), *items(whole, "extension")],
        "subject": {"reference": f"Patient/{asked.patient_id.rsplit('/', 1)[-1]}"},
        "identifier": {"system": _URIS, "value": kept.id.urn},
    }


def _coverages(decided: Sequence[Decided]) -> tuple[str, ...]:
    """The Coverages that decided."""
    told = [one.outcome for one in decided]
    named = [one.coverage for one in told if isinstance(one, Determination) and one.coverage]
    return tuple(dict.fromkeys(named))[:1]
