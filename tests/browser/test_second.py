"""Every form in a second, independent renderer (smart-forms, with sdc-populate): shown whole, filled in from a real
FHIR server as the service reads the same chart, answered, and read back by the next order-sign."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from service.fhir.shown import shown
from service.policy.form import named, questions
from service.prefill import context, initial
from tests.browser.browsing import JSON, Second
from tests.conftest import application
from tests.fhir_server import FhirServer, load
from tests.live.hospital import TAGS, Ask, determinations, without
from tests.test_fixtures import ANSWERED, Fixture
from tests.test_prefill import DISTINCT, POLICIES, TERMS, chart_in
from tests.web.test_questionnaires import MISSING, answered, canonicals, items

pytest_plugins = ("tests.live.servers",)
pytestmark = pytest.mark.browser
USER = {"resourceType": "Practitioner", "id": "prescriber", "name": [{"family": "Marsh", "given": ["Ada"]}]}


@cache
def form_of(name: str) -> JSON | None:
    """The Questionnaire that order-sign names on a fixture; None where it asks for nothing by a form."""
    fixture = next(one for one in MISSING if one.name == name)
    client = application(fixture.expected["today"], fixture.plans).test_client()
    urls = canonicals(answered(client, fixture, fixture.request))
    found: JSON | None = client.get(urls[0].partition("|")[0]).get_json() if urls else None
    return found


FORMS = [fixture for fixture in MISSING if form_of(fixture.name)]
of_every_form = pytest.mark.parametrize("fixture", FORMS, ids=lambda fixture: fixture.name)


@dataclass(frozen=True)
class Chart:
    """A fixture's chart on the FHIR server, and the request about it. `tag` names the chart's ids."""

    fixture: Fixture
    request: JSON
    patient: JSON


@pytest.fixture
def chart_on(fhir_server: FhirServer) -> Callable[[Fixture, str], Chart]:
    """Put a fixture's chart onto the server, under a name for the test's own."""

    def put(fixture: Fixture, tag: str) -> Chart:
        request = load(fhir_server, fixture.request, f"{tag}{TAGS[fixture.name]}")
        patient = fhir_server.get(f"Patient/{request['context']['patientId']}")
        return Chart(fixture, request, patient)

    return put


def questionnaire_of(fixture: Fixture) -> JSON:
    found = form_of(fixture.name)
    assert found
    return found


def is_help(item: JSON) -> bool:
    """A text beside a question: this renderer shows it as the question's instructions, and as no item of its own."""
    controls = [
        c["code"] for e in item.get("extension", []) for c in e.get("valueCodeableConcept", {}).get("coding", [])
    ]
    return item["type"] == "display" and "help" in controls


def opened(listed: list[JSON], second: Second, nth: int, chosen: dict[str, str]) -> Iterator[JSON]:
    """The items that stand on the page, helps among them, once the nth option is chosen (the last, where there are
    fewer) of every choice that does."""
    for item in listed:
        if any(chosen[c["question"]] != c["answerCoding"]["code"] for c in item.get("enableWhen", [])):
            continue
        if item["type"] == "choice":
            options = [option["valueCoding"] for option in item["answerOption"]]
            option = options[min(nth, len(options) - 1)]
            second.choose(item["linkId"], [one["display"] for one in options], option["display"])
            chosen[item["linkId"]] = option["code"]
        yield item
        yield from opened(item.get("item", []), second, nth, chosen)


@of_every_form
def test_every_question_and_the_branch_that_is_chosen_is_shown_and_no_other(fixture: Fixture, second: Second) -> None:
    questionnaire = questionnaire_of(fixture)
    every = {item["linkId"]: item for item in items(questionnaire["item"])}
    branches = max([len(item["answerOption"]) for item in every.values() if item["type"] == "choice"], default=1)
    seen: set[str] = set()
    for nth in range(branches):
        second.render(questionnaire)
        standing = list(opened(questionnaire["item"], second, nth, {}))
        second.shows({item["linkId"] for item in standing if not is_help(item)})
        texts = second.texts()
        assert [item["text"] for item in standing if " ".join(item["text"].split()) not in texts] == []
        seen |= {item["linkId"] for item in standing}
    assert seen == set(every)
    assert questionnaire["title"] in second.texts()
    assert (second.complaints, second.elsewhere, second.asked) == ([], [], [])


def answers(listed: list[JSON]) -> Iterator[tuple[str, JSON]]:
    """The answers of a response, by linkId."""
    for item in listed:
        yield from ((item["linkId"], answer) for answer in item.get("answer", []))
        yield from answers(item.get("item", []))


def read_by_us(fixture: Fixture, request: JSON) -> dict[str, str]:
    """What the service reads in a chart of what the form asks, by the linkId of its item."""
    asks = named(POLICIES, questionnaire_of(fixture)["id"])
    assert asks
    chart = chart_in(replace(fixture, request=request))
    read = {f"{asked.ref}#explanation": shown(asked.shows, chart, TERMS) for asked in questions(asks.parts)}
    return {link_id: said for link_id, said in read.items() if said}


@of_every_form
def test_an_app_fills_in_from_the_server_what_the_service_reads_of_the_same_chart(
    fixture: Fixture, second: Second, chart_on: Callable[[Fixture, str], Chart]
) -> None:
    chart = chart_on(fixture, "p")
    held = second.render(questionnaire_of(fixture), chart.patient, USER)
    read = read_by_us(fixture, chart.request)
    for response in (held["populated"] or {}, held["response"]):
        assert {link_id: answer["valueString"] for link_id, answer in answers(response.get("item", []))} == read
    fields = {link_id: second.field(link_id) for link_id in second.link_ids() if link_id.endswith("#explanation")}
    assert {link_id: said for link_id, said in fields.items() if said} == {k: v for k, v in read.items() if k in fields}
    assert (held["issues"], second.complaints, second.elsewhere) == ([], [], [])


# Each reading that any question of any policy wants, as one form.
EVERY_READING: JSON = {
    "resourceType": "Questionnaire",
    "status": "active",
    "subjectType": ["Patient"],
    "extension": context((shows for reading in DISTINCT for shows in reading), TERMS),
    "item": [
        {"linkId": f"{number}", "type": "text", "text": f"Reading {number}", "extension": initial(reading, TERMS)}
        for number, reading in enumerate(DISTINCT)
    ],
}


def readings(fixture: Fixture) -> dict[str, str]:
    """What the service reads in a fixture's chart for `EVERY_READING`."""
    chart = chart_in(fixture)
    read = {f"{number}": shown(reading, chart, TERMS) for number, reading in enumerate(DISTINCT)}
    return {link_id: said for link_id, said in read.items() if said}


def telling() -> list[Fixture]:
    """The charts in which a reading finds what it found in none before: as few as tell all that there is to read."""
    found: set[tuple[str, str]] = set()
    charts = []
    for fixture in sorted(ANSWERED, key=lambda one: -len(readings(one))):
        if read := set(readings(fixture).items()) - found:
            charts.append(fixture)
            found |= read
    return charts


TELLING = telling()


@pytest.mark.parametrize("fixture", TELLING, ids=lambda fixture: fixture.name)
def test_every_reading_is_alike_in_an_app_on_a_chart_that_tells_something(
    fixture: Fixture, second: Second, chart_on: Callable[[Fixture, str], Chart]
) -> None:
    chart = chart_on(fixture, "r")
    held = second.render(EVERY_READING, chart.patient, USER)
    read = readings(replace(fixture, request=chart.request))
    assert read
    assert {link_id: answer["valueString"] for link_id, answer in answers(held["response"]["item"])} == read
    assert (held["issues"], second.complaints, second.elsewhere) == ([], [], [])


def test_there_is_something_of_every_kind_to_read_in_the_charts() -> None:
    told = {number for fixture in TELLING for number in readings(fixture)}
    kinds = {shows.kind for number in told for shows in DISTINCT[int(number)]}
    assert kinds == {"condition", "medication", "measure", "birth-date"}
    assert any(read_by_us(fixture, fixture.request) for fixture in FORMS)


@of_every_form
def test_what_is_answered_in_an_app_and_kept_on_the_server_approves_the_order(
    fixture: Fixture,
    second: Second,
    chart_on: Callable[[Fixture, str], Chart],
    fhir_server: FhirServer,
    unhurried: Ask,
) -> None:
    chart = chart_on(fixture, "a")
    questionnaire = questionnaire_of(fixture)
    second.render(questionnaire, chart.patient, USER)
    asked = [i["linkId"] for i in opened(questionnaire["item"], second, 0, {}) if i["type"] == "boolean"]
    for link_id in asked:
        second.say_yes(link_id)
    response = second.held_with(set(asked))
    kept = {"id": f"{chart.patient['id']}-answers"[:64], "status": "completed", "authored": fixture.expected["today"]}
    fhir_server.put(response | kept | {"subject": {"reference": f"Patient/{chart.patient['id']}"}})
    request = without(chart.request, "questionnaireResponses")
    answer = unhurried(request, today=fixture.expected["today"], service="prior-auth-order-sign", plans=fixture.plans)
    assert [told["status"] for told in determinations(answer.get_json()["cards"]) if told["pathway"]] == ["approvable"]
