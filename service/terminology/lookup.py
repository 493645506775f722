"""The loader and the look-up: a coding's concepts, a concept's value. A look-up holds no patient data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ATC = "http://www.whocc.no/atc"
SOPT = "https://nahdo.org/sopt"
NUCC = "http://nucc.org/provider-taxonomy"
NAMES = "urn:countersign:medicine-name"
PRODUCT_TYPE = "http://terminology.hl7.org/CodeSystem/insurance-product-type"
VALUE = "urn:countersign:value"
ORDERABLE = "urn:countersign:orderable"

ALIASES = {
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": HCPCS,
    "http://www.cms.gov/medicare/coding/hcpcsreleasecodesets": HCPCS,
    "https://www.cms.gov/medicare/coding/medhcpcsgeninfo/index.html": HCPCS,
    "http://www.cms.gov/medicare/coding/medhcpcsgeninfo/index.html": HCPCS,
    "http://terminology.hl7.org/codesystem/hcpcs-all-codes": HCPCS,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "urn:oid:2.16.840.1.113883.3.221.5": SOPT,
    "urn:oid:2.16.840.1.113883.6.101": NUCC,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.69": NDC,
    "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.73": ATC,
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "http://fdasis.nlm.nih.gov/": "http://fdasis.nlm.nih.gov",
    "http://hl7.org/fhir/sid/icd-10": ICD10CM,
    "http://nahdo.org/sopt": SOPT,
    "https://terminology.hl7.org/codesystem/insurance-product-type": PRODUCT_TYPE,
    "http://hl7.org/fhir/us/davinci-pdex-plan-net/codesystem/insuranceproducttypecs": PRODUCT_TYPE,
}
_BY_PREFIX = frozenset({ICD10CM, ATC, SOPT, NDC, PRODUCT_TYPE})


def canonical(system: str) -> str:
    """A code system's preferred URI: aliases, case and a trailing slash folded."""
    bare = system.strip().rstrip("/")
    return ALIASES.get(bare.lower(), bare)


def ndc(code: str) -> str | None:
    """An NDC as labeler-product, five and four digits: 10- or 11-digit, hyphenated or not, with or without package.

    Ten bare digits can be split three ways and have no answer here (see `spellings`)."""
    found = _hyphenated(code.split("-")) if "-" in code else _bare_eleven(code)
    return found if found and re.fullmatch(r"\d{5}-\d{4}", found) else None


def _hyphenated(parts: list[str]) -> str | None:
    if len(parts) not in (2, 3) or not all(p.isdigit() for p in parts):
        return None
    labeler, product = parts[:2]
    return f"{labeler:0>5}-{product:0>4}" if len(labeler) <= 5 and len(product) <= 4 else None


def _bare_eleven(code: str) -> str | None:
    return f"{code[:5]}-{code[5:9]}" if len(code) == 11 and code.isdigit() else None


def spellings(system: str, code: str) -> tuple[str, ...]:
    """The normal forms that a code of `system` can have; several only for an NDC of ten bare digits."""
    match system:
        case "http://hl7.org/fhir/sid/icd-10-cm" | "http://www.whocc.no/atc":
            return (code.replace(".", "").upper(),)
        case "http://hl7.org/fhir/sid/ndc":
            if len(code) == 10 and code.isdigit():
                return (f"{code[:5]}-0{code[5:8]}", f"{code[:5]}-{code[5:9]}", f"0{code[:4]}-{code[4:8]}")
            return (found,) if (found := ndc(code)) else ()
        case "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets" | "http://nucc.org/provider-taxonomy":
            return (code.upper(),)
        case _:
            return (code,)


def _prefixes(system: str, code: str) -> Iterator[str]:
    if system in _BY_PREFIX:
        yield from (code[:n] for n in range(1, len(code) + 1))


@dataclass(frozen=True, slots=True)
class Orderable:
    """A code that an order may be written with: marked so, or of a strength (`value`) that a source verified."""

    system: str
    code: str
    display: str
    value: str | None


@dataclass
class Terminology:
    """Every ValueSet, indexed once. `exact` and `subtree` map (system, code) to the concepts that include it."""

    versions: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    exact: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    subtree: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    excluded: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    excluded_subtree: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    orderables: dict[str, list[Orderable]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.concepts = lru_cache(maxsize=1 << 15)(self._concepts)
        self.names = lru_cache(maxsize=None)(self._names)

    def _concepts(self, system: str, code: str) -> frozenset[str]:
        """The concepts that a coding belongs to; none for a system or code that no set knows."""
        where = canonical(system)
        found: set[str] = set()
        for spelling in spellings(where, code.strip()):
            found |= self._members(where, spelling)
        return frozenset(found)

    def _members(self, system: str, code: str) -> set[str]:
        members = set(self.exact.get((system, code), ()))
        barred = set(self.excluded.get((system, code), ()))
        for prefix in _prefixes(system, code):
            members |= self.subtree.get((system, prefix), set())
            barred |= self.excluded_subtree.get((system, prefix), set())
        return members - barred

    def value(self, system: str, code: str) -> str | None:
        """The value that a set attaches to a code (a strength in mg, a stage group), where a source verified it."""
        where = canonical(system)
        found = {self.values[(where, s)] for s in spellings(where, code.strip()) if (where, s) in self.values}
        return found.pop() if len(found) == 1 else None

    def _names(self, concept: str) -> tuple[str, ...]:
        """The medicine names that belong to a concept, lower case."""
        return tuple(sorted(code for (system, code), sets in self.exact.items() if system == NAMES and concept in sets))

    def orderable(self, concept: str, value: str | None = None) -> Orderable | None:
        """The code to order a concept by, of a strength where one is given; RxNorm before others; None where no code
        is sure."""
        fitting = [one for one in self.orderables.get(concept, ()) if one.value == value]
        return min(fitting, key=lambda one: one.system != RXNORM, default=None)

    def add(self, valueset: dict[str, Any]) -> None:
        """Index one FHIR ValueSet resource."""
        concept = valueset["id"]
        self.versions[concept] = valueset["version"]
        self.titles[concept] = valueset["title"]
        compose = valueset["compose"]
        self._index(concept, compose["include"], self.exact, self.subtree)
        self._index(concept, compose.get("exclude", []), self.excluded, self.excluded_subtree)

    def _index(
        self,
        concept: str,
        parts: Iterable[dict[str, Any]],
        exact: dict[tuple[str, str], set[str]],
        subtree: dict[tuple[str, str], set[str]],
    ) -> None:
        for part in parts:
            system = part["system"]
            for entry in part.get("concept", []):
                for spelling in spellings(system, entry["code"]):
                    exact.setdefault((system, spelling), set()).add(concept)
                    if (value := _extended(entry, VALUE)) is not None:
                        self.values[(system, spelling)] = str(value)
                self._offer(concept, system, entry)
            for rule in part.get("filter", []):
                root = rule["value"].replace(".", "").upper() if system in (ICD10CM, ATC) else rule["value"]
                subtree.setdefault((system, root), set()).add(concept)

    def _offer(self, concept: str, system: str, entry: dict[str, Any]) -> None:
        value = _extended(entry, VALUE)
        if value is not None or _extended(entry, ORDERABLE):
            one = Orderable(
                system, entry["code"], entry.get("display", entry["code"]), None if value is None else str(value)
            )
            self.orderables.setdefault(concept, []).append(one)


def _extended(entry: dict[str, Any], url: str) -> object:
    for extension in entry.get("extension", []):
        if extension["url"] == url:
            return extension.get("valueString", extension.get("valueBoolean"))
    return None


@lru_cache(maxsize=1)
def load() -> Terminology:
    """The value sets that ship with the service."""
    terminology = Terminology()
    for entry in sorted((files("service.terminology") / "valuesets").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".json"):
            terminology.add(json.loads(entry.read_text(encoding="utf-8")))
    return terminology
