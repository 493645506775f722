"""The form that a card links to: opened by its token alone, answered once, read by the order's next call."""

import copy
import gzip
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import plans
from service.config import Config
from service.filled import DOCUMENT, TYPES
from service.web import create_app
from service.web.entry import LIMIT, MOST
from tests.test_fixtures import ALL, Fixture
from tests.test_suggestions import fault
from tests.web.test_questionnaires import MISSING, PACKAGE, filled, items

JSON = dict[str, Any]
NAMED = {fixture.name: fixture for fixture in ALL}
SWALLOWING = NAMED["jylamvo-rheumatoid-arthritis-swallowing-not-documented"]
SUPPORT = NAMED["jylamvo-leukemia-dose-above-limit-needs-literature"]
DAILY = NAMED["jylamvo-rheumatoid-arthritis-text-weekly-structure-five-a-day"]
BY = "A. Example, MD"


class Clinic:
    """The service on one database, and a prescriber who signs orders and fills in forms."""

    def __init__(self, fixture: Fixture, database: Path, **config: Any) -> None:
        table = plans.parse(fixture.plans) if fixture.plans else plans.Plans()
        day = date.fromisoformat(fixture.expected["today"])
        plain = Config(today=day, plans=table, database_url=f"sqlite:///{database}")
        self.client: FlaskClient = create_app(replace(plain, **config)).test_client()
        self.fixture, self.database = fixture, database

    def sign(self, request: JSON | None = None, hook: str | None = None) -> list[JSON]:
        cards: list[JSON] = self.answer(request, hook)["cards"]
        return cards

    def answer(self, request: JSON | None = None, hook: str | None = None) -> JSON:
        asked = request or self.fixture.request
        answer = self.client.post(f"/cds-services/prior-auth-{hook or asked['hook']}", json=asked)
        assert answer.status_code == 200
        found: JSON = answer.get_json()
        return found

    def token(self, request: JSON | None = None) -> str:
        (link,) = links(self.sign(request))
        return link["url"].partition("#")[2]

    def open(self, token: str) -> Any:
        return self.client.get("/forms/entry", headers={"Authorization": f"Bearer {token}"})

    def submit(self, token: str, response: Any, by: Any = BY, **more: Any) -> Any:
        body = {"response": response, "by": by} | more
        return self.client.post("/forms/entry", headers={"Authorization": f"Bearer {token}"}, json=body)

    def filled(self, token: str, yes: bool = True) -> JSON:
        told = self.open(token).get_json()
        response = filled(told["questionnaire"], self.fixture.request["context"]["patientId"].rsplit("/", 1)[-1], "")
        del response["authored"], response["id"]
        for item in items(response["item"]):
            for answer in item.get("answer", ()):
                if "valueBoolean" in answer:
                    answer["valueBoolean"] = yes
        return response


def links(cards: list[JSON]) -> list[JSON]:
    return [link for card in cards for link in card.get("links", ()) if "/forms/" in link["url"]]


def broken(database: Path, table: str) -> None:
    """A database that fails from now on, wherever this table is asked."""
    with sqlite3.connect(database) as connection:
        connection.execute(f'ALTER TABLE "{table}" RENAME TO "gone"')


def told(cards: list[JSON]) -> JSON:
    (found,) = [c["extension"]["determination"] for c in cards if "determination" in c["extension"]]
    return dict(found)


@pytest.fixture
def clinic(tmp_path: Path) -> Callable[..., Clinic]:
    def made(fixture: Fixture = SWALLOWING, **config: Any) -> Clinic:
        return Clinic(fixture, tmp_path / "records.sqlite3", **config)

    return made


# --- the loop


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_what_is_missing_is_filled_in_from_the_card_and_the_next_call_approves(
    fixture: Fixture, clinic: Callable[..., Clinic]
) -> None:
    here = clinic(fixture)
    cards = here.sign()
    found = [c["extension"]["determination"] for c in cards if "determination" in c["extension"]]
    (first,) = [one for one in found if one["pathway"]]
    if any(alert["code"] == "daily-dosing" for alert in first["safety"]):
        assert links(cards) == []
        return
    (link,) = links(cards)
    assert link["type"] == "absolute"
    token = link["url"].partition("#")[2]
    asked = here.open(token).get_json()["questionnaire"]
    assert {i["linkId"] for i in items(asked["item"]) if i["type"] == "boolean"} == set(first["missing"])
    answer = here.submit(token, here.filled(token))
    assert answer.status_code == 201, answer.get_json()
    after = [c["extension"]["determination"] for c in here.sign() if "determination" in c["extension"]]
    (then,) = [one for one in after if one["pathway"]]
    assert then["status"] == "approvable"
    attested = [e["text"] for row in then["criteria"] for e in row["evidence"] if "answers:" in e["reference"]]
    assert attested
    assert all(BY in text and "on a form of this service" in text for text in attested)


def test_a_no_is_read_as_the_no_that_it_is(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    assert here.submit(token, here.filled(token, yes=False)).status_code == 201
    then = told(here.sign())
    assert (then["status"], then["unmet"]) == ("not-met", ["I.B.6"])


def test_answers_are_read_at_selecting_too(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    here.submit(token, here.filled(token))
    selected = copy.deepcopy(SWALLOWING.request)
    selected["hook"] = "order-select"
    selected["context"]["selections"] = [
        f"MedicationRequest/{selected['context']['draftOrders']['entry'][0]['resource']['id']}"
    ]
    assert told(here.sign(selected))["status"] == "approvable"


def order(request: JSON) -> JSON:
    found: JSON = request["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def another_order(request: JSON) -> None:
    order(request)["id"] = "another-order"


def another_patient(request: JSON) -> None:
    text = json.dumps(request)
    patient = request["context"]["patientId"].rsplit("/", 1)[-1]
    request.update(json.loads(text.replace(patient, "another-patient")))


def another_server(request: JSON) -> None:
    request["fhirServer"] = "https://another.example.org/fhir"
    request.pop("fhirAuthorization", None)


def another_dose(request: JSON) -> None:
    another_order(request)
    order(request)["dosageInstruction"][0]["patientInstruction"] = "With water"


@pytest.mark.parametrize("change", [another_dose, another_patient, another_server])
def test_answers_count_for_their_own_order_patient_and_server_alone(
    change: Callable[[JSON], None], clinic: Callable[..., Clinic]
) -> None:
    here = clinic()
    token = here.token()
    here.submit(token, here.filled(token))
    other = copy.deepcopy(SWALLOWING.request)
    change(other)
    assert told(here.sign(other))["status"] == "documentation-needed"


def test_answers_count_for_an_order_that_orders_the_same_under_another_id(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    here.submit(token, here.filled(token))
    other = copy.deepcopy(SWALLOWING.request)
    another_order(other)
    assert told(here.sign(other))["status"] == "approvable"


def test_of_two_drafts_an_answer_about_the_dose_counts_for_its_own(clinic: Callable[..., Clinic]) -> None:
    here = clinic(SUPPORT)
    token = here.token()
    here.submit(token, here.filled(token))
    both = copy.deepcopy(SUPPORT.request)
    other = copy.deepcopy(SUPPORT.request)
    another_order(other)
    more(other)
    both["context"]["draftOrders"]["entry"] += other["context"]["draftOrders"]["entry"][:1]
    found = [card["extension"]["determination"] for card in here.sign(both)]
    assert {one["order"].rsplit("/", 1)[-1]: one["status"] for one in found} == {
        order(SUPPORT.request)["id"]: "approvable",
        "another-order": "documentation-needed",
    }


CONTINUED = NAMED["otrexup-polyarticular-jia-above-20-mg"]


def continued() -> JSON:
    """An order of what the patient takes already, at a dose that no start of it is approved with."""
    request = copy.deepcopy(CONTINUED.request)
    taken = order(request) | {"id": "taken", "status": "active", "authoredOn": "2025-12-01"}
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": copy.deepcopy(taken)}]}
    request["prefetch"] |= {"medicationRequests": found}
    for name in ("medicationStatements", "allergies", "adverseEvents", "medicationDispenses"):
        request["prefetch"][name] = {"resourceType": "Bundle", "type": "searchset"}
    return request


def test_answers_about_treatment_with_one_product_do_not_count_for_another(clinic: Callable[..., Clinic]) -> None:
    here, request = clinic(CONTINUED), continued()
    token = here.token(request)
    assert here.submit(token, here.filled(token)).status_code == 201
    assert told(here.sign(request))["status"] == "approvable"
    ordered = order(NAMED["rasuvo-rheumatoid-arthritis-commercial-six-months"].request)
    taken = {name for name in order(request) if name.startswith("medication") or name == "dosageInstruction"}
    for name in taken:
        del order(request)[name]
    order(request).update({n: v for n, v in ordered.items() if n.startswith("medication") or n == "dosageInstruction"})
    after = told(here.sign(request))
    assert (after["product"], after["status"]) == ("rasuvo", "documentation-needed")
    attested = [e["text"] for c in after["criteria"] for e in c["evidence"] if e["text"].startswith("Attested")]
    assert attested == []


def test_an_answer_about_a_dose_counts_for_its_own_diagnosis(clinic: Callable[..., Clinic]) -> None:
    mycosis = NAMED["jylamvo-mycosis-fungoides-single-agent-approvable"]
    sezary = NAMED["jylamvo-sezary-syndrome-stage-iva-attested-regimen"]
    request = copy.deepcopy(mycosis.request)
    for dose in order(request)["dosageInstruction"][0]["doseAndRate"]:
        dose["doseQuantity"]["value"] = 100
    order(request)["dosageInstruction"][0].pop("text", None)
    conditions = request["prefetch"]["conditions"]["entry"]
    other = next(
        copy.deepcopy(e) for e in sezary.request["prefetch"]["conditions"]["entry"] if e["resource"]["id"] == "sz"
    )
    other["resource"]["subject"] = conditions[0]["resource"]["subject"]
    conditions.append(other)
    here = clinic(mycosis)
    token = here.token(request)
    here.submit(token, here.filled(token))
    assert told(here.sign(request))["status"] == "approvable"
    order(request)["reasonReference"] = [{"reference": "Condition/sz"}]
    after = told(here.sign(request))
    assert (after["indication"], after["missing"]) == ("sezary-syndrome", ["I.D.6.c", "I.D.note"])


def test_without_a_fhir_server_another_patient_of_the_same_id_has_no_answers(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    alone = copy.deepcopy(SWALLOWING.request)
    alone.pop("fhirServer", None)
    alone.pop("fhirAuthorization", None)
    token = here.token(alone)
    here.submit(token, here.filled(token))
    assert told(here.sign(alone))["status"] == "approvable"
    other = copy.deepcopy(alone)
    other["prefetch"]["patient"]["birthDate"] = "1971-01-01"
    assert told(here.sign(other))["status"] == "documentation-needed"


def test_what_the_ehr_holds_of_an_answer_is_none_about_another_orders_dose(clinic: Callable[..., Clinic]) -> None:
    here = clinic(SUPPORT)
    token = here.token()
    here.submit(token, here.filled(token))
    with sqlite3.connect(here.database) as database:
        ((whole,),) = database.execute("SELECT response FROM answers")
    other = copy.deepcopy(SUPPORT.request)
    another_order(other)
    more(other)
    patient = {"reference": f"Patient/{other['context']['patientId'].rsplit('/', 1)[-1]}"}
    copied = json.loads(whole) | {"id": "copy", "subject": patient}
    other["prefetch"]["questionnaireResponses"] = {"resourceType": "Bundle", "entry": [{"resource": copied}]}
    assert told(here.sign(other))["missing"] == ["I.C.5.b", "I.C.note"]
    order(other)["dosageInstruction"] = order(SUPPORT.request)["dosageInstruction"]
    assert told(here.sign(other))["status"] == "approvable"


def test_what_is_offered_after_an_answer_about_the_dose_gets_what_it_promised(clinic: Callable[..., Clinic]) -> None:
    adult = NAMED["xatmep-leukemia-adult-regimen-off-label"]
    request = copy.deepcopy(adult.request)
    ordered = order(request)
    ordered.pop("dispenseRequest", None)
    (instruction,) = ordered["dosageInstruction"]
    instruction.pop("text", None)
    for dose in instruction["doseAndRate"]:
        dose["doseQuantity"].update(value=40, unit="mg", code="mg")
    here = clinic(adult)
    token = here.token(request)
    response = here.filled(token)
    for item in items(response["item"]):
        if item["linkId"] == "I.C.5.b":
            item["answer"][0]["valueBoolean"] = False
    assert here.submit(token, response).status_code == 201
    (card,) = here.sign(request)
    assert any(one["extension"]["promise"]["kind"] == "dose" for one in card["suggestions"])
    assert [fault(request, card, one, here.sign) for one in card["suggestions"]] == [None] * len(card["suggestions"])


def test_an_order_without_an_id_is_known_by_what_it_orders(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    nameless = copy.deepcopy(SWALLOWING.request)
    del order(nameless)["id"]
    token = here.token(nameless)
    here.submit(token, here.filled(token))
    assert told(here.sign(nameless))["status"] == "approvable"
    order(nameless)["dosageInstruction"][0]["patientInstruction"] = "With water"
    assert told(here.sign(nameless))["status"] == "documentation-needed"


def more(request: JSON) -> None:
    """Two and a half times the dose."""
    (instruction,) = order(request)["dosageInstruction"]
    for dose in instruction["doseAndRate"]:
        dose["doseQuantity"]["value"] *= 2.5
    instruction.pop("text", None)


def test_an_answer_about_the_dose_counts_for_that_dose_alone(clinic: Callable[..., Clinic]) -> None:
    here = clinic(SUPPORT)
    token = here.token()
    assert here.submit(token, here.filled(token)).status_code == 201
    assert told(here.sign())["status"] == "approvable"
    changed = copy.deepcopy(SUPPORT.request)
    more(changed)
    after = told(here.sign(changed))
    assert (after["status"], after["missing"]) == ("documentation-needed", ["I.C.5.b", "I.C.note"])
    assert told(here.sign())["status"] == "approvable"


def test_an_answer_about_the_patient_counts_for_another_dose_too(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    here.submit(token, here.filled(token))
    changed = copy.deepcopy(SWALLOWING.request)
    (instruction,) = order(changed)["dosageInstruction"]
    instruction["patientInstruction"] = "With water"
    assert told(here.sign(changed))["status"] == "approvable"


def test_the_ehrs_copy_of_an_answer_says_no_more_than_the_answer(clinic: Callable[..., Clinic]) -> None:
    here = clinic(SUPPORT)
    token = here.token()
    response = here.filled(token)
    id = here.submit(token, response).get_json()["id"]
    changed = copy.deepcopy(SUPPORT.request)
    more(changed)
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id}"}
    copied = response | {"id": "copy", "authored": "2026-03-11", "identifier": identifier}
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": copied}]}
    changed["prefetch"]["questionnaireResponses"] = bundle
    assert told(here.sign(changed))["status"] == "documentation-needed"


def test_a_later_response_of_the_ehr_decides_and_an_earlier_one_does_not(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    response = here.filled(token)
    here.submit(token, response)

    def with_no(authored: str) -> JSON:
        said = copy.deepcopy(response) | {"id": "ehr", "authored": authored}
        for item in items(said["item"]):
            for answer in item.get("answer", ()):
                answer["valueBoolean"] = False
        request = copy.deepcopy(SWALLOWING.request)
        request["prefetch"]["questionnaireResponses"] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": said}],
        }
        return request

    day = date.fromisoformat(SWALLOWING.expected["today"])
    assert told(here.sign(with_no((day - timedelta(days=1)).isoformat())))["status"] == "approvable"
    assert told(here.sign(with_no((day + timedelta(days=1)).isoformat())))["status"] == "not-met"


def test_a_no_can_be_taken_back(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    first = here.submit(token, here.filled(token, yes=False)).get_json()
    cards = here.sign()
    assert told(cards)["status"] == "not-met"
    (link,) = links(cards)
    assert link["label"] == "Correct what was answered no"
    again = link["url"].partition("#")[2]
    assert here.open(again).get_json()["answered"]["id"] == first["id"]
    assert here.submit(again, here.filled(again), replaces=first["id"]).status_code == 201
    assert told(here.sign())["status"] == "approvable"


def test_what_the_chart_says_no_to_has_no_form(clinic: Callable[..., Clinic]) -> None:
    refused = NAMED["jylamvo-lymphoma-in-remission-refused"]
    assert links(clinic(refused).sign()) == []


def contradicted() -> JSON:
    request = copy.deepcopy(NAMED["jylamvo-rheumatoid-arthritis-approvable"].request)
    (instruction,) = order(request)["dosageInstruction"]
    instruction["text"] = "Take 25 mg by mouth once weekly"
    return request


def test_a_dose_that_contradicts_itself_has_no_form_for_no_answer_settles_it(clinic: Callable[..., Clinic]) -> None:
    here = clinic(NAMED["jylamvo-rheumatoid-arthritis-approvable"])
    cards = here.sign(contradicted())
    assert (told(cards)["status"], told(cards)["missing"]) == ("documentation-needed", ["I.B.7"])
    assert links(cards) == []
    (action,) = here.answer(contradicted())["systemActions"]
    assert "questionnaire" not in json.dumps(action)
    coverage = {"resourceType": "Coverage", "beneficiary": action["resource"]["subject"]}
    given = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": action["resource"]}]
    answer = here.client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).get_json()
    assert [one["name"] for one in answer["parameter"]] == ["outcome"]


def test_beside_a_dose_that_contradicts_itself_the_rest_is_asked_for(clinic: Callable[..., Clinic]) -> None:
    here, request = clinic(NAMED["jylamvo-rheumatoid-arthritis-approvable"]), contradicted()
    order(request).pop("requester", None)
    request["context"]["userId"] = "Practitioner/nobody-on-record"
    asked = [one["linkId"] for one in items(here.open(here.token(request)).get_json()["questionnaire"]["item"])]
    assert "I.B.3.a" in asked
    assert "I.B.7" not in asked


def test_past_midnight_the_later_of_two_answers_decides_on_a_day_that_is_set(
    clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = clinic(form_hours=100)
    token = here.token()
    response = here.filled(token)
    evening = datetime.now(UTC).replace(hour=22, minute=0) + timedelta(days=1)
    clock(monkeypatch, evening)
    first = here.submit(token, response).get_json()
    clock(monkeypatch, evening + timedelta(hours=3))
    refused = here.filled(token, yes=False)
    assert here.submit(token, refused, replaces=first["id"]).status_code == 201
    assert told(here.sign())["status"] == "not-met"


@pytest.mark.parametrize(
    ("fixture", "dose", "use"),
    [
        (SWALLOWING, "15 mg a week", "rheumatoid arthritis"),
        (NAMED["jylamvo-polyarticular-jia-body-surface-not-known"], "mg a week", "polyarticular juvenile"),
        (NAMED["shape-sandbox-order-sign"], "", "rheumatoid arthritis"),
    ],
)
def test_a_form_says_of_which_dose_and_use_it_is(
    fixture: Fixture, dose: str, use: str, clinic: Callable[..., Clinic]
) -> None:
    here = clinic(fixture)
    about = here.open(here.token()).get_json()["about"]
    assert dose in about.get("dose", "")
    assert use in about["indication"]


# --- the token


def test_a_link_says_nothing_of_the_patient_and_its_token_is_no_part_of_an_address(
    clinic: Callable[..., Clinic],
) -> None:
    here = clinic()
    (link,) = links(here.sign())
    address, _, token = link["url"].partition("#")
    assert address == "http://localhost/forms/"
    assert len(token) == 43
    patient = SWALLOWING.request["context"]["patientId"].rsplit("/", 1)[-1]
    assert patient not in link["url"]
    assert here.token() != token


def test_every_call_gives_a_link_of_its_own_to_the_same_form(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    first, second = here.sign(), here.sign()
    assert [card["uuid"] for card in first] == [card["uuid"] for card in second]
    tokens = [links(cards)[0]["url"].partition("#")[2] for cards in (first, second)]
    urls = [here.open(token).get_json()["questionnaire"]["url"] for token in tokens]
    assert tokens[0] != tokens[1]
    assert urls[0] == urls[1]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", f"Bearer {'x' * 43}", f"Basic {'x' * 43}"])
def test_without_a_token_that_was_given_there_is_no_form(header: str | None, clinic: Callable[..., Clinic]) -> None:
    client = clinic().client
    headers = {"Authorization": header} if header is not None else {}
    for answer in (client.get("/forms/entry", headers=headers), client.post("/forms/entry", headers=headers, json={})):
        assert answer.status_code == 401
        assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_an_expired_link_opens_nothing(clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch) -> None:
    here = clinic(form_hours=1)
    token = here.token()
    response = here.filled(token)
    expires = datetime.fromisoformat(here.open(token).get_json()["expires"])
    assert timedelta(minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=1)
    later = clinic(form_hours=1)
    clock(monkeypatch, expires - timedelta(seconds=2))
    assert later.open(token).status_code == 200
    clock(monkeypatch, expires + timedelta(seconds=1))
    assert later.open(token).status_code == 410
    assert later.submit(token, response).status_code == 410
    assert told(here.sign())["status"] == "documentation-needed"


def clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    class At(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "At":
            return cls.fromtimestamp(at.timestamp(), tz)

    monkeypatch.setattr("service.web.entry.datetime", At)


def test_the_answers_to_one_form_are_refused_at_another(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    other = copy.deepcopy(SUPPORT.request)
    theirs, ours = here.token(other), here.token()
    answer = here.submit(theirs, here.filled(ours))
    assert answer.status_code == 422
    assert any("another form" in issue["diagnostics"] for issue in answer.get_json()["issue"])


# --- submitting


def two_missing() -> JSON:
    """The order of the fixture, with the prescriber's specialty not on record either."""
    request = copy.deepcopy(SWALLOWING.request)
    order(request).pop("requester", None)
    request["context"]["userId"] = "Practitioner/nobody-on-record"
    return request


def test_answers_to_another_form_of_the_order_are_not_gone_over_unseen(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    (both,) = links(here.sign(two_missing()))
    wide, narrow = both["url"].partition("#")[2], here.token()
    assert len(list(items(here.open(wide).get_json()["questionnaire"]["item"]))) > len(
        list(items(here.open(narrow).get_json()["questionnaire"]["item"]))
    )
    id = here.submit(narrow, here.filled(narrow), by="B. Other, RN").get_json()["id"]
    assert here.open(wide).get_json()["answered"]["by"] == "B. Other, RN"
    assert here.submit(wide, here.filled(wide, yes=False)).status_code == 409
    assert told(here.sign())["status"] == "approvable"
    assert here.submit(wide, here.filled(wide, yes=False), replaces=id).status_code == 201
    assert told(here.sign())["status"] == "not-met"


def test_a_form_that_shares_no_question_with_what_was_answered_is_open(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    first = here.token()
    here.submit(first, here.filled(first))
    second = here.token(two_missing())
    assert here.open(second).get_json()["answered"] is None
    assert here.submit(second, here.filled(second)).status_code == 201


def test_a_branch_that_was_not_chosen_was_not_answered(clinic: Callable[..., Clinic]) -> None:
    disorder = NAMED["jylamvo-cd30-disorder-subtype-not-told"]
    here = clinic(disorder)
    token = here.token()
    response = here.filled(token)
    for item in items(response["item"]):
        if item["linkId"] == "I.F.1.a.i":
            item["answer"][0]["valueBoolean"] = False
    assert here.submit(token, response).status_code == 201
    entry = here.open(here.token()).get_json()
    asked = [one["linkId"] for one in items(entry["questionnaire"]["item"]) if one["type"] == "boolean"]
    assert (asked, entry["answered"]) == (["I.F.1.a.ii"], None)


def test_what_was_kept_though_the_reply_was_lost_is_not_kept_twice(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    first = here.submit(token, here.filled(token))
    again = here.submit(token, here.filled(token))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    assert here.submit(token, here.filled(token, yes=False)).status_code == 409
    assert here.submit(token, here.filled(token), by="B. Other, RN").status_code == 409


def test_who_answers_is_who_wrote_and_not_for_whom_the_card_was_made(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    here.submit(token, here.filled(token), by="B. Other, RN")
    (said,) = [e["text"] for c in told(here.sign())["criteria"] for e in c["evidence"] if "Attested" in e["text"]]
    user = SWALLOWING.request["context"]["userId"]
    assert (
        said
        == f"Attested yes to I.B.6 by B. Other, RN, on a form of this service, by a link given to {user} (completed)"
    )


def test_an_empty_required_answer_is_refused_by_its_linkid(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    answer = here.submit(token, {"resourceType": "QuestionnaireResponse", "item": []})
    assert answer.status_code == 422
    assert [issue["expression"] for issue in answer.get_json()["issue"]] == [["I.B.6"]]
    assert told(here.sign())["status"] == "documentation-needed"


@pytest.mark.parametrize("by", [None, "", "   ", 7, ["x"], "x" * 201, "A\x07B", "\u202e", "\ue000", "\u200c"])
def test_who_answers_must_be_said(by: Any, clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    answer = here.submit(token, here.filled(token), by=by)
    assert answer.status_code == 422
    assert answer.get_json()["issue"][0]["expression"] == ["by"]


@pytest.mark.parametrize(
    ("by", "kept"),
    [
        (" Dr\u00a0M\u00fcller,\tMD\n", "Dr M\u00fcller, MD"),
        ("\u0632\u0647\u0631\u0627 \u0645\u06cc\u200c\u0646\u0648\u06cc\u0633\u062f",) * 2,
        ("Ann\u00adMarie, RN\u200f", "AnnMarie, RN"),
        ("RN\u202eDM", "RNDM"),
        ("x" * 200,) * 2,
    ],
)
def test_a_name_is_kept_as_it_is_read(by: str, kept: str, clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    assert here.submit(token, here.filled(token), by=by).status_code == 201
    assert here.open(token).get_json()["answered"]["by"] == kept


def test_a_second_submission_overwrites_nothing_unless_it_says_so(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    again = here.token()
    first = here.submit(token, here.filled(token)).get_json()
    refused = here.submit(again, here.filled(token, yes=False), by="B. Other, RN")
    assert refused.status_code == 409
    assert BY in refused.get_json()["issue"][0]["diagnostics"]
    assert told(here.sign())["status"] == "approvable"
    assert here.submit(token, here.filled(token, yes=False), replaces="x").status_code == 409
    assert here.open(token).get_json()["answered"]["id"] == first["id"]
    second = here.submit(token, here.filled(token, yes=False), by="B. Other, RN", replaces=first["id"])
    assert second.status_code == 201
    assert here.open(token).get_json()["answered"]["by"] == "B. Other, RN"
    assert here.submit(token, here.filled(token), replaces=first["id"]).status_code == 409
    assert told(here.sign())["status"] == "not-met"


def test_a_form_is_answered_so_many_times_and_no_more(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    response, last = here.filled(token), None
    for _ in range(MOST):
        kept = here.submit(token, response, replaces=last)
        assert kept.status_code == 201
        last = kept.get_json()["id"]
    assert here.submit(token, response, replaces=last).status_code == 403
    assert told(here.sign())["status"] == "approvable"


def test_a_first_submission_that_replaces_something_is_refused(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    assert here.submit(token, here.filled(token), replaces="00000000-0000-0000-0000-000000000000").status_code == 409


def test_the_documents_are_kept_whole_and_not_read_again_by_every_call(
    clinic: Callable[..., Clinic], tmp_path: Path
) -> None:
    here = clinic()
    token = here.token()
    response = here.filled(token)
    (group,) = response["item"]
    file = {"contentType": "application/pdf", "data": "JVBERi0xLjc=", "title": "note.pdf"}
    group["item"][1:] = [
        {"linkId": "I.B.6#document", "answer": [{"valueAttachment": file}]},
        {"linkId": "I.B.6#explanation", "answer": [{"valueString": "Dysphagia"}]},
    ]
    assert here.submit(token, response).status_code == 201
    with sqlite3.connect(tmp_path / "records.sqlite3") as connection:
        ((whole, essence),) = connection.execute("SELECT response, essence FROM answers").fetchall()
    assert "JVBERi0xLjc=" in whole
    assert "Dysphagia" in whole
    assert "JVBERi0xLjc=" not in essence
    assert "Dysphagia" not in essence


def test_what_the_database_holds_of_a_form_says_nothing_of_the_patient(
    clinic: Callable[..., Clinic], tmp_path: Path
) -> None:
    here = clinic()
    token = here.token()
    assert here.submit(token, here.filled(token)).status_code == 201
    with sqlite3.connect(tmp_path / "records.sqlite3") as connection:
        held = "\n".join(connection.iterdump())
    request = SWALLOWING.request
    patient = request["context"]["patientId"].rsplit("/", 1)[-1]
    about = here.open(token).get_json()["about"]["patient"]
    for secret in (token, patient, order(request)["id"], about.partition(",")[0], about.rpartition(" ")[2]):
        assert secret not in held


# --- attempts


HUGE = "x" * (10 * 1024 * 1024)


def test_ten_megabytes_of_text_are_refused(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    token = here.token()
    response = here.filled(token)
    response["item"][0]["item"][1] = {"linkId": "I.B.6#explanation", "answer": [{"valueString": HUGE}]}
    assert here.submit(token, response).status_code == 413
    response["item"][0]["item"][1]["answer"][0]["valueString"] = "x" * 4001
    (issue,) = here.submit(token, response).get_json()["issue"]
    assert issue["expression"] == ["I.B.6#explanation"]
    assert told(here.sign())["status"] == "documentation-needed"


@pytest.mark.parametrize(("over", "status"), [(0, 422), (1, 413)])
def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(
    over: int, status: int, clinic: Callable[..., Clinic]
) -> None:
    here = clinic()
    token = here.token()
    frame = json.dumps({"response": {"resourceType": "QuestionnaireResponse"}, "by": BY, "padding": ""})
    body = frame.replace('"padding": ""', f'"padding": "{"x" * (LIMIT - len(frame) + over)}"')
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert here.client.post("/forms/entry", headers=headers, data=body).status_code == status


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"[" * 100_000, "application/json", 400),
    ],
)
def test_what_is_no_submission_is_refused(body: bytes, kind: str, status: int, clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    headers = {"Authorization": f"Bearer {here.token()}", "Content-Type": kind}
    answer = here.client.post("/forms/entry", headers=headers, data=body)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def ehr(response: JSON) -> JSON:
    request = copy.deepcopy(SWALLOWING.request)
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": response}]}
    request["prefetch"]["questionnaireResponses"] = bundle
    return request


def attempts(response: JSON) -> Iterator[tuple[str, JSON]]:
    """Responses in the chart that must change nothing."""
    yield "another patient's", response | {"subject": {"reference": "Patient/another"}}
    yield "nobody's", {k: v for k, v in response.items() if k != "subject"}
    yield "not finished", response | {"status": "in-progress"}
    yield "another form's", response | {"questionnaire": "https://x.example.org/fhir/Questionnaire/other"}
    other = json.loads(json.dumps(response).replace("I.B.6", "I.C.4"))
    yield "of other linkIds", other
    yield "of linkIds beyond the policy", json.loads(json.dumps(response).replace("I.B.6", "I.B.6 OR 1=1"))
    markup = json.loads(json.dumps(response).replace("true", json.dumps("<script>true</script>")))
    yield "of markup", markup
    huge = json.loads(json.dumps(response).replace("true", json.dumps("true" + "x" * 10_000_000)))
    yield "of ten megabytes", huge
    yield (
        "of a modified item",
        json.loads(
            json.dumps(response).replace(
                '"linkId": "I.B.6",', '"linkId": "I.B.6", "modifierExtension": [{"url": "x"}],'
            )
        ),
    )


def test_adversarial_answers_in_a_chart_change_nothing(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    before = told(here.sign())
    asked = here.open(here.token()).get_json()["questionnaire"]
    patient = SWALLOWING.request["context"]["patientId"].rsplit("/", 1)[-1]
    good = filled(asked, patient, SWALLOWING.expected["today"])
    assert told(here.sign(ehr(good)))["status"] == "approvable"
    for name, response in attempts(good):
        after = told(here.sign(ehr(response)))
        assert (after["status"], after["missing"]) == (before["status"], before["missing"]), name


# --- when there is no form


def test_an_order_that_reads_as_daily_gets_no_form(clinic: Callable[..., Clinic]) -> None:
    assert links(clinic(DAILY).sign()) == []


def test_an_order_that_needs_no_documentation_gets_no_form(clinic: Callable[..., Clinic]) -> None:
    assert links(clinic(NAMED["jylamvo-rheumatoid-arthritis-approvable"]).sign()) == []


def test_a_form_that_could_not_be_kept_is_not_linked_to(clinic: Callable[..., Clinic], tmp_path: Path) -> None:
    here = clinic()
    broken(tmp_path / "records.sqlite3", "form")
    cards = here.sign()
    assert told(cards)["status"] == "documentation-needed"
    assert links(cards) == []


def test_where_answers_cannot_be_looked_up_none_of_the_charts_is_taken_for_the_latest(
    clinic: Callable[..., Clinic], tmp_path: Path
) -> None:
    here = clinic()
    asked = here.open(here.token()).get_json()["questionnaire"]
    patient = SWALLOWING.request["context"]["patientId"].rsplit("/", 1)[-1]
    good = ehr(filled(asked, patient, SWALLOWING.expected["today"]))
    assert told(here.sign(good))["status"] == "approvable"
    broken(tmp_path / "records.sqlite3", "answers")
    assert told(here.sign(good))["status"] == "documentation-needed"


def test_a_database_that_fails_is_said_to_the_page(clinic: Callable[..., Clinic], tmp_path: Path) -> None:
    here = clinic()
    token = here.token()
    response = here.filled(token)
    broken(tmp_path / "records.sqlite3", "answers")
    assert here.open(token).status_code == 503
    answer = here.submit(token, response)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


# --- the page


@pytest.mark.parametrize("name", ["", "form.js", "form.css", "lforms/zone.min.js", "lforms/LICENSE.md"])
def test_the_page_is_the_same_for_everyone_and_guarded(name: str, clinic: Callable[..., Clinic]) -> None:
    client = clinic().client
    answer = client.get(f"/forms/{name}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    again = client.get(f"/forms/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_files_are_sent_compressed_to_whoever_takes_that(clinic: Callable[..., Clinic]) -> None:
    client = clinic().client
    plain = client.get("/forms/lforms/lhc-forms.js")
    packed = client.get("/forms/lforms/lhc-forms.js", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_the_page_takes_the_files_that_the_service_takes(clinic: Callable[..., Clinic]) -> None:
    script = clinic().client.get("/forms/questions.js").get_data(as_text=True)
    assert re.findall(r'"((?:application|image|text)/[a-z]+)"', script.partition("const LARGEST")[0]) == list(TYPES)
    assert f"const LARGEST = {DOCUMENT // 1024 // 1024} * 1024 * 1024;" in script


@pytest.mark.parametrize(
    "name", ["..", "../web/entry.py", "%2e%2e/state.py", "x.js", "lforms/../../state.py", "lforms"]
)
def test_no_other_file_is_given(name: str, clinic: Callable[..., Clinic]) -> None:
    assert clinic().client.get(f"/forms/{name}").status_code == 404


def test_what_a_token_opens_is_kept_by_no_cache(clinic: Callable[..., Clinic]) -> None:
    here = clinic()
    assert here.open(here.token()).headers["Cache-Control"] == "no-store"
