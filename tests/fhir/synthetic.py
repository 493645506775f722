"""Small synthetic charts, and the questions that the methotrexate policy asks of one."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from service.case import Answer, Had, NothingThere
from service.fhir.answers import Answered, Entry
from service.fhir.chart import Chart
from service.questions import DrugQuestion, ProductQuestion, Questions

JSON = dict[str, Any]

ON = date(2026, 3, 10)
SERVER = "https://ehr.example.org/fhir"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
NDC = "http://hl7.org/fhir/sid/ndc"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
NUCC = "http://nucc.org/provider-taxonomy"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

_FORMS = {
    "otrexup": ("Otrexup", ("otrexup", "oxtrexup"), "otrexup-generic-level", "auto-injector"),
    "rasuvo": ("Rasuvo", ("rasuvo", "rasuvoo", "ravuso"), "rasuvo-generic-level", "auto-injector"),
    "reditrex": ("RediTrex", ("reditrex",), "reditrex-generic-level", "prefilled syringe"),
    "xatmep": ("Xatmep", ("xatmep",), "xatmep-generic-level", "oral solution"),
    "jylamvo": ("Jylamvo", ("jylamvo",), None, "oral solution"),
}
QUESTIONS = Questions(
    policy="CP.PHAR.134",
    version="2025-11",
    drug=DrugQuestion(
        name="methotrexate",
        names=("methotrexate", "mtx"),
        ingredient="methotrexate-ingredient",
        generics=("generic-methotrexate-injection", "generic-methotrexate-oral"),
        unspecific="methotrexate-unspecific",
        silent="hcpcs-without-product",
        unlisted_devices="methotrexate-device-unlisted",
        review="review-brand-code",
    ),
    products=tuple(
        ProductQuestion(
            id=key,
            name=name,
            names=names,
            concept=key,
            generic_level=level,
            form=form,
            strengths=(),
            mg_per_ml=None,
        )
        for key, (name, names, level, form) in _FORMS.items()
    ),
    diagnoses=(),
    specialties=frozenset({"rheumatology", "dermatology", "oncology-hematology"}),
    trials=frozenset({"generic-methotrexate-injection"}),
    conditions=frozenset(
        {"unable-to-swallow-pills", "pregnancy", "alcoholism", "liver-disease", "immunodeficiency", "blood-dyscrasia"}
    ),
    companions=frozenset({"antineoplastic"}),
    measured_within_days=365,
    state_observations={"pregnancy": 280},
    about_dose=frozenset({"I.B.7"}),
    about_product=frozenset({"II.A.2"}),
    resources=(),
)


def coded(system: str, code: str, text: str | None = None) -> JSON:
    """A CodeableConcept of one coding, with its text."""
    found: JSON = {"coding": [{"system": system, "code": code}]}
    return found | {"text": text} if text else found


def status(code: str) -> JSON:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/a-status", "code": code}]}


def chart_of(
    *resources: JSON,
    drafts: tuple[JSON, ...] = (),
    user: str | None = None,
    answers: dict[str, Answer] | None = None,
) -> Chart:
    """A chart of pat-1 that holds these resources; a type without any was asked for and is not there."""
    asked = {"Condition", "Observation", "MedicationRequest", "MedicationStatement"}
    kinds = asked | {r["resourceType"] for r in resources}
    answered = {}
    for kind in sorted(kinds):
        entries = tuple(Entry(_url(r), r) for r in resources if r["resourceType"] == kind)
        answered[kind] = Answered(Had() if entries else NothingThere(), entries)
    for kind, answer in (answers or {}).items():
        answered[kind] = Answered(answer, answered[kind].entries if kind in answered else ())
    return Chart("pat-1", SERVER, tuple(Entry(_url(r), r) for r in drafts), answered, user=user)


def _url(resource: JSON) -> str | None:
    return f"{SERVER}/{resource['resourceType']}/{resource['id']}" if isinstance(resource.get("id"), str) else None


_SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.decimals() | st.text("aZ09-#/é ", max_size=6)
_WORDS = st.sampled_from(
    ["active", "final", "#a", "Practitioner/p", "2026-03-01", "2026", LOINC, "8302-2", "82810-3", "kg", "methotrexate"]
)
_ANY = st.recursive(
    _SCALARS | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "text", "system", "reference", "value", "unit", "start", "end", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def any_resource(kind: str, *elements: str) -> st.SearchStrategy[JSON]:
    """A resource of a type whose elements hold any JSON at all."""
    return st.fixed_dictionaries({"resourceType": st.just(kind)}, optional=dict.fromkeys(elements, _ANY))
