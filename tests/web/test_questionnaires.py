"""The missing form: asked for by order-sign, had by FHIR's own ways, filled in, and read back by the next call."""

import copy
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from flask.testing import FlaskClient

from service.config import Config
from service.forms import questionnaire
from service.policy import library
from service.policy.determine import Policy
from service.policy.form import Question, form, named
from service.web import LIMIT, create_app
from tests.test_fixtures import ANSWERED, Fixture
from tests.web.test_authentication import BASE, bearer
from tests.web.test_authentication import application as guarded

JSON = dict[str, Any]
PLACE = "/fhir/Questionnaire/"
SEARCH = "/fhir/Questionnaire/_search"
PACKAGE = "/fhir/Questionnaire/$questionnaire-package"
LOG = "/fhir/Questionnaire/$log-questionnaire-errors"
FHIR = "application/fhir+json"
COVERAGE = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
MISSING = [
    fixture
    for fixture in ANSWERED
    if any(d["status"] == "documentation-needed" and d["pathway"] for d in fixture.determinations)
    and fixture.request["hook"] == "order-sign"
]
POLICIES = [revision.policy for revision in library.load().revisions()]


def answered(client: FlaskClient, fixture: Fixture, request: JSON) -> JSON:
    found: JSON = client.post(f"/cds-services/prior-auth-{fixture.request['hook']}", json=request).get_json()
    return found


@pytest.fixture
def client_of(tmp_path: Path) -> Callable[[Fixture], FlaskClient]:
    def made(fixture: Fixture) -> FlaskClient:
        from service import plans

        table = plans.parse(fixture.plans) if fixture.plans else plans.Plans()
        day = date.fromisoformat(fixture.expected["today"])
        database = f"sqlite:///{tmp_path}/records.sqlite3"
        return create_app(Config(today=day, plans=table, database_url=database)).test_client()

    return made


def canonicals(answer: JSON) -> list[str]:
    parts = [
        part
        for action in answer["systemActions"]
        for extension in action["resource"]["extension"]
        for part in extension.get("extension", ())
    ]
    return [part["valueCanonical"] for part in parts if part["url"] == "questionnaire"]


def items(listed: list[JSON]) -> Iterator[JSON]:
    for item in listed:
        yield item
        yield from items(item.get("item", []))


def filled(questionnaire: JSON, patient: str, day: str) -> JSON:
    """A response that says yes to all that is asked, by the first branch of every choice."""
    chosen: dict[str, str] = {}

    def answers(listed: list[JSON]) -> list[JSON]:
        said = []
        for item in listed:
            condition = next(iter(item.get("enableWhen", [])), None)
            if condition and chosen.get(condition["question"]) != condition["answerCoding"]["code"]:
                continue
            one: JSON = {"linkId": item["linkId"]}
            match item["type"]:
                case "choice":
                    option = item["answerOption"][0]["valueCoding"]
                    chosen[item["linkId"]] = option["code"]
                    one["answer"] = [{"valueCoding": option}]
                case "boolean":
                    one["answer"] = [{"valueBoolean": True}]
                case "group":
                    one["item"] = answers(item["item"])
            said.append(one)
        return said

    return {
        "resourceType": "QuestionnaireResponse",
        "id": "filled",
        "status": "completed",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": day,
        "item": answers(questionnaire["item"]),
    }


def with_response(request: JSON, response: JSON) -> JSON:
    changed = copy.deepcopy(request)
    prefetch = changed.setdefault("prefetch", {})
    had = prefetch.get("questionnaireResponses") or {"resourceType": "Bundle", "type": "searchset", "entry": []}
    prefetch["questionnaireResponses"] = {**had, "entry": [*had.get("entry", []), {"resource": response}]}
    return changed


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_the_loop_closes(fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]) -> None:
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    (told,) = [t for c in first["cards"] if (t := c["extension"].get("determination")) and t["pathway"]]
    urls = canonicals(first)
    if not urls:  # no Coverage, or an order that reads as daily: nothing is asked for by a form
        daily = any(alert["code"] == "daily-dosing" for alert in told["safety"])
        assert daily or not first["systemActions"]
        return
    url, _, version = urls[0].partition("|")
    assert version == told["policy"]["version"]
    questionnaire = client.get(url).get_json()
    Questionnaire.model_validate(questionnaire)
    asked = {i["linkId"] for i in items(questionnaire["item"]) if i["type"] == "boolean"}
    assert asked == set(told["missing"])
    response = filled(questionnaire, fixture.request["context"]["patientId"], fixture.expected["today"])
    QuestionnaireResponse.model_validate(response)
    then = answered(client, fixture, with_response(fixture.request, response))
    (after,) = [t for c in then["cards"] if (t := c["extension"].get("determination")) and t["pathway"]]
    assert after["status"] == "approvable"


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_the_package_of_a_context_or_a_canonical_holds_the_form_and_a_response_to_fill_in(
    fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]
) -> None:
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    if not canonicals(first):
        return
    extension = first["systemActions"][0]["resource"]["extension"][-1]["extension"]
    assertion = next(p["valueString"] for p in extension if p["url"] == "coverage-assertion-id")
    coverage = {"resourceType": "Coverage", "id": "c", "beneficiary": {"reference": "Patient/p"}}
    names = [{"name": "coverage", "resource": coverage}]
    by_context = [*names, {"name": "context", "valueString": assertion}]
    by_canonical = [*names, {"name": "questionnaire", "valueCanonical": canonicals(first)[0]}]
    packages = []
    for given in (by_context, by_canonical):
        answer = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given})
        assert answer.status_code == 200
        (parameter,) = answer.get_json()["parameter"]
        assert parameter["name"] == "packagebundle"
        Bundle.model_validate(parameter["resource"])
        packages.append([entry["resource"] for entry in parameter["resource"]["entry"]])
    (questionnaire, draft), again = packages
    assert (questionnaire, again[0]) == (again[0], questionnaire)
    assert draft["questionnaire"] == canonicals(first)[0]
    assert (draft["status"], draft["subject"]) == ("in-progress", {"reference": "Patient/p"})


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.document.version)
def test_a_criterion_is_asked_for_in_a_prescribers_words_and_every_item_has_words(
    client: FlaskClient, policy: Policy
) -> None:
    for outline in policy.outlines:
        clauses = {clause.ref: clause for clause in outline.leaves()}
        made = form(policy, clauses)
        assert made is not None
        questionnaire = client.get(f"/fhir/Questionnaire/{made.name}").get_json()
        Questionnaire.model_validate(questionnaire)
        assert questionnaire["subjectType"] == ["Patient"]
        asked = list(items(questionnaire["item"]))
        assert all(item["text"] for item in asked)
        texts = {item["linkId"]: item["text"] for item in asked if item["type"] == "boolean"}
        assert texts == {ref: clause.question or clause.says for ref, clause in clauses.items()}


def test_a_questionnaire_says_how_an_app_finds_what_the_chart_shows(client: FlaskClient) -> None:
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    by_id = client.get(f"/fhir/Questionnaire/{found.name}").get_json()
    (entry,) = client.get("/fhir/Questionnaire", query_string={"url": by_id["url"]}).get_json()["entry"]
    assert entry["resource"] == by_id
    assert [e["valueExpression"]["name"] for e in by_id["extension"] if "valueExpression" in e] == ["conditions"]
    (explanation,) = (i for i in items(by_id["item"]) if i["linkId"] == "I.B.6#explanation")
    assert [e["valueExpression"]["language"] for e in explanation["extension"]] == ["text/fhirpath"]


def test_a_form_is_named_by_what_it_asks_and_by_nothing_else() -> None:
    for policy in POLICIES:
        for outline in policy.outlines:
            refs = [clause.ref for clause in outline.leaves()]
            for wanted in ([refs[0]], refs[1:3], refs):
                found = form(policy, wanted)
                assert found is not None
                assert named(POLICIES, found.name) == found
                assert found.name != getattr(form(policy, refs[2:4]), "name", None) or wanted == refs[2:4]
                assert len(found.name) <= 64


@pytest.mark.parametrize(
    "name", ["", "x", "cp.phar.134.2025-11.", "cp.phar.134.2025-11.0", "cp.phar.134.2025-11.zz", "..", "a" * 99, "a b"]
)
def test_a_name_that_no_form_has_is_not_found(client: FlaskClient, name: str) -> None:
    assert named(POLICIES, name) is None
    assert client.get(f"/fhir/Questionnaire/{name or '-'}").status_code == 404
    found = client.get("/fhir/Questionnaire", query_string={"url": f"https://x/fhir/Questionnaire/{name}"}).get_json()
    assert found == {"resourceType": "Bundle", "type": "searchset", "total": 0}


def of_one_clause() -> str:
    """The name of a form of the newest revision."""
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    return found.name


def parameters(*given: JSON) -> JSON:
    return {"resourceType": "Parameters", "parameter": list(given)}


def packaged(client: FlaskClient, *urls: str) -> list[JSON]:
    """What the operation gives for these canonicals."""
    asked = [{"name": "questionnaire", "valueCanonical": url} for url in urls]
    given = client.post(PACKAGE, json=parameters({"name": "coverage", "resource": COVERAGE}, *asked)).get_json()
    found: list[JSON] = given["parameter"]
    return found


def test_a_form_is_searched_for_by_its_canonical(client: FlaskClient) -> None:
    url = f"http://localhost/fhir/Questionnaire/{of_one_clause()}"
    (entry,) = client.get("/fhir/Questionnaire", query_string={"url": f"{url}|2025-11"}).get_json()["entry"]
    assert (entry["fullUrl"], entry["resource"]["url"]) == (url, url)


@pytest.mark.parametrize(
    ("place", "after", "version", "total"),
    [
        ("http://localhost/fhir/Questionnaire/", "", None, 1),
        ("http://localhost/fhir/Questionnaire/", "|2025-11", None, 1),
        ("http://localhost/fhir/Questionnaire/", "|2024-11", None, 0),
        ("http://localhost/fhir/Questionnaire/", "|1999-01", None, 0),
        ("http://localhost/fhir/Questionnaire/", "|2025-11|2025-11", None, 0),
        ("http://localhost/fhir/Questionnaire/", "", "2025-11", 1),
        ("http://localhost/fhir/Questionnaire/", "", "2024-11", 0),
        ("http://localhost/fhir/Questionnaire/", "|2025-11", "2025-11", 1),
        ("http://localhost/fhir/Questionnaire/", "|2025-11", "2024-11", 0),
        ("http://127.0.0.1:8000/fhir/Questionnaire/", "", None, 1),
        ("https://other.example/zzz/", "", None, 0),
        ("https://other.example/fhir/ValueSet/", "", None, 0),
        ("https://other.example/fhir/Questionnaire/x/", "", None, 0),
        ("http://localhost/fhir/Questionnaire/", "/x", None, 0),
        ("/fhir/Questionnaire/", "", None, 0),
        ("", "", None, 0),
    ],
)
def test_a_form_is_found_by_its_own_place_and_version_alone(
    client: FlaskClient, place: str, after: str, version: str | None, total: int
) -> None:
    url = f"{place}{of_one_clause()}{after}"
    asked = {"url": url} | ({"version": version} if version else {})
    answers = [client.get("/fhir/Questionnaire", query_string=asked), client.post(SEARCH, data=asked)]
    assert [(answer.status_code, answer.get_json()["total"]) for answer in answers] == [(200, total)] * 2
    if version is None:
        assert [parameter["name"] for parameter in packaged(client, url)] == ["packagebundle" if total else "outcome"]


@pytest.mark.parametrize(
    ("base", "total"),
    [("https://cds.example.org/pa", 1), ("https://cds.example.org", 0), ("http://localhost", 0), ("https://x", 0)],
)
def test_where_the_service_knows_its_own_url_a_canonical_is_of_that(tmp_path: Path, base: str, total: int) -> None:
    database = f"sqlite:///{tmp_path}/records.sqlite3"
    client = create_app(Config(public_url="https://cds.example.org/pa", database_url=database)).test_client()
    url = f"{base}{PLACE}{of_one_clause()}"
    assert client.get("/fhir/Questionnaire", query_string={"url": url}).get_json()["total"] == total
    assert [parameter["name"] for parameter in packaged(client, url)] == ["packagebundle" if total else "outcome"]


def test_a_search_by_form_is_as_one_by_address(client: FlaskClient) -> None:
    asked = {"url": f"http://localhost{PLACE}{of_one_clause()}", "version": "2025-11"}
    by_address = client.get("/fhir/Questionnaire", query_string=asked)
    assert client.post(SEARCH, data=asked).get_json() == by_address.get_json()
    assert client.post(SEARCH, query_string=asked).get_json() == by_address.get_json()
    split = client.post(SEARCH, query_string={"version": "2024-11"}, data={"url": asked["url"]})
    assert split.get_json()["total"] == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {}}, 400),
        ({"data": {"version": "2025-11"}}, 400),
        ({"data": b"\xff=\xff&%zz", "content_type": "application/x-www-form-urlencoded"}, 400),
        ({"json": {"url": "x"}}, 415),
        ({"data": "url=x", "content_type": "text/plain"}, 415),
    ],
)
def test_what_is_no_search_by_form_is_refused(client: FlaskClient, sent: JSON, status: int) -> None:
    answer = client.post(SEARCH, **sent)
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [PACKAGE, LOG, SEARCH, "/fhir/$questionnaire-package"])
def test_an_operation_is_called_by_post_alone(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) - {"OPTIONS"} == {"POST"}


def test_a_draft_is_nowhere_and_another_in_every_package(client: FlaskClient) -> None:
    other = form(POLICIES[-1], ["I.B.5"])
    assert other is not None
    urls = [f"http://localhost{PLACE}{name}" for name in (of_one_clause(), other.name)]
    entries = [p["resource"]["entry"] for _ in range(2) for p in packaged(client, *urls)]
    drafts = [entry for _, entry in entries]
    assert all("id" not in draft["resource"] for draft in drafts)
    uuids = {draft["fullUrl"] for draft in drafts}
    assert len(uuids) == len(drafts) == 4
    version_4 = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(version_4, one) for one in uuids)
    assert [asked["fullUrl"] for asked, _ in entries] == urls * 2


def failing(client: FlaskClient, status: int) -> Any:
    """An answer under /fhir that fails so."""
    match status:
        case 400:
            return client.get("/fhir/Questionnaire")
        case 404:
            return client.get("/fhir/nothing/here")
        case 405:
            return client.get(PACKAGE)
        case 413:
            return client.post(PACKAGE, data=b" " * (LIMIT + 1), content_type=FHIR)
        case 415:
            return client.post(PACKAGE, data=b"{}", content_type="text/plain")
    context = {"name": "context", "valueString": "unknown"}
    return client.post(PACKAGE, json=parameters({"name": "coverage", "resource": COVERAGE}, context))


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
def test_an_error_of_fhir_is_of_fhirs_own_media_type(client: FlaskClient, status: int) -> None:
    answer = failing(client, status)
    assert (answer.status_code, answer.content_type) == (status, FHIR)
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_so_is_what_is_said_to_a_client_who_cannot_be_verified(tmp_path: Path) -> None:
    client = guarded(tmp_path).test_client()
    without = client.post(PACKAGE, json={})
    for file in tmp_path.glob("records.sqlite3*"):  # which tokens were used is not known any more
        file.unlink()
    unverified = client.post(PACKAGE, json={}, headers=bearer(aud=f"{BASE}{PACKAGE}"))
    assert [(one.status_code, one.content_type) for one in (without, unverified)] == [(401, FHIR), (503, FHIR)]


@pytest.mark.parametrize("path", ["/cds-services/nobody", "/forms/entry", "/fhirs"])
def test_an_error_elsewhere_is_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code >= 400
    assert answer.content_type == "application/json"


@pytest.mark.parametrize("kinds", [["ServiceRequest"], ["ServiceRequest", "DeviceRequest"]])
def test_that_orders_of_another_type_have_no_forms_is_said(client: FlaskClient, kinds: list[str]) -> None:
    orders = [{"name": "order", "resource": {"resourceType": k, "subject": {"reference": "Patient/p"}}} for k in kinds]
    answer = client.post(PACKAGE, json=parameters({"name": "coverage", "resource": COVERAGE}, *orders))
    assert answer.status_code == 400
    assert [issue["diagnostics"] for issue in answer.get_json()["issue"]] == ["only MedicationRequests have forms"]


def test_an_order_of_another_type_does_not_keep_a_form_that_is_named_from_being_given(client: FlaskClient) -> None:
    order = {"name": "order", "resource": {"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p"}}}
    named_too = {"name": "questionnaire", "valueCanonical": f"http://localhost{PLACE}{of_one_clause()}"}
    answer = client.post(PACKAGE, json=parameters({"name": "coverage", "resource": COVERAGE}, order, named_too))
    assert [parameter["name"] for parameter in answer.get_json()["parameter"]] == ["packagebundle"]


CANONICAL = {"name": "questionnaire", "valueCanonical": "http://localhost/fhir/Questionnaire/x|2025-11"}
OUTCOME = {
    "name": "operationOutcome",
    "resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "required"}]},
}
# The operation's own definition calls both by one name.
AS_DEFINED = ({**CANONICAL, "name": "resource"}, {**OUTCOME, "name": "resource"})


def faults_counted(client: FlaskClient) -> float:
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(x.rsplit(" ", 1)[1]) for x in lines if x.startswith("countersign_form_faults_total"))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([CANONICAL, OUTCOME], 200),
        (list(AS_DEFINED), 200),
        ([], 400),
        ([CANONICAL], 400),
        ([OUTCOME], 400),
        ([CANONICAL, CANONICAL, OUTCOME], 200),
        ([CANONICAL, OUTCOME, OUTCOME], 200),
        ([{"name": "questionnaire", "valueCanonical": ""}, OUTCOME], 400),
        ([CANONICAL, {"name": "operationOutcome", "resource": {"resourceType": "Patient"}}], 400),
    ],
)
def test_a_report_of_errors_says_of_which_form_and_what(client: FlaskClient, given: list[JSON], status: int) -> None:
    before = faults_counted(client)
    answer = client.post(LOG, json=parameters(*given))
    assert (answer.status_code, answer.content_type) == (status, FHIR)
    assert faults_counted(client) - before == (1 if status == 200 else 0)


def test_a_report_that_is_no_json_is_told_of_its_media_type(client: FlaskClient) -> None:
    answer = client.post(LOG, data=b"{}", content_type="text/plain")
    assert (answer.status_code, answer.content_type) == (415, FHIR)


def test_what_of_forms_is_served_is_told(client: FlaskClient) -> None:
    statement = client.get("/fhir/metadata").get_json()
    (rest,) = statement["rest"]
    (told,) = [one for one in rest["resource"] if one["type"] == "Questionnaire"]
    assert {one["name"]: one["type"] for one in told["searchParam"]} == {"url": "uri", "version": "token"}
    assert {one["name"] for one in told["operation"]} == {"questionnaire-package", "log-questionnaire-errors"}
    assert [one["name"] for one in rest["operation"]] == ["questionnaire-package"]
    assert "POST to _search" in next(i for i in told["interaction"] if i["code"] == "search-type")["documentation"]
    assert statement["implementation"]["url"] == "http://localhost/fhir"


def test_a_form_and_its_groups_are_titled_for_renderers_that_show_no_more() -> None:
    """A title names the use, and a group its criterion: elsewhere than on our page they stand alone."""
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    made = questionnaire(found, "https://x")
    assert made["title"] == f"CP.PHAR.134, section I.B, {found.title}: what is not on record yet"
    (group,) = made["item"]
    (asked,) = found.parts
    assert isinstance(asked, Question)
    assert (group["linkId"], group["text"]) == ("I.B.6#group", f"I.B.6 {asked.says}")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"resourceType": "Bundle"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "context", "valueString": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "coverage", "resource": {"resourceType": "Coverage"}}]},
    ],
)
def test_what_is_no_request_for_a_package_is_refused(client: FlaskClient, body: Any) -> None:
    answer = client.post(PACKAGE, json=body)
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "given",
    [
        {"name": "questionnaire", "valueCanonical": "https://x/fhir/Questionnaire/y"},
        {"name": "order", "resource": {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/p"}}},
    ],
)
def test_what_cannot_be_given_is_said(client: FlaskClient, given: JSON) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    body = {"resourceType": "Parameters", "parameter": [{"name": "coverage", "resource": coverage}, given]}
    (parameter,) = client.post(PACKAGE, json=body).get_json()["parameter"]
    assert parameter["name"] == "outcome"
    assert parameter["resource"]["issue"][0]["severity"] == "warning"


def test_of_several_forms_those_that_there_are_are_given_and_the_others_are_told_by_their_place(
    client: FlaskClient,
) -> None:
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    given = [{"name": "coverage", "resource": coverage}]
    given += [
        {"name": "questionnaire", "valueCanonical": f"https://x{PLACE}{name}"} for name in (found.name, "unknown")
    ]
    bundle, outcome = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).get_json()[
        "parameter"
    ]
    assert bundle["resource"]["entry"][0]["resource"]["id"] == found.name
    assert "questionnaire 2" in outcome["resource"]["issue"][0]["diagnostics"]


@pytest.mark.parametrize("place", [PACKAGE, "/fhir/$questionnaire-package"])
def test_a_context_that_is_not_known_is_refused(client: FlaskClient, place: str) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    given = [{"name": "coverage", "resource": coverage}, {"name": "context", "valueString": "unknown"}]
    answer = client.post(place, json={"resourceType": "Parameters", "parameter": given})
    assert answer.status_code == 422
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_an_order_of_another_patient_than_the_coverage_is_refused(client: FlaskClient) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    order = {"resourceType": "MedicationRequest", "subject": {"reference": "https://ehr.example.org/fhir/Patient/q"}}
    given = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": order}]
    answer = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given})
    assert answer.status_code == 400
    order["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/p"}
    assert client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).status_code == 200


def test_an_order_that_carries_its_coverage_information_needs_no_other_name(
    client_of: Callable[[Fixture], FlaskClient],
) -> None:
    fixture = next(f for f in MISSING if f.name == "jylamvo-rheumatoid-arthritis-swallowing-not-documented")
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    order = first["systemActions"][0]["resource"]
    coverage = {"resourceType": "Coverage", "id": "c", "beneficiary": order["subject"]}
    given = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": order}]
    (parameter,) = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).get_json()["parameter"]
    questionnaire, draft = [entry["resource"] for entry in parameter["resource"]["entry"]]
    assert draft["questionnaire"] == canonicals(first)[0]
    assert {i["linkId"] for i in items(questionnaire["item"]) if i["type"] == "boolean"} == {"I.B.6"}


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 400)])
def test_so_many_forms_are_packaged_at_once_and_no_more(client: FlaskClient, count: int, status: int) -> None:
    named = [{"name": "questionnaire", "valueCanonical": f"http://x/{n}"} for n in range(count)]
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    asked = parameters({"name": "coverage", "resource": coverage}, *named)
    assert client.post(PACKAGE, json=asked).status_code == status
