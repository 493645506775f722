"""What prescribers attested: the answers that questionnaire responses give to a policy's criteria.

Knows the service's own questionnaire by its canonical; whether an answer still counts is the policy's matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.case import Attestation
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, code_of, day, flag, items, text
from service.fhir.order import ordered
from service.questions import Questions

_ANSWERED = frozenset({"completed", "amended"})
_ZONES = 2  # days
OWN = "urn:countersign:answers:"  # before the id of what was answered on the service's own page
# Of what was answered there: what the order ordered then (see `service.fhir.order`) and of which product it was, and
# for whom the card was made that linked to it.
ORDERED, PRODUCT, LINKED = (f"urn:countersign:{told}" for told in ("ordered", "product", "linked"))
_CONTEXT = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/qr-context"


def questionnaire_of(policy: str) -> str:
    """The canonical, without version, of the questionnaire that the service issues for a policy."""
    return f"urn:countersign:questionnaire:{policy}"


def revision_of(canonical: str, policy: str) -> str | None:
    """The revision whose questions a canonical is of, where it is of a questionnaire of this service for a policy: the
    plain one, or a form that it serves (under whichever of its URLs). Empty where it names none; None for another's."""
    url, _, version = canonical.strip().partition("|")
    if url == questionnaire_of(policy):
        return version
    form = re.search(rf"/fhir/Questionnaire/{re.escape(policy.lower())}\.(\d{{4}}-\d{{2}})\.[0-9a-f]+$", url)
    # A form's own name says its revision; one that the canonical says otherwise is of none of this service's.
    return form[1] if form and version in ("", form[1]) else None


@dataclass(frozen=True, slots=True)
class _Response:
    """A response with where it stands, and by what way it came; `orders`: by what the orders are known that it was
    given for, and `product` the policy's product that they were of, where it says so."""

    resource: Json
    reference: str
    way: str
    orders: frozenset[str]
    product: str | None
    on: date | None
    instant: datetime | None

    def after(self, other: _Response) -> bool:
        """Whether it was authored later: by the instant where both tell a zone, else by the day as written."""
        if self.on is None or other.on is None:
            return self.on is not None and other.on is None
        return self.instant > other.instant if self.instant and other.instant else self.on > other.on


@dataclass(frozen=True, slots=True)
class Responses:
    """What a chart's responses answer, by linkId: read once, shared by the orders of a request. `cut`: the chart's
    list of them is surely not whole; `about_dose` are the criteria about an order's dose, `about_product` those about
    how the patient fares with the product."""

    given: Mapping[str, tuple[tuple[_Response, bool | None], ...]]
    cut: bool
    about_dose: frozenset[str]
    about_product: frozenset[str]

    def of(self, order: Json, product: str | None, chart: Chart) -> Mapping[str, Attestation]:
        """The answer to each criterion for an order of a product (reading 14, 15): the latest authored response that
        answers it decides; where that response, or another of the same moment, answers otherwise, too, nothing was
        attested.

        `on` is the day of the response, None where it has no full date; such a response goes behind every dated one.
        What was answered about the dose of another order, or of this one when it ordered something else, is no answer
        to this one's; nor is what was answered about treatment with another product."""
        tied = any(response.orders for answers in self.given.values() for response, _ in answers)
        known = {ordered(order), *chart.names(order)} if tied else set()
        found = {}
        for link, answers in self.given.items():
            counts = [
                (one, yes)
                for one, yes in answers
                if (not one.orders or one.orders & known or link not in self.about_dose)
                and (one.product in (None, product) or link not in self.about_product)
            ]
            one = _latest(link, counts) if counts else None
            # Of a list that was cut, a later answer may be among those not read. What was answered for this very order
            # on the service's own page stands all the same: else no EHR without that list could be answered from it.
            if one and not (self.cut and not one.evidence.reference.startswith(OWN)):
                found[link] = one
        return found


def read_responses(chart: Chart, questions: Questions) -> Responses:
    """The responses that count: those without a questionnaire do; those to another one, or to another revision's
    questions than those in force, do not."""
    given: dict[str, list[tuple[_Response, bool | None]]] = {}
    for response in _responses(chart, questions.policy, questions.version):
        for link, answer in _answers(response.resource).items():
            given.setdefault(link, []).append((response, answer))
    cut = chart.cut("QuestionnaireResponse") is not None
    listed = {link: tuple(answers) for link, answers in given.items()}
    return Responses(listed, cut, questions.about_dose, questions.about_product)


def _responses(chart: Chart, policy: str, version: str) -> Iterator[_Response]:
    """The chart's responses about the patient (one that names no subject is about nobody surely), and those that a
    draft order of the patient contains."""
    listed = [r for r in chart.of("QuestionnaireResponse") if chart.names_patient(child(r, "subject"))]
    ours = {f"urn:uuid:{chart.reference(r).removeprefix(OWN)}" for r in listed if chart.reference(r).startswith(OWN)}
    about = (r for r in listed if text(child(r, "identifier"), "value") not in ours)  # the EHR's copies of them
    charted = ((r, chart.reference(r), "in a questionnaire response", _orders(r, chart)) for r in about)
    contained = (
        (r, chart.reference(draft), "in a questionnaire response that the order contains", chart.names(draft))
        for draft in chart.drafts("MedicationRequest")
        if chart.owned(draft)
        for r in items(draft, "contained")
        if r.get("resourceType") == "QuestionnaireResponse" and chart.owned(r) and chart.unmodified(r)
    )
    for resource, reference, way, orders in (*charted, *contained):
        if code_of(resource.get("status")) in _ANSWERED and _asked(resource, policy, version, chart):
            own = _own(resource) if reference.startswith(OWN) else {}
            way = _way(own.get(LINKED)) if own else way
            on, instant = day(resource.get("authored")), _instant(resource)
            yield _Response(resource, reference, way, orders, own.get(PRODUCT), on, instant)


def _own(response: Json) -> dict[str, str]:
    """What the service put on record of a response to a form of its own, by URL."""
    told = ((text(one, "url"), text(one, "valueString")) for one in items(response, "extension"))
    return {url: said for url, said in told if url and said}


def _way(linked: str | None) -> str:
    return f"on a form of this service{f', by a link given to {linked}' if linked else ''}"


def _orders(response: Json, chart: Chart) -> frozenset[str]:
    """What the orders are known by that a response was given for: our own says what was ordered, others are in the
    context of an order (Da Vinci DTR's qr-context)."""
    if chart.reference(response).startswith(OWN):
        return frozenset({was} if (was := _own(response).get(ORDERED)) else ())
    contexts = (child(one, "valueReference") for one in items(response, "extension") if text(one, "url") == _CONTEXT)
    named = (chart.local(reference) for reference in contexts)
    return frozenset(one for one in named if one and "MedicationRequest/" in one)


def _asked(response: Json, policy: str, version: str, chart: Chart) -> bool:
    """Whether a response is to questions of the revision in force, or names no questionnaire."""
    named = response.get("questionnaire") or ""
    if not isinstance(named, str):
        return False
    revision = revision_of(named, policy) if named.strip() else ""
    if revision and revision != version:
        said = f"{chart.reference(response)} answers the questions of revision {revision}, and was not read"
        chart.foreign += [said] if said not in chart.foreign else []
    return revision in ("", version)


def _answers(response: Json) -> dict[str, bool | None]:
    """The boolean answers by linkId, groups and nested items included; None where one item is answered two ways.

    An item without a boolean answer is not answered, and one with a modifier is not read."""
    said: dict[str, set[bool | None]] = {}
    waiting = items(response, "item")
    while waiting:
        item = waiting.pop()
        if item.get("modifierExtension"):
            continue
        answers = items(item, "answer")
        waiting += items(item, "item")
        waiting += [nested for answer in answers for nested in items(answer, "item")]
        if link := text(item, "linkId"):
            said.setdefault(link, set()).update(flag(answer, "valueBoolean") for answer in answers)
    return {link: _one(values) for link, values in said.items() if values - {None}}


def _one(answers: Iterable[bool | None]) -> bool | None:
    distinct = set(answers)
    return distinct.pop() if len(distinct) == 1 else None


def _latest(link: str, answers: Sequence[tuple[_Response, bool | None]]) -> Attestation | None:
    """What the responses say that none was authored after; None where they do not say one thing."""
    last = max((one.on for one, _ in answers if one.on), default=None)
    # Zones move an instant by less than two days: what was authored before them cannot be the newest.
    late = [(one, yes) for one, yes in answers if last is None or (one.on and (last - one.on).days <= _ZONES)]
    newest = [(one, yes) for one, yes in late if not any(other.after(one) for other, _ in late)]
    yes = _one(answer for _, answer in newest)
    if yes is None:
        return None
    response = min((one for one, _ in newest), key=lambda one: (one.on is None, one.on or date.max, one.reference))
    status = code_of(response.resource.get("status"))
    said = f"Attested {'yes' if yes else 'no'} to {link}{_by(response.resource)} {response.way} ({status})"
    on = response.on.isoformat() if response.on else None
    return Attestation(yes, response.on, Evidence(response.reference, "QuestionnaireResponse.item", said, on))


def _by(response: Json) -> str:
    """Who answered, as the response says: its author, else its source."""
    named = child(response, "author") or child(response, "source")
    display, reference = text(named, "display"), text(named, "reference")
    said = f"{display} ({reference})" if display and reference else display or reference
    return f" by {said}," if said else ""


def _instant(response: Json) -> datetime | None:
    """The instant of `authored`, where it tells a time and a zone."""
    try:
        found = datetime.fromisoformat(text(response, "authored") or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
