"""The FHIR server that tests fetch from: it holds what was put onto it, and answers as FHIR says."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from service.hooks.discovery import KEYS, template
from tests.fhir_server import PAGE, FhirServer, chart_of, load
from tests.test_fixtures import ANSWERED

pytest_plugins = ("tests.live.servers",)

JSON = dict[str, Any]
CHARTS = {f"held{number}": fixture.request for number, fixture in enumerate(ANSWERED) if "prefetch" in fixture.request}


def query(kind: str, patient: str) -> str:
    return template(kind).replace("{{context.patientId}}", patient)


def bare(resource: JSON) -> JSON:
    """A resource without what a server writes into it."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return {**{k: v for k, v in resource.items() if k != "meta"}, **({"meta": meta} if meta else {})}


def matches(bundle: JSON) -> list[JSON]:
    return [e["resource"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]


def following(bundle: JSON) -> str | None:
    return next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)


def pages(server: FhirServer, asked: str) -> Iterator[JSON]:
    url: str | None = asked
    while url:
        bundle = server.get(url)
        yield bundle
        url = following(bundle)


@pytest.fixture(scope="module")
def charts(fhir_server: FhirServer) -> dict[str, JSON]:
    """Every fixture's chart on one server: the requests anew."""
    return {name: load(fhir_server, request, name) for name, request in CHARTS.items()}


@pytest.mark.parametrize("kind", KEYS)
def test_the_search_of_a_template_gives_what_was_put_for_each_patient_and_nothing_else(
    fhir_server: FhirServer, charts: dict[str, JSON], kind: str
) -> None:
    held = 0
    for request in charts.values():
        patient = request["context"]["patientId"]
        answer = fhir_server.get(query(kind, patient))
        found = [answer] if kind == "Patient" else matches(answer)
        wanted = [r for r in chart_of(request) if r["resourceType"] == kind and of(r) == patient]
        assert [bare(r) for r in found] == [bare(r) for r in wanted]
        assert kind == "Patient" or answer["total"] == len(wanted)
        held += len(wanted)
    assert held > 0 or kind in ("Claim", "ClaimResponse")


def of(resource: JSON) -> str:
    """The id of the patient whose a resource is."""
    subject = next((resource[name] for name in ("subject", "patient", "beneficiary") if name in resource), None)
    return str(subject["reference"] if subject else resource["id"]).rsplit("/", 1)[-1]


@pytest.mark.parametrize("kind", ["Claim", "ClaimResponse"])
def test_a_type_that_no_fixture_holds_is_found_all_the_same(fhir_server: FhirServer, kind: str) -> None:
    mine, other = (
        {"resourceType": kind, "id": f"bill-{who}", "patient": {"reference": f"Patient/bill-{who}"}}
        for who in ("mine", "other")
    )
    fhir_server.put(mine, other)
    assert [bare(r) for r in matches(fhir_server.get(query(kind, "bill-mine")))] == [mine]


def observations(patient: str, count: int) -> list[JSON]:
    subject = {"reference": f"Patient/{patient}"}
    return [
        {"resourceType": "Observation", "id": f"{patient}-{n}", "status": "final", "subject": subject, "code": {}}
        for n in range(count)
    ]


@pytest.mark.parametrize(("count", "sizes"), [(PAGE, [20]), (PAGE + 1, [20, 1]), (2 * PAGE + 5, [20, 20, 5])])
def test_a_long_list_comes_in_pages_on_the_same_server(fhir_server: FhirServer, count: int, sizes: list[int]) -> None:
    put = observations(f"paged-{count}", count)
    fhir_server.put(*put)
    found = list(pages(fhir_server, query("Observation", f"paged-{count}")))
    assert [len(matches(page)) for page in found] == sizes
    assert {page["total"] for page in found} == {count}
    assert [bare(r) for page in found for r in matches(page)] == put


def test_an_order_that_names_another_patient_is_not_found(fhir_server: FhirServer) -> None:
    fhir_server.put(*observations("near", 1), *observations("nearby", 1))
    assert [r["id"] for r in matches(fhir_server.get(query("Observation", "near")))] == ["near-0"]


def test_a_chart_keeps_apart_from_the_same_chart_under_another_name(fhir_server: FhirServer) -> None:
    one, other = (load(fhir_server, ANSWERED[1].request, name) for name in ("one", "other"))
    patients = [request["context"]["patientId"] for request in (one, other)]
    assert patients[0] != patients[1]
    for request, patient in zip((one, other), patients, strict=True):
        found = {r["id"] for r in matches(fhir_server.get(query("Condition", patient)))}
        assert found == {r["id"] for r in chart_of(request) if r["resourceType"] == "Condition"}
        assert found


def status(server: FhirServer, headers: dict[str, str]) -> int:
    return requests.get(f"{server.base}/Patient/nobody", headers=headers, timeout=30).status_code


def test_the_secured_server_takes_its_own_token_alone(secured_server: FhirServer) -> None:
    assert status(secured_server, secured_server.authorization) == 404
    assert status(secured_server, {}) == 401
    assert status(secured_server, {"Authorization": "Bearer wrong"}) == 401
    assert status(secured_server, {"Authorization": f"Bearer {secured_server.issue()}"}) == 401


def test_a_token_that_ran_out_is_refused_as_such(secured_server: FhirServer) -> None:
    headers = {"Authorization": f"Bearer {secured_server.issue()}"}
    answer = requests.get(f"{secured_server.base}/Patient/nobody", headers=headers, timeout=30)
    assert answer.json()["issue"][0]["code"] == "expired"


def test_the_secured_server_holds_a_chart_as_the_open_one_does(secured_server: FhirServer) -> None:
    request = load(secured_server, ANSWERED[1].request, "held")
    assert request["fhirAuthorization"]["access_token"] == secured_server.token
    found = matches(secured_server.get(query("Condition", request["context"]["patientId"])))
    assert [bare(r) for r in found] == [bare(r) for r in chart_of(request) if r["resourceType"] == "Condition"]


def test_a_server_may_answer_with_absolute_references(absolute_server: FhirServer) -> None:
    request = load(absolute_server, ANSWERED[1].request, "held")
    patient = request["context"]["patientId"]
    found = matches(absolute_server.get(query("Condition", patient)))
    assert {r["subject"]["reference"] for r in found} == {f"{absolute_server.base}/Patient/{patient}"}


@pytest.mark.parametrize("kind", ["AdverseEvent", "QuestionnaireResponse"])
def test_a_server_may_ignore_whose_resources_are_asked_for(lenient_server: FhirServer, kind: str) -> None:
    put = [
        {"resourceType": kind, "id": f"of-{who}", "subject": {"reference": f"Patient/{who}"}} for who in ("us", "them")
    ]
    lenient_server.put(*put)
    answer = lenient_server.get(f"{query(kind, 'us')}&_count=1000")
    assert [bare(r) for r in matches(answer) if bare(r) in put] == put
    outcomes = [e["resource"] for e in answer["entry"] if e["search"]["mode"] == "outcome"]
    assert [issue["severity"] for outcome in outcomes for issue in outcome["issue"]] == ["warning"]
