"""Policy cases as data: a compact table becomes a whole CDS Hooks request.

A case names a base chart (an approvable order, unless its name says otherwise) and what differs from it:
`change` replaces a word of the base, `add` appends to a list word, `drop` leaves prefetch keys out.

birth_date, patient     Patient.birthDate; a table merged into the Patient
authored_on, order      MedicationRequest.authoredOn ("" leaves it out); a table merged into the order
order_id                the id of the order
medication              a key of MEDICATIONS, or {codes = ["rxnorm:…"], text = "…", displays = ["…"]}
medication_as           concept | contained | draft | chart: where the Medication stands
dose, timing, sig       "30 mg" or "10-15 mg"; a word of `timing_of`; the text
dosage                  raw FHIR JSON in place of those three
reason                  list of "icd:…", "sct:…", "local:…", "text:…", "icd:… / text", "ref:<Condition id>"
conditions              list of such codes, or {id, code, status, verification, stage, stage_code, recorded, onset}
requester               a key of SPECIALTIES, a code, "none", "organization", or {role = […], qualification = […]}
trial                   why a generic injection was stopped; "" is a trial without an outcome
requests, statements    tables: medication, status, reason, dose, timing, dosage, date, id, intent
dispenses               the same, with handed_over or prepared
other_orders            the same, drafted beside the order
allergies               "rxnorm:6851", or {codes, text, type, criticality, severity, status, verification}
adverse_events          tables: medication, actuality, text
observations            "bsa 1.7 m2 @2026-03-01 final", "height …", "weight …", "pregnancy sct:… @…"
coverages               a key of COVERAGES, or {type = ["product:…"], classes = ["plan=…"], start, end, order, status}
attest, attested_on     {leaf = bool} of one response and its date
responses               tables: answers, on, status, questionnaire, nested
claims                  tables: medication, kind (eob | claim | response | both), serviced, outcome, use, status,
                        coverage
raw                     list of {key = <prefetch key>, resource = "<JSON>"} added as they stand
replace                 {<prefetch key> = "<JSON>"} sets the prefetch value as it stands
"""

import copy
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JSON = dict[str, Any]

CASES = Path(__file__).parent / "policy" / "cases"
TODAY = "2026-03-10"
PATIENT = "Patient/pat-1"
HL7 = "http://terminology.hl7.org/CodeSystem/"

SYSTEMS = {
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "sct": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ndc": "http://hl7.org/fhir/sid/ndc",
    "hcpcs": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "atc": "http://www.whocc.no/atc",
    "unii": "http://fdasis.nlm.nih.gov",
    "loinc": "http://loinc.org",
    "nucc": "http://nucc.org/provider-taxonomy",
    "product": HL7 + "insurance-product-type",
    "sopt": "https://nahdo.org/sopt",
    "act": HL7 + "v3-ActCode",
    "local": "urn:oid:1.2.3.4.5",
}
OBSERVATIONS = {
    "bsa": "3140-1",
    "bsa-measured": "8277-6",
    "height": "8302-2",
    "weight": "29463-7",
    "pregnancy": "82810-3",
}
UNITS = {"m2": "m2", "cm": "cm", "kg": "kg", "in": "[in_i]", "lb": "[lb_av]", "m": "m", "g": "g"}
DOSE_UNITS = {"mg": "mg", "g": "g", "mcg": "ug", "ug": "ug", "mL": "mL", "mg/m2": "mg/m2"}
WORDS = {
    "weekly": "1 per 1 wk",
    "twice weekly": "2 per 1 wk",
    "three times weekly": "3 per 1 wk",
    "four times weekly": "4 per 1 wk",
    "five times weekly": "5 per 1 wk",
    "daily": "1 per 1 d",
    "twice daily": "2 per 1 d",
    "every two weeks": "1 per 2 wk",
}
RATE = re.compile(r"(\d+)(?:-(\d+))? per ([\d.]+) (h|d|wk|mo)")
PREFETCH = (
    "conditions",
    "medicationRequests",
    "medicationStatements",
    "medicationDispenses",
    "allergies",
    "adverseEvents",
    "observations",
    "coverages",
    "claims",
    "claimResponses",
    "explanationsOfBenefit",
    "questionnaireResponses",
)

SPECIALTIES = {
    "rheumatology": "nucc:207RR0500X",
    "paediatric-rheumatology": "nucc:2080P0216X",
    "dermatology": "nucc:207N00000X",
    "oncology": "nucc:207RX0202X",
    "haematology": "nucc:207RH0000X",
    "haematology-oncology": "nucc:207RH0003X",
    "family-medicine": "nucc:207Q00000X",
}

MEDICATIONS: dict[str, JSON] = {
    "otrexup": {"codes": ["ndc:54436-015"], "text": "Otrexup 15 mg/0.4 mL auto-injector"},
    "rasuvo": {"codes": ["rxnorm:1544383"], "text": "Rasuvo 10 mg/0.2 mL auto-injector"},
    "reditrex": {"codes": ["rxnorm:2377338"], "text": "RediTrex 15 mg/0.6 mL prefilled syringe"},
    "xatmep": {"codes": ["rxnorm:1921598"], "text": "Xatmep 2.5 mg/mL oral solution"},
    "jylamvo": {"codes": ["rxnorm:2671462"], "text": "Jylamvo 2 mg/mL oral solution"},
    "generic-injection": {"codes": ["rxnorm:1946772"], "text": "Methotrexate 25 mg/mL injectable solution"},
    "generic-tablet": {"codes": ["rxnorm:105585"], "text": "Methotrexate 2.5 mg oral tablet"},
    "trexall": {"codes": ["rxnorm:284593"], "text": "Trexall 10 mg oral tablet"},
    "methotrexate": {"codes": ["rxnorm:6851"], "text": "Methotrexate"},
    "bexarotene": {"codes": ["atc:L01XF03"], "text": "Bexarotene 75 mg oral capsule"},
    "vincristine": {"codes": ["atc:L01CA02"], "text": "Vincristine 1 mg/mL injection"},
    "prednisone": {"codes": ["atc:H02AB07"], "text": "Prednisone 5 mg oral tablet"},
    "interferon": {"codes": ["atc:L03AB05"], "text": "Interferon alfa-2b injection"},
    "lisinopril": {"codes": ["rxnorm:314076"], "text": "Lisinopril 10 mg oral tablet"},
}

COVERAGES: dict[str, JSON] = {
    "medicaid": {"type": ["product:medi"], "start": "2025-01-01"},
    "him": {"type": ["product:qhp"], "start": "2025-01-01"},
    "him-illinois": {"type": ["product:qhp"], "classes": ["plan=27833IL0140016"], "start": "2025-01-01"},
    "commercial": {"type": ["product:commppo"], "start": "2025-01-01"},
    "medicare": {"type": ["sopt:1"], "start": "2025-01-01"},
    "private": {"type": ["sopt:5"], "start": "2025-01-01"},
}

BLANK: JSON = {
    "birth_date": "1970-05-04",
    "patient": {"address": [{"use": "home", "state": "OH", "country": "US"}]},
    "authored_on": TODAY,
    "order": {},
    "order_id": "order-1",
    "medication": "jylamvo",
    "medication_as": "concept",
    "dose": "15 mg",
    "timing": "weekly",
    "sig": "",
    "dosage": "",
    "reason": [],
    "conditions": [],
    "requester": "rheumatology",
    "trial": None,
    "requests": [],
    "statements": [],
    "dispenses": [],
    "other_orders": [],
    "allergies": [],
    "adverse_events": [],
    "observations": [],
    "coverages": ["medicaid"],
    "attest": {},
    "attested_on": TODAY,
    "responses": [],
    "claims": [],
    "raw": [],
    "replace": {},
}
SWALLOWING = "icd:R13.10"
CHILD: JSON = {"birth_date": "2016-05-04", "observations": ["bsa 1 m2 @2026-03-01"]}
ONCOLOGY: JSON = {"requester": "oncology", "conditions": [SWALLOWING], "birth_date": "1960-05-04"}


def _injectables() -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for brand, dose in (("otrexup", "15 mg"), ("rasuvo", "10 mg"), ("reditrex", "15 mg")):
        shared = {"medication": brand, "dose": dose, "trial": "Inadequate response after 16 weeks"}
        found[f"{brand}-ra"] = {**shared, "reason": ["icd:M06.9"]}
        found[f"{brand}-pso"] = {**shared, "reason": ["icd:L40.0"], "requester": "dermatology"}
        found[f"{brand}-pjia"] = {**shared, **CHILD, "reason": ["icd:M08.3"]}
    return found


def _solutions() -> dict[str, JSON]:
    rheumatic = {"conditions": [SWALLOWING], "medication": "jylamvo"}
    found: dict[str, JSON] = {
        "jylamvo-ra": {**rheumatic, "reason": ["icd:M06.9"]},
        "jylamvo-pso": {**rheumatic, "reason": ["icd:L40.0"], "requester": "dermatology"},
    }
    for brand in ("xatmep", "jylamvo"):
        found[f"{brand}-pjia"] = {
            **CHILD,
            "medication": brand,
            "conditions": [SWALLOWING],
            "reason": ["icd:M08.3"],
        }
        found[f"{brand}-all"] = {**ONCOLOGY, **CHILD, "medication": brand, "reason": ["icd:C91.01"]}
    return found


def _lymphomas() -> dict[str, JSON]:
    off_label = {"I.F.6": True, "I.F.note": True}
    mycosis = {"id": "dx", "code": "icd:C84.00", "stage": "IB"}
    sezary = {"id": "dx", "code": "icd:C84.10", "stage": "IVA1"}
    lymphoma = {"id": "dx", "code": "icd:C83.30", "status": "relapse"}
    papulosis = {"id": "dx", "code": "sct:31047003", "status": "relapse"}
    found: dict[str, JSON] = {
        "jylamvo-mf": {"reason": ["icd:C84.00"], "conditions": [mycosis, SWALLOWING], "dose": "25 mg"},
        "jylamvo-sezary": {
            "reason": ["icd:C84.10"],
            "conditions": [sezary, SWALLOWING],
            "dose": "25 mg",
            "attest": {"I.D.note": True},
        },
        "jylamvo-nhl": {
            "reason": ["icd:C83.30"],
            "conditions": [lymphoma, SWALLOWING],
            "dose": "2.5 mg",
            "timing": "twice weekly",
        },
        "jylamvo-alcl": {"reason": ["sct:773995001"], "attest": off_label},
        "jylamvo-lyp": {
            "reason": ["sct:31047003"],
            "conditions": [papulosis, SWALLOWING],
            "attest": off_label,
        },
        "jylamvo-cd30": {"reason": ["icd:C86.60"], "attest": {"I.F.1.a.i": True, **off_label}},
        "jylamvo-sptcl": {"reason": ["icd:C86.30"], "attest": off_label},
        "jylamvo-toxicity": {"reason": ["icd:T45.AX5A"], "attest": off_label},
    }
    return {name: {**ONCOLOGY, **words} for name, words in found.items()}


def _continued(initial: dict[str, JSON]) -> dict[str, JSON]:
    """Each initial chart again: no prescriber, the drug dispensed, taken at the same dose, and working."""
    found: dict[str, JSON] = {}
    for name, words in initial.items():
        brand = words.get("medication", "jylamvo")
        taken = {"medication": brand, "dose": words.get("dose", BLANK["dose"])}
        found[f"continued-{name}"] = {
            **words,
            "requester": "none",
            "trial": None,
            "dispenses": [{"medication": brand, "handed_over": "2026-02-10"}],
            "statements": [{**taken, "timing": words.get("timing", "weekly"), "date": "2025-09-01"}],
            "attest": {"II.A.2": True},
        }
    return found


def _bases() -> dict[str, JSON]:
    initial = {**_injectables(), **_solutions(), **_lymphomas()}
    generic = {"medication": "generic-tablet", "reason": ["icd:M06.9"]}
    found = {"blank": {}, "generic": generic, **initial, **_continued(initial)}
    return {name: {**BLANK, **words} for name, words in found.items()}


BASES = _bases()


@dataclass(frozen=True)
class Case:
    """One row of a theme's file."""

    theme: str
    name: str
    request: JSON
    expect: JSON
    today: str = TODAY
    service: str = "prior-auth-order-sign"
    plans: str | None = None
    order: str = "MedicationRequest/order-1"
    source: JSON = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.theme}: {self.name}"


def load_cases() -> list[Case]:
    """Every case of every theme, in the files' order."""
    return [_case(path.stem, row) for path in sorted(CASES.glob("*.toml")) for row in _rows(path)]


def _rows(path: Path) -> list[JSON]:
    return list(tomllib.loads(path.read_text(encoding="utf-8")).get("case", []))


def _case(theme: str, row: JSON) -> Case:
    known = {"name", "base", "change", "add", "drop", "expect", "today", "service", "plans", "selections"}
    if unknown := set(row) - known:
        raise ValueError(f"{theme}: {row.get('name')}: unknown keys {sorted(unknown)}")
    words = spec_of(row)
    return Case(
        theme=theme,
        name=row["name"],
        request=build(row),
        expect=row["expect"],
        today=row.get("today", TODAY),
        service=row.get("service", "prior-auth-order-sign"),
        plans=row.get("plans"),
        order=f"MedicationRequest/{words['order_id']}",
        source=row,
    )


def spec_of(row: Mapping[str, Any]) -> JSON:
    """The words of a case: the base chart, then `change`, then `add`."""
    words = copy.deepcopy(BASES[row["base"]])
    for key in [*row.get("change", {}), *row.get("add", {})]:
        if key not in BASES["blank"]:
            raise ValueError(f"{row.get('name')}: unknown word {key!r}")
    words.update(copy.deepcopy(row.get("change", {})))
    for key, extra in row.get("add", {}).items():
        words[key] = {**words[key], **extra} if isinstance(extra, dict) else [*words[key], *extra]
    return words


def build(case: Mapping[str, Any]) -> JSON:
    """The CDS Hooks request of a case."""
    words = spec_of(case)
    service = case.get("service", "prior-auth-order-sign")
    select = service.endswith("order-select")
    context: JSON = {
        "userId": "Practitioner/user-1",
        "patientId": "pat-1",
        "draftOrders": _bundle(_drafts(words), kind="collection"),
    }
    if select:
        context["selections"] = case.get("selections", [f"MedicationRequest/{words['order_id']}"])
    return {
        "hook": "order-select" if select else "order-sign",
        "hookInstance": "6c1f3f0e-6c0e-4b39-9f6b-0d4b8a1f2b10",
        "context": context,
        "prefetch": _prefetch(words, set(case.get("drop", []))),
    }


def _prefetch(words: JSON, dropped: set[str]) -> JSON:
    if unknown := dropped - {*PREFETCH, "patient"}:
        raise ValueError(f"unknown prefetch keys {sorted(unknown)}")
    found = _chart(words)
    for extra in words["raw"]:
        found[extra["key"]].append(json.loads(extra["resource"]))
    prefetch: JSON = {"patient": _patient(words)}
    prefetch.update({key: _bundle(found[key]) for key in PREFETCH})
    prefetch.update({key: json.loads(value) for key, value in words["replace"].items()})
    return {key: value for key, value in prefetch.items() if key not in dropped}


def _chart(words: JSON) -> dict[str, list[JSON]]:
    claims, responses, eobs = _claims(words["claims"])
    requests = [_past_request(row, n) for n, row in enumerate(words["requests"], 1)]
    if words["medication_as"] == "chart":
        requests.append(_medication_resource(words["medication"]))
    statements = [*words["statements"], *_trial(words["trial"])]
    return {
        "conditions": [_condition(row, n) for n, row in enumerate(words["conditions"], 1)],
        "medicationRequests": requests,
        "medicationStatements": [_statement(row, n) for n, row in enumerate(statements, 1)],
        "medicationDispenses": [_dispense(row, n) for n, row in enumerate(words["dispenses"], 1)],
        "allergies": [_allergy(row, n) for n, row in enumerate(words["allergies"], 1)],
        "adverseEvents": [_adverse_event(row, n) for n, row in enumerate(words["adverse_events"], 1)],
        "observations": [_observation(row, n) for n, row in enumerate(words["observations"], 1)],
        "coverages": [_coverage(row, n) for n, row in enumerate(words["coverages"], 1)],
        "claims": claims,
        "claimResponses": responses,
        "explanationsOfBenefit": eobs,
        "questionnaireResponses": _responses(words),
    }


def _bundle(resources: Iterable[JSON], kind: str = "searchset") -> JSON:
    entries = [
        {
            "fullUrl": f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource.get('id', 'x')}",
            "resource": resource,
        }
        for resource in resources
    ]
    bundle: JSON = {"resourceType": "Bundle", "type": kind}
    if kind == "searchset":
        bundle["total"] = len(entries)
    if entries:
        bundle["entry"] = entries
    return bundle


def coding(code: str) -> JSON:
    """`icd:M06.9` as a Coding."""
    system, _, value = code.partition(":")
    return {"system": SYSTEMS[system], "code": value}


def concept(word: str) -> JSON:
    """`icd:M06.9 / text`, or `text:…`, as a CodeableConcept."""
    if word.startswith("text:"):
        return {"text": word.removeprefix("text:")}
    code, _, text = word.partition(" / ")
    found: JSON = {"coding": [coding(part) for part in code.split(" + ")]}
    if text:
        found["text"] = text
    return found


def _medication_concept(word: str | JSON) -> JSON:
    table = MEDICATIONS[word] if isinstance(word, str) else word
    found: JSON = {}
    if codes := table.get("codes"):
        found["coding"] = [coding(code) for code in codes]
    for display in table.get("displays", []):
        found.setdefault("coding", []).append({"display": display})
    if text := table.get("text"):
        found["text"] = text
    return found


def _medication_resource(word: str | JSON) -> JSON:
    return {"resourceType": "Medication", "id": "med-1", "code": _medication_concept(word)}


def timing_of(word: str) -> JSON | None:
    """A Timing of `weekly`, `2-3 per 1 wk`, `code WK`, `days mon thu`, raw JSON; `none` is no timing."""
    if word == "none":
        return None
    if word.startswith("{"):
        return dict(json.loads(word))
    if word.startswith("code "):
        code = word.removeprefix("code ")
        return {"code": {"coding": [{"system": HL7 + "v3-GTSAbbreviation", "code": code}]}}
    if word.startswith("days "):
        return {"repeat": {"dayOfWeek": word.split()[1:]}}
    match = RATE.fullmatch(WORDS.get(word, word))
    if match is None:
        raise ValueError(f"no timing: {word!r}")
    repeat: JSON = {"frequency": int(match[1]), "period": _number(match[3]), "periodUnit": match[4]}
    if match[2]:
        repeat["frequencyMax"] = int(match[2])
    return {"repeat": repeat}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def quantity(value: str, unit: str) -> JSON:
    """A dose quantity; a unit that UCUM does not know is a plain word."""
    found: JSON = {"value": _number(value), "unit": unit}
    if unit in DOSE_UNITS:
        found |= {"system": "http://unitsofmeasure.org", "code": DOSE_UNITS[unit]}
    return found


def _dose_and_rate(dose: str) -> JSON:
    amount, _, unit = dose.partition(" ")
    low, _, high = amount.partition("-")
    if not high:
        return {"doseQuantity": quantity(low, unit)}
    return {"doseRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}


def dosage_of(table: Mapping[str, Any]) -> list[JSON]:
    """The dosage instructions of an order, a statement or a dispense."""
    if raw := table.get("dosage"):
        parsed = json.loads(raw)
        return parsed if isinstance(parsed, list) else [parsed]
    found: JSON = {}
    if sig := table.get("sig"):
        found["text"] = sig
    timing = timing_of(table.get("timing", "none"))
    if timing is not None:
        found["timing"] = timing
    if dose := table.get("dose"):
        found["doseAndRate"] = [_dose_and_rate(dose)]
    return [found] if found else []


def _drafts(words: JSON) -> list[JSON]:
    drafts = [_order(words)]
    drafts += [_past_request(row, n, prefix="other") for n, row in enumerate(words["other_orders"], 1)]
    if words["medication_as"] == "draft":
        drafts.append(_medication_resource(words["medication"]))
    return drafts


def _order(words: JSON) -> JSON:
    order: JSON = {
        "resourceType": "MedicationRequest",
        "id": words["order_id"],
        "status": "draft",
        "intent": "order",
        "subject": {"reference": PATIENT},
    }
    contained = [*_medication(order, words), *_requester(order, words["requester"])]
    if contained:
        order["contained"] = contained
    if words["authored_on"]:
        order["authoredOn"] = words["authored_on"]
    _reasons(order, words["reason"])
    if dosage := dosage_of(words):
        order["dosageInstruction"] = dosage
    return {**order, **words["order"]}


def _medication(order: JSON, words: JSON) -> list[JSON]:
    place = words["medication_as"]
    if place == "concept":
        order["medicationCodeableConcept"] = _medication_concept(words["medication"])
        return []
    if place == "contained":
        order["medicationReference"] = {"reference": "#med-1"}
        return [_medication_resource(words["medication"])]
    order["medicationReference"] = {"reference": "Medication/med-1"}
    return []


def _requester(order: JSON, word: str | JSON) -> list[JSON]:
    if word == "none":
        return []
    if word == "organization":
        order["requester"] = {"reference": "#org"}
        return [{"resourceType": "Organization", "id": "org", "active": True}]
    table = word if isinstance(word, dict) else {"role": [SPECIALTIES.get(word, word)]}
    practitioner: JSON = {"resourceType": "Practitioner", "id": "prac", "active": True}
    if held := table.get("qualification"):
        practitioner["qualification"] = [{"code": concept(code)} for code in held]
    if "role" not in table:
        order["requester"] = {"reference": "#prac"}
        return [practitioner]
    role: JSON = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "#prac"},
        "specialty": [concept(code) for code in table["role"]],
    }
    if not table["role"]:
        del role["specialty"]
    order["requester"] = {"reference": "#role"}
    return [role, practitioner]


def _reasons(order: JSON, reasons: list[str]) -> None:
    references = [{"reference": f"Condition/{r.removeprefix('ref:')}"} for r in reasons if r.startswith("ref:")]
    codes = [concept(reason) for reason in reasons if not reason.startswith("ref:")]
    if references:
        order["reasonReference"] = references
    if codes:
        order["reasonCode"] = codes


def _patient(words: JSON) -> JSON:
    patient: JSON = {"resourceType": "Patient", "id": "pat-1", "gender": "female"}
    if words["birth_date"]:
        patient["birthDate"] = words["birth_date"]
    return {**patient, **words["patient"]}


def _condition(row: str | JSON, number: int) -> JSON:
    table = {"code": row} if isinstance(row, str) else row
    condition: JSON = {
        "resourceType": "Condition",
        "id": table.get("id", f"cond-{number}"),
        "code": concept(table["code"]),
        "subject": {"reference": PATIENT},
    }
    if status := table.get("status", "active"):
        condition["clinicalStatus"] = _status("condition-clinical", status)
    if verification := table.get("verification", "confirmed"):
        condition["verificationStatus"] = _status("condition-ver-status", verification)
    _put(condition, "recordedDate", table.get("recorded"))
    _put(condition, "onsetDateTime", table.get("onset"))
    stages = [{"summary": {"text": text}} for text in _listed(table.get("stage"))]
    stages += [{"summary": concept(code)} for code in _listed(table.get("stage_code"))]
    _put(condition, "stage", stages)
    return condition


def _listed(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def _put(resource: JSON, key: str, value: object) -> None:
    if value:
        resource[key] = value


def _status(system: str, code: str) -> JSON:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def _trial(reason: str | None) -> list[JSON]:
    if reason is None:
        return []
    return [
        {"id": "trial-1", "medication": "generic-injection", "status": "stopped", "date": "2025-06-01"}
        | ({"reason": f"text:{reason}"} if reason else {})
    ]


def _past_request(row: JSON, number: int, prefix: str = "req") -> JSON:
    request: JSON = {
        "resourceType": "MedicationRequest",
        "id": row.get("id", f"{prefix}-{number}"),
        "status": row.get("status", "draft" if prefix == "other" else "active"),
        "intent": row.get("intent", "order"),
        "subject": {"reference": PATIENT},
        "medicationCodeableConcept": _medication_concept(row["medication"]),
    }
    _put(request, "authoredOn", row.get("date"))
    _put(request, "dosageInstruction", dosage_of(row))
    if reason := row.get("reason"):
        request["statusReason"] = concept(reason)
    if indication := row.get("indication"):
        request["reasonCode"] = [concept(indication)]
    return request


def _statement(row: JSON, number: int) -> JSON:
    statement: JSON = {
        "resourceType": "MedicationStatement",
        "id": row.get("id", f"stmt-{number}"),
        "status": row.get("status", "active"),
        "subject": {"reference": PATIENT},
        "medicationCodeableConcept": _medication_concept(row["medication"]),
    }
    period = {key: row[word] for key, word in (("start", "date"), ("end", "end")) if row.get(word)}
    _put(statement, "effectivePeriod", period)
    _put(statement, "dateAsserted", row.get("asserted"))
    _put(statement, "dosage", dosage_of(row))
    if reason := row.get("reason"):
        statement["statusReason"] = [concept(reason)]
    return statement


def _dispense(row: JSON, number: int) -> JSON:
    dispense: JSON = {
        "resourceType": "MedicationDispense",
        "id": row.get("id", f"disp-{number}"),
        "status": row.get("status", "completed"),
        "subject": {"reference": PATIENT},
        "medicationCodeableConcept": _medication_concept(row["medication"]),
    }
    _put(dispense, "whenHandedOver", row.get("handed_over"))
    _put(dispense, "whenPrepared", row.get("prepared"))
    _put(dispense, "dosageInstruction", dosage_of(row))
    if reason := row.get("reason"):
        dispense["statusReasonCodeableConcept"] = concept(reason)
    return dispense


def _allergy(row: str | JSON, number: int) -> JSON:
    table: JSON = {"codes": [row]} if isinstance(row, str) else row
    allergy: JSON = {
        "resourceType": "AllergyIntolerance",
        "id": table.get("id", f"allergy-{number}"),
        "patient": {"reference": PATIENT},
        "code": _medication_concept(table),
    }
    if status := table.get("status", "active"):
        allergy["clinicalStatus"] = _status("allergyintolerance-clinical", status)
    if verification := table.get("verification", "confirmed"):
        allergy["verificationStatus"] = _status("allergyintolerance-verification", verification)
    _put(allergy, "type", table.get("type"))
    _put(allergy, "criticality", table.get("criticality"))
    if severity := table.get("severity"):
        manifestation = [{"text": table.get("manifestation", "Rash")}]
        allergy["reaction"] = [{"manifestation": manifestation, "severity": severity}]
    return allergy


def _adverse_event(row: JSON, number: int) -> JSON:
    return {
        "resourceType": "AdverseEvent",
        "id": row.get("id", f"event-{number}"),
        "contained": [_medication_resource(row["medication"])],
        "actuality": row.get("actuality", "actual"),
        "subject": {"reference": PATIENT},
        "event": {"text": row.get("text", "Severe nausea")},
        "date": row.get("date", "2025-07-01"),
        "suspectEntity": [{"instance": {"reference": "#med-1"}}],
    }


def _observation(row: str, number: int) -> JSON:
    head, _, tail = row.partition(" @")
    date, _, status = tail.partition(" ")
    name, value = head.split(" ", 1)
    observation: JSON = {
        "resourceType": "Observation",
        "id": f"obs-{number}",
        "status": status or "final",
        "code": {"coding": [coding(f"loinc:{OBSERVATIONS[name]}")]},
        "subject": {"reference": PATIENT},
        "effectiveDateTime": date or "2026-03-01",
    }
    if ":" in value:
        observation["valueCodeableConcept"] = concept(value)
        return observation
    amount, unit = value.split(" ")
    observation["valueQuantity"] = {
        "value": _number(amount),
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": UNITS[unit],
    }
    return observation


def _coverage(row: str | JSON, number: int) -> JSON:
    table = COVERAGES[row] if isinstance(row, str) else row
    coverage: JSON = {
        "resourceType": "Coverage",
        "id": table.get("id", f"cov-{number}"),
        "status": table.get("status", "active"),
        "beneficiary": {"reference": PATIENT},
        "payor": [{"display": "Health plan"}],
    }
    if types := table.get("type"):
        coverage["type"] = {"coding": [coding(code) for code in types]}
    classes = [word.split("=", 1) for word in table.get("classes", [])]
    _put(
        coverage,
        "class",
        [{"type": _status("coverage-class", kind), "value": value} for kind, value in classes],
    )
    period = {key: table[key] for key in ("start", "end") if table.get(key)}
    _put(coverage, "period", period)
    if "order" in table:
        coverage["order"] = table["order"]
    return coverage


def _responses(words: JSON) -> list[JSON]:
    rows = list(words["responses"])
    if words["attest"]:
        rows.append({"answers": words["attest"], "on": words["attested_on"]})
    return [_response(row, n) for n, row in enumerate(rows, 1)]


def _response(row: JSON, number: int) -> JSON:
    items = [{"linkId": leaf, "answer": [{"valueBoolean": value}]} for leaf, value in row["answers"].items()]
    if row.get("nested"):
        items = [{"linkId": "group", "item": items}]
    response: JSON = {
        "resourceType": "QuestionnaireResponse",
        "id": row.get("id", f"qr-{number}"),
        "status": row.get("status", "completed"),
        "subject": {"reference": row.get("subject", PATIENT)},
        "item": items,
    }
    _put(response, "authored", row.get("on", TODAY))
    _put(response, "questionnaire", row.get("questionnaire"))
    return response


def _claims(rows: list[JSON]) -> tuple[list[JSON], list[JSON], list[JSON]]:
    claims: list[JSON] = []
    responses: list[JSON] = []
    eobs: list[JSON] = []
    for number, row in enumerate(rows, 1):
        kind = row.get("kind", "eob")
        if kind == "eob":
            eobs.append(_eob(row, number))
        if kind in {"claim", "both"}:
            claims.append(_claim(row, number))
        if kind in {"response", "both"}:
            responses.append(_claim_response(row, number))
    return claims, responses, eobs


def _bill(kind: str, row: JSON, number: int) -> JSON:
    return {
        "resourceType": kind,
        "id": f"{kind.lower()}-{number}",
        "status": row.get("status", "active"),
        "type": _status("claim-type", "pharmacy"),
        "use": row.get("use", "claim"),
        "patient": {"reference": PATIENT},
        "created": row.get("serviced", "2026-02-10"),
    }


def _items(row: JSON) -> list[JSON]:
    return [
        {
            "sequence": 1,
            "productOrService": _medication_concept(row["medication"]),
            "servicedDate": row.get("serviced", "2026-02-10"),
        }
    ]


def _insurance(row: JSON) -> JSON:
    return {"focal": True, "coverage": {"reference": f"Coverage/{row.get('coverage', 'cov-1')}"}}


def _claim(row: JSON, number: int) -> JSON:
    return {
        **_bill("Claim", row, number),
        "provider": {"display": "Pharmacy"},
        "priority": _status("processpriority", "normal"),
        "insurance": [{"sequence": 1, **_insurance(row)}],
        "item": _items(row),
    }


def _claim_response(row: JSON, number: int) -> JSON:
    response = {
        **_bill("ClaimResponse", row, number),
        "insurer": {"display": "Health plan"},
        "outcome": row.get("outcome", "complete"),
        "request": {"reference": f"Claim/claim-{number}"},
    }
    if row.get("kind") == "response":
        del response["request"]
    return response


def _eob(row: JSON, number: int) -> JSON:
    return {
        **_bill("ExplanationOfBenefit", row, number),
        "insurer": {"display": "Health plan"},
        "provider": {"display": "Pharmacy"},
        "outcome": row.get("outcome", "complete"),
        "insurance": [_insurance(row)],
        "item": _items(row),
    }
