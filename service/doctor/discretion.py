"""What of a request may be repeated: words of closed lists, and values of a code's shape that are none of the
patient's. Everything that the doctor quotes passes here; it knows no policy and reads no meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from service.fhir.elements import Json, items, text, texts
from service.hooks.discovery import KEYS

WITHHELD = "(not shown)"

# Types that hook requests are seen to hold: a type is a word of the standard only if it stands here.
_OTHERS = """
    Medication Practitioner PractitionerRole Organization Location Bundle OperationOutcome Parameters Encounter
    Procedure Immunization DiagnosticReport Device RelatedPerson CarePlan CareTeam Goal List ServiceRequest
    DeviceRequest NutritionOrder CommunicationRequest SupplyRequest Task Appointment VisionPrescription
    MedicationAdministration MedicationOrder MedicationKnowledge Questionnaire DocumentReference Composition Specimen
    FamilyMemberHistory Flag Group Media Provenance Substance RequestGroup Binary
    """
_TYPES = frozenset((*KEYS, *_OTHERS.split()))
_OF_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})
_WHOLE = {"telecom": ("value",), "address": ("line", "postalCode", "text"), "identifier": ("value",)}
_BY_WORD = ("family", "given", "text")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-_/:+^]{0,39}")
_UNIT = re.compile(r"[A-Za-z0-9{}\[\]/%.'^_*-]{1,20}")
_SYSTEM = re.compile(r"(?:urn:|https?://)[A-Za-z0-9./:_%~#-]{1,200}", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F-]{36}")
_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_PATH = re.compile(r"[A-Za-z]+(?:\.[A-Za-z]+)*")
_HOST = re.compile(r"[A-Za-z0-9.\-]+|[0-9A-Fa-f:]+")
_LONG_ENOUGH = 4  # characters of a name or number that is looked for inside other values


class Discretion:
    """Quotes values of one request, or withholds them. Built from the whole body: what names, numbers and addresses
    it holds of persons is withheld wherever it stands, in whatever member."""

    def __init__(self, body: Any, resources: list[Json]) -> None:
        self._private = frozenset(_folded(said) for said in _identifying(body, resources)) - {""}
        self._inside: dict[str, list[str]] = {}  # by how they begin: a long chart may name many people
        for said in self._private:
            if len(said) >= _LONG_ENOUGH:
                self._inside.setdefault(said[:_LONG_ENOUGH], []).append(said)

    def private(self, value: str) -> bool:
        """Whether a value is, or holds, something that identifies a person of the request."""
        folded = _folded(value)
        return folded in self._private or any(self._begins(folded, at) for at in range(len(folded)))

    def _begins(self, folded: str, at: int) -> bool:
        beginning = folded[at : at + _LONG_ENOUGH]
        return any(folded.startswith(said, at) for said in self._inside.get(beginning, ()))

    def _shown(self, shape: re.Pattern[str], value: Any) -> str:
        said = value.strip() if isinstance(value, str) else ""
        return said if shape.fullmatch(said) and not self.private(said) else WITHHELD

    def code(self, value: Any) -> str:
        """A code, where it has the shape of one."""
        return self._shown(_CODE, value)

    def unit(self, value: Any) -> str:
        return self._shown(_UNIT, value)

    def system(self, value: Any) -> str:
        """A code system's URI, where it is one."""
        return self._shown(_SYSTEM, value)

    def key(self, value: Any) -> str:
        """The name of a member, where it is a plain one."""
        return self._shown(_KEY, value)

    def path(self, value: Any) -> str:
        """Member names joined by dots."""
        return self._shown(_PATH, value)

    def name(self, value: Any) -> str:
        """A name of an organization or a plan, on one line; one that holds something of a person is withheld."""
        said = " ".join(value.split()) if isinstance(value, str) else ""
        return said if said and said.isprintable() and len(said) <= 120 and not self._of_person(said) else WITHHELD

    def _of_person(self, said: str) -> bool:
        words = set(re.findall(r"\w+", said.casefold()))
        return self.private(said) or not words.isdisjoint(self._private)

    def sentence(self, value: Any) -> str:
        """A sentence of our own that might have taken something up on its way."""
        said = " ".join(value.split()) if isinstance(value, str) else ""
        return said if said and len(said) <= 300 and not self.private(said) else WITHHELD

    def host(self, value: Any) -> str:
        """Scheme and host of a URL: its path, its user and its query may say more."""
        try:
            parts = urlsplit(value.strip() if isinstance(value, str) else "")
            host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
        except ValueError:
            return WITHHELD
        plain = parts.scheme in ("http", "https") and _HOST.fullmatch(host) and not self.private(host)
        return f"{parts.scheme}://{host}{port}" if plain else WITHHELD

    def place(self, path: str) -> str:
        """Where something stands, by the members that lead to it."""
        return "the request" if self.private(path) else path

    def kind(self, value: Any) -> str:
        """A resource type, where it is one of the standard's that a request may hold."""
        return value if isinstance(value, str) and value in _TYPES else "another type"

    def identity(self, kind: str, identity: Any, place: str) -> str:
        """`Type/id`, else the type and where it stands. A person's own id is left out: there is one patient."""
        if kind in _OF_PEOPLE:
            return f"the {kind}"
        shown = self._shown(_ID, identity)
        named = self.kind(kind)
        return f"{named}/{shown}" if shown != WITHHELD and named == kind else f"{named} at {place}"

    def reference(self, value: Any) -> str:
        """The target of a Reference: its last two parts, a urn:uuid, or a contained one."""
        said = value.strip() if isinstance(value, str) else ""
        if _UUID.fullmatch(said):
            return self._shown(_UUID, said)
        if said.startswith("#"):
            return "a contained resource"
        kind, _, identity = "/".join(said.split("/_history/")[0].rstrip("/").rsplit("/", 2)[-2:]).partition("/")
        return self.identity(kind, identity, "an unreadable reference")


def _folded(said: str) -> str:
    return " ".join(said.casefold().split())


def _identifying(body: Any, resources: list[Json]) -> Iterator[str]:
    """Names, numbers, addresses and birth dates of the persons in a request, and its token."""
    yield from texts(body.get("fhirAuthorization") if isinstance(body, dict) else None, "access_token")
    for resource in resources:
        kind = resource.get("resourceType")
        if kind in _OF_PEOPLE:
            yield from texts(resource, "birthDate")
            yield from _person(resource)
        if kind == "Coverage":
            yield from texts(resource, "subscriberId")
            yield from (value for one in items(resource, "identifier") for value in texts(one, "value"))
        for member in ("subject", "patient", "beneficiary", "subscriber", "policyHolder"):
            for reference in items(resource, member):
                yield from _words(text(reference, "display") or "")


def _person(resource: Json) -> Iterator[str]:
    for member, parts in _WHOLE.items():
        yield from (said for one in items(resource, member) for part in parts for said in texts(one, part))
    contacts = [name for contact in items(resource, "contact") for name in items(contact, "name")]
    for name in (*items(resource, "name"), *contacts):
        yield from (word for part in _BY_WORD for said in texts(name, part) for word in _words(said))


def _words(said: str) -> Iterator[str]:
    yield said
    yield from (word for word in re.findall(r"\w+", said) if len(word) >= _LONG_ENOUGH)
