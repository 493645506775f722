"""A list that comes in pages is read to its end, on its own server only."""

import pytest

from service.hooks.discovery import KEYS
from tests.fhir_server import PAGE, load, renamed
from tests.live.hospital import APPROVABLE, JSON, NAMED, Hospital, bare, counting, details, determinations

pytest_plugins = ("tests.live.servers",)


def padding(kind: str, patient: str, count: int) -> list[JSON]:
    """Resources that nothing is read from, to fill pages."""
    shape: JSON = {"resourceType": kind, "status": "final" if kind == "Observation" else "completed", "intent": "order"}
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinine"}
    drug = {"text": "Folic acid 1 mg oral tablet"}
    own = {"code": code} if kind in ("Observation", "Condition") else {"medicationCodeableConcept": drug}
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    return [{**shape, **own, **subject, "id": f"{patient}-{kind.lower()[:20]}-{n}"} for n in range(count)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("xatmep-polyarticular-jia-surface-from-height-and-weight", "Observation"),
        ("reditrex-rheumatoid-arthritis-approvable-syringe", "MedicationRequest"),
        ("continued-jylamvo-rheumatoid-arthritis-same-dose", "MedicationStatement"),
        ("jylamvo-rheumatoid-arthritis-approvable", "Condition"),
    ],
)
@pytest.mark.parametrize("pages", [2, 3])
def test_what_stands_on_a_later_page_is_read(name: str, kind: str, pages: int, hospital: Hospital) -> None:
    fixture, tag = NAMED[name], f"paged{pages}"
    asked = renamed(fixture.request, tag, hospital.server.base)
    patient = asked["context"]["patientId"]
    hospital.server.put(*padding(kind, patient, PAGE * (pages - 1)))  # ahead of what counts
    request = load(hospital.server, fixture.request, tag)
    whole = hospital.cards(request, fixture)
    assert hospital.told(bare(request), fixture) == determinations(whole)
    key = KEYS[kind]
    first = hospital.server.get(f"{kind}?patient={patient}")
    assert any(link["relation"] == "next" for link in first["link"])
    request["prefetch"][key] = first
    assert hospital.told(request, fixture) == determinations(whole)
    alone = {k: v for k, v in request.items() if k != "fhirServer"}
    assert hospital.told(alone, fixture) != determinations(whole)


def test_a_prefetched_page_whose_next_is_on_another_server_is_not_followed(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    with counting() as (base, calls):
        page = request["prefetch"]["observations"]
        page["link"] = [{"relation": "next", "url": f"{base}/Observation?page=2"}]
        cards = hospital.cards(request)
    assert calls == []
    assert "Observation: " in details(cards).split("Could not be read", 1)[1]
