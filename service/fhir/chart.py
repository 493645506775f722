"""One patient's chart, indexed once: resources by type and by reference, drafts apart, other patients' set aside.

A chart is built for one request and thrown away with it. It knows no policy and decides nothing; it notes what was
looked for and not found, so that what is fetched is what reading asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from service.case import Answer, CouldNotAsk, Had
from service.fhir.answers import Answered, Entry
from service.fhir.coded import Coded, coded
from service.fhir.elements import Json, child, items, text
from service.fhir.inquiry import Inquiry, split
from service.fhir.medicine import Medication, Shelf
from service.fhir.models import Element, examine
from service.terminology import Terminology

_SUBJECTS = ("subject", "patient", "beneficiary")
_UNOWNED = frozenset({"Medication", "Practitioner", "PractitionerRole", "Organization", "Location"})


class Chart:
    """The chart of `patient_id`. `of` gives a type's resources: this patient's, each once, drafts left out, and only
    those that can be read; what is set aside is named in `unread` (a fault) or `foreign` (another patient's).

    `asked` are the answers to questions beside those for types: reads (`Medication/m`) and searches; what became of
    them, and what else was wanted, is in `inquiry`. `looked` are the types that were looked at."""

    def __init__(
        self,
        patient_id: str,
        server: str | None,
        drafts: Iterable[Entry],
        answered: Mapping[str, Answered],
        others: Iterable[Entry] = (),
        user: str | None = None,
        asked: Mapping[str, Answer] | None = None,
    ) -> None:
        self.patient_id = patient_id.rsplit("/", 1)[-1]
        self.user = user
        self.looked: set[str] = set()
        self.inquiry = Inquiry(server, asked or {})
        self.shelf = Shelf()
        self.unread: list[str] = []
        self.foreign: list[str] = []
        self.repairs: list[str] = []
        self._server = server.rstrip("/") if server else None
        self._answers = {kind: found.answer for kind, found in answered.items()}
        self._drafts = tuple(drafts)
        self._drafted_ids = frozenset(id(e.resource) for e in self._drafts)
        self._entries = [*self._drafts, *(e for found in answered.values() for e in found.entries), *others]
        self._urls = {id(e.resource): e.url for e in self._entries if e.url}
        self._by_type: dict[str, list[Json]] = {}
        self._by_key: dict[str, list[Json]] = {}
        self._read: dict[str, tuple[Json, ...]] = {}
        self._aside: dict[str, list[str]] = {}
        self._coded: dict[str, tuple[Coded, ...]] = {}
        self._refused: dict[int, tuple[str, ...]] = {}
        self._sound: set[Element] = set()
        self._medications: dict[int, tuple[Json, Medication]] = {}
        self._named: dict[str, bool] = {}
        self._index()
        self._own_patient = self._patient()

    def _index(self) -> None:
        for url, resource in self._entries:
            kind = resource["resourceType"]
            self._by_type.setdefault(kind, []).append(resource)
            if identity := text(resource, "id"):
                self._by_key.setdefault(f"{kind}/{identity}", []).append(resource)
            if url:
                self._by_key.setdefault(url, []).append(resource)

    def instead(self, draft: Json, changed: Json) -> Chart:
        """The same chart with another order in a draft's place; what was read of the rest is read no second time, and
        what the draft stood for in the chart still is it."""
        self.of("MedicationRequest")  # while the draft still is what it stands for
        other = copy(self)
        url = self._urls.get(id(draft))
        other._drafts = tuple(Entry(url, changed) if e.resource is draft else e for e in self._drafts)
        other._drafted_ids = frozenset(id(e.resource) for e in other._drafts)
        other._urls = {**self._urls, id(changed): url} if url else self._urls
        other._medications, other._refused = dict(self._medications), dict(self._refused)
        other.unread, other.foreign, other.repairs = [*self.unread], [*self.foreign], [*self.repairs]
        other.looked, other.inquiry = {*self.looked}, self.inquiry.again()
        return other

    def _patient(self) -> Json | None:
        listed = self._by_type.get("Patient", ())
        found = [p for p in listed if text(p, "id") == self.patient_id]
        if len(found) < len(listed):
            self.foreign.append("The Patient of another id was sent, too, and was not read")
        if not found:
            return None
        # What of a Patient cannot be read is named, and leaves its facts unknown: the patient was had all the same.
        self.sound(found[0])
        return found[0] if self.unmodified(found[0]) else {"resourceType": "Patient", "id": self.patient_id}

    @property
    def patient(self) -> Json | None:
        """The Patient of this chart; None where it could not be had."""
        self.looked.add("Patient")
        return self._own_patient

    def failures(self) -> tuple[str, ...]:
        """What was looked for beside the types and could not be had, each with why; not what a list brought."""
        return self.inquiry.failures(self._by_key)

    def answer(self, kind: str) -> Answer:
        """How the question for a resource type was answered."""
        self.looked.add(kind)
        return self._answers.get(kind, CouldNotAsk("not asked", failed=False))

    def reference(self, resource: Json) -> str:
        """How evidence names a resource: type and id, else its URL, else its type."""
        identity = text(resource, "id")
        kind = str(resource.get("resourceType"))
        return f"{kind}/{identity}" if identity else self._urls.get(id(resource)) or kind

    def names(self, resource: Json) -> frozenset[str]:
        """What a resource is known by: its type and id, and the URL that its Bundle gives it."""
        known = (self.reference(resource), self._urls.get(id(resource)))
        return frozenset(name for name in known if name and name != resource.get("resourceType"))

    def local(self, reference: Json) -> str | None:
        """What a Reference points at: type and id, where it may be of this chart's server, else its URL."""
        target = text(reference, "reference")
        base, key = split(target) if target and not target.startswith("urn:") else (None, target)
        return key if base is None or self._server in (None, base) else target

    def drafts(self, kind: str) -> tuple[Json, ...]:
        """The drafts of a type, as they stand in the hook's context."""
        return tuple(e.resource for e in self._drafts if e.resource["resourceType"] == kind)

    def of(self, kind: str) -> tuple[Json, ...]:
        """This patient's readable resources of a type, each once, without the drafts."""
        if kind not in self._read:
            self.looked.add(kind)
            self._read[kind] = tuple(self._own(kind))
        return self._read[kind]

    def _own(self, kind: str) -> Iterable[Json]:
        seen = {text(e.resource, "id") for e in self._drafts if e.resource["resourceType"] == kind} - {None}
        for resource in self._by_type.get(kind, ()):
            identity = text(resource, "id")
            if id(resource) in self._drafted_ids or identity in seen:
                continue
            if identity:
                seen.add(identity)
            if self.owned(resource) and self.unmodified(resource):
                yield resource

    def coded(self, kind: str, terms: Terminology) -> tuple[Coded, ...]:
        """The resources of a type, as `of` gives them, with the concepts of their codes; looked up once."""
        if kind not in self._coded:
            self._coded[kind] = coded(self.of(kind), terms)
        return self._coded[kind]

    def owned(self, resource: Json) -> bool:
        """Whether a resource is this patient's; one that names another, or nobody surely, is set aside by name."""
        kind = resource["resourceType"]
        if kind in _UNOWNED or kind == "Patient":
            return True
        named = [child(resource, element) for element in _SUBJECTS if resource.get(element) is not None]
        if not named or all(self.names_patient(reference) for reference in named):
            return True
        if any(self._names_another(reference) for reference in named):
            # Another's record is not named here: a server that ignores a search's patient sends everybody's.
            said = f"Another patient's {kind} was sent, too, and was not read"
        else:
            said = f"{self.reference(resource)} is not surely this patient's record and was not read"
            self._put_aside(resource)
        self.foreign += [said] if said not in self.foreign else []
        return False

    def _names_another(self, reference: Json) -> bool:
        """Whether a Reference surely points at another patient, by another id: the same id under another base may be
        this server by another name."""
        key = split(text(reference, "reference") or "")[1]
        return key.startswith("Patient/") and key != f"Patient/{self.patient_id}"

    def _put_aside(self, resource: Json) -> None:
        listed = self._aside.setdefault(resource["resourceType"], [])
        if (named := self.reference(resource)) not in listed:
            listed.append(named)

    def aside(self, kind: str) -> tuple[str, ...]:
        """The resources of a type that may be this patient's and were not read: they are neither there nor absent."""
        self.of(kind)
        return tuple(self._aside.get(kind, ()))

    def names_patient(self, reference: Json) -> bool:
        """Whether a Reference points at this chart's patient: relative, absolute on this server, or by URL."""
        target = text(reference, "reference")
        if target and target not in self._named:
            self._named[target] = self._is_patient(target)
        return target is not None and self._named[target]

    def _is_patient(self, target: str) -> bool:
        if target.startswith("urn:"):
            return any(text(p, "id") == self.patient_id for p in self._by_key.get(target, ()))
        base, key = split(target)
        return key == f"Patient/{self.patient_id}" and (base is None or self._server in (None, base))

    def unmodified(self, resource: Json) -> bool:
        """Whether a resource carries no modifier that could change its meaning; one that does is set aside by name."""
        if not resource.get("modifierExtension") and not resource.get("implicitRules"):
            return True
        said = f"{self.reference(resource)} carries a modifier that this service does not know"
        self.unread += [said] if said not in self.unread else []
        self._put_aside(resource)
        return False

    def refused(self, resource: Json) -> tuple[str, ...]:
        """The elements of a resource that the models refuse; asked once, and its repairs are noted."""
        if id(resource) not in self._refused:
            verdict = examine(resource, drafted=id(resource) in self._drafted_ids, sound=self._sound)
            self.repairs.extend(f"{self.reference(resource)}: {repair}" for repair in verdict.repairs)
            self._refused[id(resource)] = verdict.refused
        return self._refused[id(resource)]

    def sound(self, resource: Json) -> bool:
        """Whether the models take a resource that decides; a refused one is set aside by name."""
        refused = self.refused(resource)
        said = f"{self.reference(resource)} could not be read ({', '.join(refused)})"
        if refused and said not in self.unread:
            self.unread.append(said)
        return not refused

    def resolve(self, reference: Any, within: Json, *, seek: bool = True) -> Json | None:
        """The resource that a Reference points at, contained, drafted or in the chart; never another patient's. One
        that is not there is noted as sought, unless it is not missed (`seek`)."""
        target = text(reference, "reference")
        if target is None:
            return None
        if target.startswith("#"):
            found = [c for c in items(within, "contained") if text(c, "id") == target[1:] and _typed(c)]
        else:
            found = self._candidates(target)
            if not found and seek:
                self.inquiry.seek(target)
        return next((r for r in found if self.owned(r) and self.unmodified(r)), None)

    def _candidates(self, target: str) -> list[Json]:
        if target in self._by_key:
            return self._by_key[target]
        base, key = split(target)
        return [r for r in self._by_key.get(key, ()) if base is None or self._at(r, base)]

    def _at(self, resource: Json, base: str) -> bool:
        url = self._urls.get(id(resource))
        own = split(url)[0] if url and not url.startswith("urn:") else self._server
        return own is None or own == base

    def medication(self, resource: Json) -> Medication:
        """Where the drug of a request, statement or dispense stands; looked up once."""
        if id(resource) not in self._medications:
            self._medications[id(resource)] = (resource, self._medication(resource))
        return self._medications[id(resource)][1]

    def _medication(self, resource: Json) -> Medication:
        kind, own = str(resource.get("resourceType")), self.reference(resource)
        concept = child(resource, "medicationCodeableConcept")
        if concept:
            return Medication(concept, own, f"{kind}.medicationCodeableConcept")
        reference = child(resource, "medicationReference")
        found = self.resolve(reference, resource)
        code = child(found, "code") if found and found.get("resourceType") == "Medication" else {}
        if code:
            inside = (text(reference, "reference") or "").startswith("#")
            return Medication(code, own if inside or found is None else self.reference(found), "Medication.code")
        return Medication(None, own, f"{kind}.medication", self._lost(resource, reference))

    def _lost(self, resource: Json, reference: Json) -> str | None:
        """What is called a medication that is given and cannot be had; an order without one yet has lost none."""
        if not any(resource.get(form) for form in ("medicationCodeableConcept", "medicationReference")):
            return None
        return text(reference, "display") or text(reference, "reference") or "a medication"

    def unchecked(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """The lists of these types that could not be had, or not whole, because something failed."""
        found: list[str] = []
        for kind in kinds:
            found += [f"{kind}: {self.lacking(kind)}"] if self._failed(kind) else []
            found += [f"{named} was not read" for named in self.aside(kind)]
        return tuple(found)

    def cut(self, kind: str) -> str | None:
        """Why what came of a type is surely not all there is, so that neither the newest nor the first of it is known;
        None where nobody put the question, or where all may have come under a key of the EHR's own."""
        return self.lacking(kind) if self._failed(kind) else None

    def _failed(self, kind: str) -> bool:
        match self.answer(kind):
            case CouldNotAsk(failed=failed):
                return failed
            case Had(complete=False, why=why):
                return bool(why)
            case _:
                return False

    def lacking(self, kind: str) -> str | None:
        """Why a type's list is not known to be whole; None where it was had or nothing is there."""
        match self.answer(kind):
            case CouldNotAsk(why):
                return why
            case Had(complete=False, why=why):
                return why or "further pages could not be read"
            case _:
                return None


def _typed(resource: Json) -> bool:
    return isinstance(resource.get("resourceType"), str)
