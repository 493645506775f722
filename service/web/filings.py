"""What a call files by Da Vinci CRD: one system action for each governed draft order, and what is kept of it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g

from cards.coverage_information import number_of, system_action
from cards.links import Page
from service.auth.gate import Verified
from service.decide import Decided
from service.determination import Determination
from service.faults import record
from service.fhir.elements import Json
from service.filing import Thread, file
from service.forms import canonical
from service.hooks.crd import Version
from service.hooks.request import HookRequest
from service.policy.form import form
from service.store import Subject, Unkept
from service.web.state import State

_log = logging.getLogger("countersign.filings")
_THREADS = uuid.UUID("0f6c4bd0-5c0e-5d64-8f7b-5a1e9f0f6a55")


def subject_of(caller: Verified | None, asked: HookRequest) -> Subject:
    """Whose chart a request is about, as the records know it."""
    client, tenant = (caller.client.issuer, caller.tenant) if caller else (None, None)
    server = asked.fhir_server.rstrip("/") if asked.fhir_server else None
    return Subject(client, tenant, server, asked.patient_id.rsplit("/", 1)[-1])


@dataclass(frozen=True, slots=True)
class Filed:
    """What was filed of an order: the id of the thread, a number if one was given, an action unless nothing is new."""

    order: str
    assertion: str
    number: str | None
    action: Json | None


def filed(
    held: State,
    caller: Verified | None,
    asked: HookRequest,
    decided: Sequence[Decided],
    url: str | None,
    *,
    grants: bool = True,
) -> tuple[Filed, ...]:
    """The filings of an order-sign call to the service at `url`; none where the client wants none. `grants` false
    gives no authorization, whatever is configured."""
    if asked.selections is not None or not asked.crd.coverage_info:
        return ()
    grants = grants and _grants(held, caller, asked)
    pages = url if asked.crd.guideline else None
    version = version_of(held, caller, asked)
    subject = subject_of(caller, asked)
    found = []
    for one in decided:
        try:
            found.append(_filed(held, subject, one, version, _Urls(url, pages), grants))
        except Exception as error:  # the card stands, whatever becomes of its filing
            record(_log, "a filing", error, g.correlation)
    return tuple(one for one in found if one)


def _grants(held: State, caller: Verified | None, asked: HookRequest) -> bool:
    setting = (caller and caller.client.approvable) or held.config.approvable
    return setting == "satisfied" and asked.crd.unsolicited_determ


def version_of(held: State, caller: Verified | None, asked: HookRequest) -> Version:
    """The version that is filed by: what the request asks for, else the client's, else the service's."""
    return asked.crd.version or (caller and caller.client.crd_version) or held.config.crd_version


@dataclass(frozen=True, slots=True)
class _Urls:
    """The service's own URL, and the one to link policies' pages by, where the client wants links."""

    own: str | None
    pages: str | None


def _filed(
    held: State, subject: Subject, decided: Decided, version: Version, urls: _Urls, grants: bool
) -> Filed | None:
    told = decided.outcome
    if not isinstance(told, Determination) or not (coverage := told.coverage or told.lapsed):
        return None
    assertion = _assertion(subject, told.order, coverage)
    carried = number_of(decided.order, coverage)
    try:
        number = held.store.authorization(subject, told.order, coverage) if grants or carried else ""
    except Unkept:
        grants, carried, number = False, None, ""
    # What was given is honoured (CRD 2.2.1, found-11): an order that carries its own number keeps it while it may.
    grants = grants or (carried is not None and carried == number)
    page = Page.of(told.policy, urls.pages)
    address = page.at(told.pathway) if told.pathway else page.url
    asks = form(decided.policy, told.answerable) if decided.policy and told.missing else None
    filing = file(
        told,
        Thread(assertion, number),
        grants=grants,
        policy_url=address,
        questionnaire=canonical(asks, urls.own) if asks and urls.own else None,
    )
    if filing is None:
        return None
    action = system_action(decided.order, filing, version)
    return Filed(told.order, assertion, filing.number, action)


def _assertion(subject: Subject, order: str, coverage: str) -> str:
    """The id of a thread: the same for the same order and coverage of a patient of a server."""
    named = (subject.server or "", subject.patient, order, coverage)
    return str(uuid.uuid5(_THREADS, "\x1f".join(named)))
