"""What prescribers attested: the answers that questionnaire responses give to a policy's criteria.

Knows the service's own questionnaire by its canonical; whether an answer still counts is the policy's matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from service.case import Attestation
from service.determination import Evidence
from service.dose import Dose
from service.fhir.answers import NAMED
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, code_of, day, flag, items, text
from service.fhir.order import ordered
from service.questions import Questions

_ANSWERED = frozenset({"completed", "amended"})
_ZONES = 2  # days
OWN = f"{NAMED}answers:"  # before the id of what was answered on the service's own page
# Of what was answered there: what the order ordered then (see `service.fhir.order`), of which of the policy's products
# and for which diagnosis it was, and for whom the card was made that linked to it.
ORDERED, PRODUCT, INDICATION, LINKED = (f"{NAMED}{told}" for told in ("ordered", "product", "indication", "linked"))
_CHANGED = "an order that is not known"
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
class _Bound:
    """What answers were given for: orders, by what they are known by or order; a policy's product; a diagnosis."""

    orders: frozenset[str] = frozenset()
    product: str | None = None
    indication: str | None = None


@dataclass(frozen=True, slots=True)
class _Response:
    """A response with where it stands, and by what way it came; and what it was given for, where it says so."""

    resource: Json
    reference: str
    way: str
    bound: _Bound
    on: date | None
    instant: datetime | None

    def after(self, other: _Response) -> bool:
        """Whether it was authored later: by the instant where both tell a zone, else by the day as written."""
        if self.on is None or other.on is None:
            return self.on is not None and other.on is None
        return self.instant > other.instant if self.instant and other.instant else self.on > other.on


_Given = tuple[_Response, bool | None]


@dataclass(frozen=True, slots=True)
class Responses:
    """What a chart's responses answer, by linkId: read once, shared by the orders of a request. `cut`: the chart's
    list of them is surely not whole; `about_dose` are the criteria about an order's dose, `about_product` those about
    how the patient fares with the product."""

    given: Mapping[str, tuple[_Given, ...]]
    cut: bool
    about_dose: frozenset[str]
    about_product: frozenset[str]

    def of(self, order: Json, dose: Dose, product: str | None, chart: Chart) -> Attested:
        """The answer to each criterion for an order of a product (reading 14, 15): the latest authored response that
        answers it decides; where that response, or another of the same moment, answers otherwise, too, nothing was
        attested.

        `on` is the day of the response, None where it has no full date; such a response goes behind every dated one.
        What was answered about the dose of another order, or of this one when it ordered something else, is no answer
        to this one's; nor is what was answered about treatment with another product, or of another disease."""
        tied = any(one.bound.orders for given in self.given.values() for one, _ in given)
        known = {ordered(order, dose, chart), *chart.names(order)} if tied else set()
        found: dict[str, Attestation] = {}
        apart: dict[tuple[str, str], Attestation] = {}
        for link, given in self.given.items():
            counts = [(one, yes) for one, yes in given if self._counts(link, one.bound, known, product)]
            bound = link in self.about_dose or link in self.about_product
            if one := self._decides(link, [g for g in counts if not (bound and g[0].bound.indication)]):
                found[link] = one
            for use in {use for response, _ in counts if bound and (use := response.bound.indication)}:
                if one := self._decides(link, [g for g in counts if g[0].bound.indication in (None, use)]):
                    apart[link, use] = one
        return Attested(found, apart)

    def _counts(self, link: str, bound: _Bound, known: Set[str], product: str | None) -> bool:
        if link in self.about_dose and bound.orders and not bound.orders & known:
            return False
        return link not in self.about_product or bound.product in (None, product)

    def _decides(self, link: str, given: Sequence[_Given]) -> Attestation | None:
        one = _latest(link, given) if given else None
        # Of a list that was cut, a later answer may be among those not read. What was answered for this very order
        # on the service's own page stands all the same: else no EHR without that list could be answered from it.
        return one if one and not (self.cut and not one.evidence.reference.startswith(OWN)) else None


class Attested(NamedTuple):
    """The answers that count for an order: by criterion, and by criterion and diagnosis where they were given for one
    diagnosis alone."""

    by_link: Mapping[str, Attestation]
    by_use: Mapping[tuple[str, str], Attestation]


def read_responses(chart: Chart, questions: Questions) -> Responses:
    """The responses that count: those without a questionnaire do; those to another one, or to another revision's
    questions than those in force, do not."""
    given: dict[str, list[_Given]] = {}
    for response in _responses(chart, questions.policy, questions.version):
        for link, answer in _answers(response.resource).items():
            given.setdefault(link, []).append((response, answer))
    cut = chart.cut("QuestionnaireResponse") is not None
    listed = {link: tuple(answers) for link, answers in given.items()}
    return Responses(listed, cut, questions.about_dose, questions.about_product)


def _responses(chart: Chart, policy: str, version: str) -> Iterator[_Response]:
    """The chart's responses about the patient (one that names no subject is about nobody surely), and those that a
    draft order of the patient contains."""
    contained = (
        (r, chart.reference(draft), "in a questionnaire response that the order contains", _Bound(chart.names(draft)))
        for draft in chart.drafts("MedicationRequest")
        if chart.owned(draft)
        for r in items(draft, "contained")
        if r.get("resourceType") == "QuestionnaireResponse" and chart.owned(r) and chart.unmodified(r)
    )
    for resource, reference, way, bound in (*_charted(chart), *contained):
        if code_of(resource.get("status")) in _ANSWERED and _asked(resource, policy, version, chart):
            yield _Response(resource, reference, way, bound, day(resource.get("authored")), _instant(resource))


def _charted(chart: Chart) -> Iterator[tuple[Json, str, str, _Bound]]:
    """Our own, and the EHR's. The EHR's copy of one of ours adds nothing while it says the same; one that was amended
    there is for what ours was for, and one that was entered in error takes ours back."""
    listed = [r for r in chart.of("QuestionnaireResponse") if chart.names_patient(child(r, "subject"))]
    ours = {f"urn:uuid:{ref.removeprefix(OWN)}": r for r in listed if (ref := chart.reference(r)).startswith(OWN)}
    wrong = set()
    for resource in listed:
        reference = chart.reference(resource)
        if reference.startswith(OWN):
            continue
        copied = text(child(resource, "identifier"), "value") or ""
        if (original := ours.get(copied)) is None:
            yield resource, reference, "in a questionnaire response", _bound(resource, chart)
        elif code_of(resource.get("status")) == "entered-in-error":
            wrong.add(copied)
        elif _answers(resource) != _answers(original):
            yield resource, reference, "in a questionnaire response", _own(original)
    for copied, resource in ours.items():
        if copied not in wrong:
            yield resource, chart.reference(resource), _way(resource), _own(resource)


def _bound(response: Json, chart: Chart) -> _Bound:
    """What a response of the EHR's was given for: its copy of one of ours says it as ours does, though that one is for
    another order and not read here; any other may be in the context of orders."""
    return _own(response) if ORDERED in _beside(response) else _Bound(_contexts(response, chart))


def _beside(response: Json) -> Mapping[str, str]:
    """What the service put on record of a response to a form of its own, by URL."""
    told = ((text(one, "url"), text(one, "valueString")) for one in items(response, "extension"))
    return {url: said for url, said in told if url and said}


def _own(response: Json) -> _Bound:
    told = _beside(response)
    return _Bound(frozenset({told.get(ORDERED, _CHANGED)}), told.get(PRODUCT), told.get(INDICATION))


def _way(response: Json) -> str:
    linked = _beside(response).get(LINKED)
    return f"on a form of this service{f', by a link given to {linked}' if linked else ''}"


def _contexts(response: Json, chart: Chart) -> frozenset[str]:
    """The orders that a response is in the context of (Da Vinci DTR's qr-context)."""
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


def _latest(link: str, answers: Sequence[_Given]) -> Attestation | None:
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
