"""What is filed by Da Vinci CRD: every fixture and status in both versions and both settings, by the validator
of the rules; negotiation, options, threads."""

import copy
import json
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.web import create_app
from service.wire import encode
from tests.crd_rules import discovery_faults, response_faults
from tests.test_fixtures import ANSWERED, Fixture

JSON = dict[str, Any]
URL = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
SETTINGS = [(version, approvable) for version in ("2.0", "2.2") for approvable in ("auth-needed", "satisfied")]
BY_NAME = {fixture.name: fixture for fixture in ANSWERED}
APPROVABLE = BY_NAME["jylamvo-rheumatoid-arthritis-approvable"]
MISSING = BY_NAME["jylamvo-rheumatoid-arthritis-swallowing-not-documented"]
DAILY = BY_NAME["otrexup-ordered-daily"]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FlaskClient]:
    """A client of an application of a day, a table, and a setting; one application for each."""
    made: dict[tuple[object, ...], FlaskClient] = {}

    def of(today: str, plans: str | None, version: Any = "2.2", approvable: Any = "auth-needed") -> FlaskClient:
        key = (today, plans, version, approvable)
        if key not in made:
            from service import plans as operator

            table = operator.parse(plans) if plans else operator.Plans()
            path = tmp_path_factory.mktemp("crd") / f"{uuid.uuid4()}.sqlite3"
            config = Config(
                today=date.fromisoformat(today),
                plans=table,
                database_url=f"sqlite:///{path}",
                crd_version=version,
                approvable=approvable,
            )
            made[key] = create_app(config).test_client()
        return made[key]

    return of


class Said:
    """One coverage-information extension, by its parts."""

    def __init__(self, extension: JSON) -> None:
        self._parts: list[JSON] = extension["extension"]

    def named(self, name: str) -> list[JSON]:
        return [part for part in self._parts if part["url"] == name]

    def codes(self, name: str) -> set[str]:
        return {part["valueCode"] for part in self.named(name)}

    def has(self, name: str) -> bool:
        return bool(self.named(name))

    def text(self, name: str) -> str | None:
        return next((part["valueString"] for part in self.named(name)), None)

    @property
    def reasons(self) -> list[JSON]:
        return [part["valueCodeableConcept"] for part in self.named("reason")]


def filed(action: JSON) -> list[JSON]:
    """The coverage-information that an action's resource carries."""
    return [extension for extension in action["resource"]["extension"] if extension["url"] == URL]


def asked(client: FlaskClient, request: JSON) -> JSON:
    url = f"/cds-services/prior-auth-{request['hook']}"
    answer = client.post(url, data=encode(request), content_type="application/json")
    found: JSON = json.loads(answer.get_data(as_text=True), parse_float=Decimal)
    return found


def of(fixture: Fixture, clients: Callable[..., FlaskClient], *setting: str, **extension: Any) -> JSON:
    request = fixture.request
    if extension:
        request = {**request, "extension": {f"davinci-crd.{name}": value for name, value in extension.items()}}
    return asked(clients(fixture.expected["today"], fixture.plans, *setting), request)


def drafts(request: JSON) -> list[JSON]:
    return [entry["resource"] for entry in request["context"]["draftOrders"].get("entry", []) if "resource" in entry]


def said(answer: JSON) -> list[Said]:
    return [Said(extension) for action in answer.get("systemActions", []) for extension in filed(action)]


def determinations(answer: JSON) -> list[JSON]:
    found = [card.get("extension", {}).get("determination") for card in answer["cards"]]
    return [one for one in found if one]


@pytest.mark.parametrize(("version", "approvable"), SETTINGS)
@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda f: f.name)
def test_what_is_filed_keeps_the_rules(fixture: Fixture, version: str, approvable: str, clients: Any) -> None:
    answer = of(fixture, clients, version, approvable, configuration={})
    for card in answer["cards"]:
        # The contract's own object keeps its nulls, and is no part of CRD.
        kept = {name: value for name, value in card.pop("extension", {}).items() if name != "determination"}
        card |= {"extension": kept} if kept else {}
    assert response_faults(answer, fixture.request["hook"], drafts(fixture.request), version) == []


@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda f: f.name)
def test_every_governed_draft_with_a_coverage_is_filed_once_on_order_sign(fixture: Fixture, clients: Any) -> None:
    answer = of(fixture, clients)
    targets = [f"MedicationRequest/{a['resource']['id']}" for a in answer.get("systemActions", [])]
    governed = [d["order"] for d in determinations(answer)]
    if fixture.request["hook"] == "order-select":
        assert targets == []
    else:
        assert set(targets) <= set(governed)
        without = set(governed) - set(targets)
        assert all(
            not _has_coverage(fixture.request) or not order.startswith("MedicationRequest/") for order in without
        )


def _has_coverage(request: JSON) -> bool:
    return '"resourceType": "Coverage"' in json.dumps(request.get("prefetch", {}))


def test_each_status_is_filed_as_it_should_be(clients: Any) -> None:
    (approvable,) = said(of(APPROVABLE, clients))
    assert (approvable.codes("covered"), approvable.codes("pa-needed")) == ({"covered"}, {"auth-needed"})
    assert not approvable.has("satisfied-pa-id")
    (granted,) = said(of(APPROVABLE, clients, "2.2", "satisfied"))
    approval = determinations(of(APPROVABLE, clients))[0]["approval"]
    assert granted.codes("pa-needed") == {"satisfied"}
    assert granted.named("expiry-date")[0]["valueDate"] == approval["end"]
    (missing,) = said(of(MISSING, clients, "2.2", "satisfied"))
    assert (missing.codes("doc-needed"), missing.codes("doc-purpose")) == ({"clinical"}, {"withpa"})
    assert "I.B.6" in missing.reasons[0]["text"]
    (refer,) = said(of(BY_NAME["jylamvo-psoriatic-arthritis-refers"], clients))
    assert (refer.codes("covered"), refer.codes("info-needed")) == ({"conditional"}, {"OTH"})


def test_daily_dosing_is_never_filed_as_an_approval(clients: Any) -> None:
    for setting in SETTINGS:
        for found in said(of(DAILY, clients, *setting)):
            assert found.codes("pa-needed") == {"auth-needed"}
            assert not any(found.has(name) for name in ("satisfied-pa-id", "expiry-date", "doc-needed", "detail"))


@pytest.mark.parametrize(("wanted", "found"), [("2.0", False), ("2.2", True), ("2.0.1", False), ("2.2.1", True)])
def test_a_client_chooses_the_version(wanted: str, found: bool, clients: Any) -> None:
    (filing,) = said(of(APPROVABLE, clients, "2.2", "satisfied", requestedVersion=wanted))
    assert filing.has("expiry-date") is found


def test_a_version_that_is_not_supported_is_refused_by_its_field(clients: Any) -> None:
    request = {**APPROVABLE.request, "extension": {"davinci-crd.requestedVersion": "9.9"}}
    client = clients(APPROVABLE.expected["today"], None)
    response = client.post("/cds-services/prior-auth-order-sign", json=request)
    assert response.status_code == 400
    assert response.json["issue"][0]["expression"] == ["extension.davinci-crd.requestedVersion"]


def test_a_client_that_wants_no_coverage_information_gets_its_cards_alone(clients: Any) -> None:
    answer = of(APPROVABLE, clients, configuration={"coverage-info": False})
    assert answer["systemActions"] == []
    assert len(determinations(answer)) == 1


def test_a_client_that_wants_no_unsolicited_determination_is_given_none(clients: Any) -> None:
    (filing,) = said(of(APPROVABLE, clients, "2.2", "satisfied", configuration={"unsolicited-determ": False}))
    assert filing.codes("pa-needed") == {"auth-needed"}


def test_other_drugs_and_links_are_left_out_where_they_are_not_wanted(clients: Any) -> None:
    fixture = BY_NAME["xatmep-rheumatoid-arthritis-product-not-listed"]
    offered = {s["extension"]["promise"]["kind"] for c in of(fixture, clients)["cards"] for s in c["suggestions"]}
    assert offered == {"product", "generic"}
    (card,) = of(fixture, clients, configuration={"alt-drug": False, "guideline": False})["cards"]
    assert not {"suggestions", "selectionBehavior", "links"} & set(card)
    assert "](http" not in card["detail"]


def test_cards_are_cut_to_the_most_and_critical_ones_never(clients: Any) -> None:
    fixture = BY_NAME["reditrex-liver-alcohol-immune-and-blood-warnings"]
    assert len(of(fixture, clients, configuration={"max-cards": 2})["cards"]) == 2
    assert len(of(fixture, clients, configuration={"contraindication": False})["cards"]) == 1
    critical = of(DAILY, clients, configuration={"max-cards": 1, "contraindication": False})["cards"]
    assert [card["indicator"] for card in critical] == ["critical"]


def test_an_order_signed_again_with_the_same_answer_has_no_action(clients: Any) -> None:
    first = of(MISSING, clients)
    again = _with_drafts(MISSING.request, [first["systemActions"][0]["resource"]])
    client = clients(MISSING.expected["today"], MISSING.plans)
    assert asked(client, again)["systemActions"] == []
    later = clients("2026-04-20", MISSING.plans)
    assert asked(later, again)["systemActions"] == []


def test_a_changed_answer_takes_the_place_of_the_old_one_and_leaves_another_payers(clients: Any) -> None:
    first = of(MISSING, clients)["systemActions"][0]["resource"]
    other_payers = copy.deepcopy(first["extension"][-1])
    other_payers["extension"][0]["valueReference"]["reference"] = "Coverage/another"
    other_payers["extension"][-1]["valueString"] = "theirs"
    first = {**first, "extension": [other_payers, *first["extension"]]}
    request = _with_drafts(MISSING.request, [first])
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R13.10"}]}
    swallowing = {"resourceType": "Condition", "id": "swallowing", "subject": subject, "code": code}
    request["prefetch"]["conditions"]["entry"].append({"resource": swallowing})
    (action,) = asked(clients(MISSING.expected["today"], MISSING.plans), request)["systemActions"]
    theirs, ours = (Said(e) for e in filed(action))
    assert theirs.text("coverage-assertion-id") == "theirs"
    assert ours.text("coverage-assertion-id") == Said(first["extension"][-1]).text("coverage-assertion-id")
    assert not ours.has("doc-needed")


def test_a_copied_order_has_a_thread_and_a_number_of_its_own(clients: Any) -> None:
    client = clients(APPROVABLE.expected["today"], APPROVABLE.plans, "2.2", "satisfied")
    (first,) = asked(client, APPROVABLE.request)["systemActions"]
    copied = {**first["resource"], "id": "copied"}
    (action,) = asked(client, _with_drafts(APPROVABLE.request, [first["resource"], copied]))["systemActions"]
    (own,), (other,) = ([Said(e) for e in filed(one)] for one in (first, action))
    for name in ("coverage-assertion-id", "satisfied-pa-id"):
        assert own.text(name) != other.text(name)


def test_what_was_given_is_honoured_by_a_later_call_that_would_give_nothing(clients: Any) -> None:
    day = APPROVABLE.expected["today"]
    (first,) = asked(clients(day, None, "2.2", "satisfied"), APPROVABLE.request)["systemActions"]
    again = _with_drafts(APPROVABLE.request, [first["resource"]])
    again["extension"] = {"davinci-crd.configuration": {"unsolicited-determ": False}}
    assert asked(clients(day, None, "2.2", "satisfied"), again)["systemActions"] == []
    daily = copy.deepcopy(first["resource"])
    daily["dosageInstruction"] = [{"text": "15 mg by mouth daily"}]
    (action,) = asked(clients(day, None, "2.2", "satisfied"), _with_drafts(APPROVABLE.request, [daily]))[
        "systemActions"
    ]
    (after,) = (Said(e) for e in filed(action))
    assert after.codes("pa-needed") == {"auth-needed"}


def test_threads_are_of_one_order_patient_and_coverage(clients: Any) -> None:
    def thread(request: JSON) -> str | None:
        client = clients(APPROVABLE.expected["today"], APPROVABLE.plans, "2.2", "satisfied")
        (found,) = said(asked(client, request))
        return f"{found.text('coverage-assertion-id')} {found.text('satisfied-pa-id')}"

    request = APPROVABLE.request
    other_order = _with_drafts(request, [{**drafts(request)[0], "id": "another"}])
    assert thread(request) == thread({**request, "hookInstance": "again"})
    assert len(set(f"{thread(request)} {thread(other_order)}".split())) == 4


def test_an_authorization_number_is_not_another_patients_whose_thread_is_copied(clients: Any) -> None:
    client = clients(APPROVABLE.expected["today"], APPROVABLE.plans, "2.2", "satisfied")
    (first,) = asked(client, APPROVABLE.request)["systemActions"]
    text = json.dumps(APPROVABLE.request).replace(APPROVABLE.request["context"]["patientId"], "someone-else")
    request = json.loads(text)
    order = {**drafts(request)[0], "extension": filed(first)}
    (found,) = said(asked(client, _with_drafts(request, [order])))
    (own,) = (Said(e) for e in filed(first))
    assert found.text("satisfied-pa-id") != own.text("satisfied-pa-id")


def test_no_authorization_is_given_that_is_on_no_record(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    config = Config(today=date(2026, 3, 10), database_url=f"sqlite:///{path}", approvable="satisfied")
    client = create_app(config).test_client()
    (kept,) = said(asked(client, APPROVABLE.request))
    assert kept.codes("pa-needed") == {"satisfied"}
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE determination")
        database.commit()
    (unkept,) = said(asked(client, {**APPROVABLE.request, "hookInstance": "again"}))
    assert unkept.codes("pa-needed") == {"auth-needed"}
    assert not unkept.has("satisfied-pa-id")


def test_a_coverage_that_ended_is_a_coded_answer(clients: Any) -> None:
    request = copy.deepcopy(APPROVABLE.request)
    for entry in request["prefetch"]["coverages"]["entry"]:
        entry["resource"]["period"] = {"start": "2020-01-01", "end": "2021-12-31"}
    (found,) = said(asked(clients(APPROVABLE.expected["today"], None), request))
    assert (found.codes("covered"), found.has("pa-needed")) == ({"not-covered"}, False)
    assert found.reasons[0]["coding"][0]["code"] == "no-active-coverage"


def test_without_a_coverage_nothing_is_filed_and_the_card_stands(clients: Any) -> None:
    request = copy.deepcopy(APPROVABLE.request)
    request["prefetch"]["coverages"] = None
    answer = asked(clients(APPROVABLE.expected["today"], None), request)
    assert answer["systemActions"] == []
    assert len(determinations(answer)) == 1


def test_nothing_to_say_is_the_shortest_answer_and_a_client_of_crd_gets_its_list(clients: Any) -> None:
    fixture = BY_NAME["other-drug-nothing-to-say"]
    assert of(fixture, clients) == {"cards": []}
    assert of(fixture, clients, configuration={}) == {"cards": [], "systemActions": []}


def test_discovery_declares_versions_and_options(client: FlaskClient) -> None:
    found = client.get("/cds-services").get_json()
    assert discovery_faults(found) == []
    options = {o["code"] for s in found["services"] for o in s["extension"]["davinci-crd.configuration-options"]}
    assert {"coverage-info", "alt-drug", "max-cards"} <= options


def _with_drafts(request: JSON, orders: list[JSON]) -> JSON:
    changed = copy.deepcopy(request)
    changed["context"]["draftOrders"]["entry"] = [{"resource": order} for order in orders]
    return changed
