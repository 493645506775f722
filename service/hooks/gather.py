"""What a request brought and what was fetched, gathered into a chart; and what of it is still worth asking for.

Resources are read by their type, under whatever key they stand (some clients name keys themselves); the key only tells
which question was answered. Knows no server: who fetches is told queries, and gives answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from service.case import NOT_SENT, CouldNotAsk, Had, NothingThere
from service.fhir.answers import Answered, Entry, entries_of, failed, read_answer
from service.fhir.chart import Chart
from service.fhir.elements import Json, items, text
from service.hooks.discovery import KEYS, template
from service.hooks.request import HookRequest

_REFERRED = frozenset({"Medication", "Practitioner", "PractitionerRole", "Organization"})
MOST = 64  # references read in one round: a chart names the same few medicines

_ANSWERED = "QuestionnaireResponse"
NONE_KEPT = Answered(NothingThere())

Fetched = Mapping[str, Answered]


@dataclass(frozen=True, slots=True)
class Wants:
    """What is worth asking the FHIR server: queries, and Bundles of prefetch (by their query) that have more pages."""

    queries: tuple[str, ...] = ()
    pages: Mapping[str, Json] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.queries or self.pages)


def gather(
    request: HookRequest, resources: Iterable[str], fetched: Fetched | None = None, kept: Answered = NONE_KEPT
) -> Chart:
    """The chart of a request, for policies that ask for these resource types; `fetched` answers by query, `kept` is
    what this service itself has on record of answered questionnaires."""
    asked, had = tuple(resources), fetched or {}
    extra = _extra(request, asked)
    answered = {kind: _answered(kind, request, extra, had) for kind in asked}
    if _ANSWERED in answered:
        answered[_ANSWERED] = _beside(answered[_ANSWERED], kept)
    types = {_query(kind, request) for kind in asked}
    beside = {query: found for query, found in had.items() if query not in types}
    others = [*extra, *(entry for found in beside.values() for entry in found.entries)]
    answers = {query: found.answer for query, found in beside.items()}
    return Chart(request.patient_id, request.fhir_server, request.drafts, answered, others, request.user_id, answers)


def wanted(request: HookRequest, chart: Chart, resources: Iterable[str], fetched: Fetched) -> Wants:
    """What reading this chart looked for and prefetch did not answer, beside what was fetched already."""
    looked = [kind for kind in resources if kind in chart.looked and _query(kind, request) not in fetched]
    open_kinds = [kind for kind in looked if _worth_asking(kind, request, chart)]
    pages = {
        _query(kind, request): request.prefetch[KEYS[kind]]
        for kind in open_kinds
        if _has_next(request.prefetch.get(KEYS[kind]))
    }
    queries = [query for kind in open_kinds if (query := _query(kind, request)) not in pages]
    references = [query for query in chart.inquiry.sought if query not in fetched]
    return Wants((*queries, *references[:MOST]), pages)


def _beside(sent: Answered, kept: Answered) -> Answered:
    """The EHR's answer and this service's own records of the same type. Where the records could not be read, a later
    answer may be among them: what came is not all there is."""
    if not isinstance(kept.answer, CouldNotAsk):
        return Answered(sent.answer, (*sent.entries, *kept.entries))
    if isinstance(sent.answer, Had):
        return Answered(Had(complete=False, why=kept.answer.why), sent.entries)
    return Answered(kept.answer, sent.entries)


def _query(kind: str, request: HookRequest) -> str:
    return template(kind).replace("{{context.patientId}}", quote(_bare(request.patient_id), safe=""))


def _bare(patient_id: str) -> str:
    return patient_id.rsplit("/", 1)[-1]


def _worth_asking(kind: str, request: HookRequest, chart: Chart) -> bool:
    """Whether the server can know more than prefetch told: not where the EHR said that there is nothing, or that the
    question failed (CDS Hooks 2.5: asking again is what that spares). The patient is asked for once in any case: what
    no answer can be given without is had from either (the contract's 412)."""
    if kind == "Patient":
        return chart.patient is None
    match chart.answer(kind):
        case Had(complete=whole):
            return not whole
        case CouldNotAsk():
            return not _says_failed(request.prefetch.get(KEYS[kind]))
        case NothingThere():
            return False


def _says_failed(value: Any) -> bool:
    if isinstance(value, list):
        return any(_says_failed(one) for one in value)
    if isinstance(value, dict) and value.get("resourceType") == "OperationOutcome":
        return True
    outcomes = (e.resource for e in entries_of(value) if e.resource["resourceType"] == "OperationOutcome")
    return any(failed(outcome) for outcome in outcomes)


def _has_next(value: Any) -> bool:
    return any((text(link, "relation") or "").lower() == "next" for link in items(value, "link"))


def _extra(request: HookRequest, asked: tuple[str, ...]) -> list[Entry]:
    own = {KEYS[kind] for kind in asked}
    others = [read_answer(value) for key, value in request.prefetch.items() if key not in own]
    wanted_kinds = _REFERRED | set(asked)
    return [e for found in others for e in found.entries if e.resource["resourceType"] in wanted_kinds]


def _answered(kind: str, request: HookRequest, extra: list[Entry], fetched: Fetched) -> Answered:
    """The answer to a type's question: what was fetched, beside what prefetch brought of it."""
    sent = _sent(kind, request.prefetch, extra)
    found = fetched.get(_query(kind, request))
    if found is None:
        return sent
    found = _of_kind(kind, found)
    if isinstance(found.answer, CouldNotAsk) and isinstance(sent.answer, Had):
        return Answered(Had(complete=False, why=found.answer.why), sent.entries)
    return Answered(found.answer, (*found.entries, *sent.entries))


def _sent(kind: str, prefetch: Mapping[str, Any], extra: list[Entry]) -> Answered:
    """What prefetch answers; what stands under another key is had, though not surely whole."""
    if KEYS[kind] in prefetch:
        return _of_kind(kind, read_answer(prefetch[KEYS[kind]]))
    if any(e.resource["resourceType"] == kind for e in extra):
        return Answered(Had(complete=False))
    return Answered(NOT_SENT)


def _of_kind(kind: str, found: Answered) -> Answered:
    """An answer that holds other types in place of the one asked for was none; beside it they make it not whole."""
    kinds = {e.resource["resourceType"] for e in found.entries}
    if not isinstance(found.answer, Had) or kinds <= {kind}:
        return found
    if kind not in kinds:
        return Answered(CouldNotAsk(f"the EHR's answer holds no {kind}"), found.entries)
    whole = found.answer.complete and kinds <= {kind, *KEYS, *_REFERRED}
    return Answered(Had(complete=whole, why=found.answer.why), found.entries)
