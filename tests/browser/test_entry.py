"""From the card to approvable, as a prescriber goes it: a real server, a real FHIR server, a real browser.

The page is used by the keyboard alone, and reaches nothing but its own service."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from service.store import Store
from tests.browser.axe import barriers
from tests.fhir_server import FhirServer, load
from tests.live.hospital import NAMED
from tests.served import SIGN, Served
from tests.store.made import FORM, call

pytestmark = pytest.mark.browser
pytest_plugins = ("tests.live.servers",)

JSON = dict[str, Any]
SWALLOWING = "jylamvo-rheumatoid-arthritis-swallowing-not-documented"
CHOICE = "jylamvo-cd30-disorder-subtype-not-told"
TRIAL = "reditrex-rheumatoid-arthritis-trial-without-outcome"
BY = "A. Example, MD, rheumatology"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SENT = "Sign the order again; the answers are read then."


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("forms"), COUNTERSIGN_FETCH_SECONDS="30", COUNTERSIGN_CALL_SECONDS="40") as one:
        yield one


@dataclass
class Visit:
    """A page of the browser on the service, and what went wrong on it."""

    page: Page
    served: Served
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, link: str) -> None:
        self.page.goto("about:blank")
        self.page.goto(link)

    def tab_to(self, name: str) -> None:
        """Move the focus with the Tab key alone, to where an accessible name begins so."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            if self.focused().startswith(name):
                return
        raise AssertionError(f"the Tab key never comes to {name!r}")

    def focused(self) -> str:
        told = """() => {
            const on = document.activeElement;
            const by = (on.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id));
            const named = by.filter(Boolean).map((one) => one.textContent).join(' ');
            const label = on.labels?.[0]?.textContent;
            return (on.getAttribute('aria-label') ?? (named || label || on.textContent)).trim();
        }"""
        return str(self.page.evaluate(told))

    def yes(self) -> None:
        self.page.get_by_role("radio", name="Yes").first.check()

    def sign_as(self, who: str) -> None:
        self.page.get_by_label("Your name and role").fill(who)

    def submit(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Submit")).click()

    def says(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visit]:
    with chromium.new_context(viewport=DESK) as context:
        made = Visit(context.new_page(), served)
        made.page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", lambda said: _complained(said, made))
        made.page.on("request", lambda asked: _asked(asked.url, made))
        yield made
    assert made.complaints == []
    assert made.elsewhere == []


def _complained(said: ConsoleMessage, visit: Visit) -> None:
    # A refusal that the service answers is no fault of the page: the browser tells it all the same.
    if said.type == "error" and "Failed to load resource" not in said.text:
        visit.complaints.append(said.text)


def _asked(url: str, visit: Visit) -> None:
    own = f"{visit.served.url}/forms"
    if not url.startswith((f"{own}/", "data:", "blob:")) and url not in (own, "about:blank"):
        visit.elsewhere.append(url)


def signed(served: Served, request: JSON) -> JSON:
    """What the card of an order tells, when it is signed: its determination, and the link to its form if it has one."""
    cards = [card for card in served.post(SIGN, request).cards if "determination" in card["extension"]]
    card = next(card for card in cards if card["extension"]["determination"]["pathway"])
    links = [link["url"] for link in card["links"] if "/forms/" in link["url"]]
    return {**card["extension"]["determination"], "link": links[0] if links else None}


def link(served: Served, name: str, order: str = "") -> str:
    """The link to the form of a fixture's order; with another `order` id it is another patient's, and nobody has
    answered it yet."""
    found: str = signed(served, asked(name, order))["link"]
    assert found
    return found


def asked(name: str, order: str = "") -> JSON:
    request: JSON = NAMED[name].request
    drafts = request["context"]["draftOrders"]
    (entry,) = [e for e in drafts["entry"] if e["resource"]["resourceType"] == "MedicationRequest"]
    drafted = {**drafts, "entry": [{"resource": {**entry["resource"], "id": order or entry["resource"]["id"]}}]}
    signed = {**request, "context": {**request["context"], "draftOrders": drafted}}
    patient = request["context"]["patientId"].rsplit("/", 1)[-1]
    return of_patient(signed, patient, order[-64:].strip("-")) if order else signed


def of_patient(value: Any, old: str, new: str) -> Any:
    """The same about another patient."""
    match value:
        case dict():
            return {name: of_patient(one, old, new) for name, one in value.items()}
        case list():
            return [of_patient(one, old, new) for one in value]
        case str() if value == old or value.endswith(f"Patient/{old}"):
            return value.removesuffix(old) + new
        case _:
            return value


@pytest.fixture
def order(request: pytest.FixtureRequest) -> str:
    """An order's id that no other test has."""
    return re.sub("[^a-z0-9]+", "-", request.node.name)[:64].strip("-")


# --- from card to approvable


def test_by_the_keyboard_alone_a_card_leads_to_approvable(
    visit: Visit, served: Served, fhir_server: FhirServer
) -> None:
    chart = load(fhir_server, NAMED[SWALLOWING].request, "e2e")
    loan = {"access_token": "any", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.cruds"}
    request = {**{k: v for k, v in chart.items() if k != "prefetch"}, "fhirAuthorization": loan}
    first = signed(served, request)
    assert (first["status"], first["missing"]) == ("documentation-needed", ["I.B.6"])

    visit.open(first["link"])
    visit.says("unable to swallow pills")
    keys = visit.page.keyboard
    visit.tab_to("Yes")
    keys.press("Space")
    visit.tab_to("Details")
    keys.type("Dysphagia after a stroke, seen on the ward")
    visit.tab_to("Your name and role")
    keys.type(BY)
    visit.tab_to("Submit")
    keys.press("Enter")
    visit.says(SENT)

    then = signed(served, request)
    assert then["status"] == "approvable"
    (row,) = [row for row in then["criteria"] if row["id"] == "I.B.6"]
    assert [f"Attested yes to I.B.6 by {BY}" in evidence["text"] for evidence in row["evidence"]] == [True]
    patient = request["context"]["patientId"].rsplit("/", 1)[-1]
    (entry,) = fhir_server.get(f"QuestionnaireResponse?patient={patient}")["entry"]
    assert "Dysphagia after a stroke" in str(entry["resource"]["item"])
    assert signed(served, {k: v for k, v in request.items() if k != "fhirAuthorization"})["status"] == "approvable"


def test_any_of_is_a_choice_that_opens_its_branch(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, CHOICE, order))
    visit.says("Which of these can be documented")
    radios = visit.page.get_by_role("radio", name="Yes")
    before = radios.count()
    visit.page.get_by_role("radio").first.check()
    expect(radios).to_have_count(before + 1)
    for number in range(before + 1):
        radios.nth(number).check()
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)
    assert signed(served, asked(CHOICE, order))["status"] == "approvable"


def test_what_the_chart_shows_stands_there_marked_and_can_be_changed(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, TRIAL, order))
    visit.says("found in the chart")
    text = visit.page.get_by_role("textbox", name=re.compile("found in the chart"))
    expect(text).to_have_value(re.compile("Methotrexate 25 mg/mL injectable solution"))
    text.fill("Nausea after each dose; stopped")
    visit.yes()
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)
    assert signed(served, asked(TRIAL, order))["status"] == "approvable"


def test_the_page_says_whom_it_is_about_and_the_address_does_not(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.says("unable to swallow pills")
    header = visit.page.locator("header").inner_text()
    patient = next(iter(NAMED[SWALLOWING].request["prefetch"]["patient"].get("name", [{}])))
    assert str(patient.get("family", "born")) in header
    assert "Jylamvo" in header
    assert "CP.PHAR.134" in header
    assert visit.page.url == f"{served.url}/forms/"
    assert visit.page.title() == "Missing documentation"


def test_a_copy_of_a_note_is_kept_with_the_answer(visit: Visit, served: Served, order: str, tmp_path: Path) -> None:
    note = tmp_path / "note.pdf"
    note.write_bytes(b"%PDF-1.7 a note")
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.page.locator("input[type=file]").set_input_files(note)
    visit.says("note.pdf")
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)
    assert b"note.pdf" in (served.folder / "records.sqlite3-wal").read_bytes()


# --- what is refused, and what is kept


def test_an_empty_required_answer_is_refused_and_named(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.says("unable to swallow pills")
    visit.submit()
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("2 answers need attention")
    expect(alert).to_contain_text("unable to swallow pills")
    expect(alert).to_contain_text("Your name and role")
    expect(alert).to_be_focused()
    alert.get_by_role("link").first.press("Enter")
    expect(visit.page.get_by_role("radio", name="Yes")).to_be_focused()
    assert signed(served, asked(SWALLOWING, order))["status"] == "documentation-needed"


def test_half_filled_answers_are_there_after_a_reload_and_gone_once_sent(
    visit: Visit, served: Served, order: str
) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.page.get_by_role("textbox", name=re.compile("^Details")).fill("Half a sentence")
    visit.sign_as("B. Example")
    visit.page.wait_for_timeout(500)
    visit.page.reload()
    expect(visit.page.get_by_role("radio", name="Yes")).to_be_checked()
    expect(visit.page.get_by_role("textbox", name=re.compile("^Details"))).to_have_value("Half a sentence")
    expect(visit.page.get_by_label("Your name and role")).to_have_value("B. Example")
    visit.submit()
    visit.says(SENT)
    assert "Half a sentence" not in str(visit.page.evaluate("() => JSON.stringify({...sessionStorage})"))
    assert visit.page.evaluate("() => localStorage.length") == 0


def test_a_second_submission_says_that_there_is_a_first(visit: Visit, served: Served, order: str) -> None:
    first, second = link(served, SWALLOWING, order), link(served, SWALLOWING, order)
    for address in (first, second):
        visit.open(address)
        if address is second:
            visit.says("This form was answered")
            visit.says(f"By {BY}")
            visit.says("answer every question again: what was answered is not shown here")
            visit.page.get_by_role("button", name="Answer anew").click()
            visit.page.get_by_role("radio", name="No", exact=True).check()
        else:
            visit.yes()
        visit.sign_as(BY)
        visit.submit()
        visit.says(SENT)
    assert signed(served, asked(SWALLOWING, order))["status"] == "not-met"


def test_of_two_who_answer_at_once_the_second_is_told_of_the_first(
    visit: Visit, chromium: Browser, served: Served, order: str
) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.page.get_by_role("radio", name="No", exact=True).check()
    visit.sign_as("B. Other, RN")
    with chromium.new_context() as context:
        other = Visit(context.new_page(), served)
        other.open(link(served, SWALLOWING, order))
        other.yes()
        other.sign_as(BY)
        other.submit()
        other.says(SENT)
    visit.submit()
    expect(visit.page.get_by_role("alert")).to_contain_text(BY)
    assert signed(served, asked(SWALLOWING, order))["status"] == "approvable"


@pytest.mark.parametrize("fragment", ["", "#x", f"#{'x' * 43}"])
def test_without_a_token_of_a_form_the_page_says_so(fragment: str, visit: Visit, served: Served) -> None:
    visit.open(f"{served.url}/forms/{fragment}")
    expect(visit.page.get_by_role("heading", level=2)).to_contain_text(re.compile("No form is opened|There is no form"))


def test_an_expired_link_says_so(visit: Visit, served: Served) -> None:
    token = f"expired{'x' * 36}"
    store = Store(served.database)
    store.keep(call(forms=(replace(FORM, token=token, until=datetime.now(UTC) - timedelta(seconds=1)),)))
    store.close()
    visit.open(f"{served.url}/forms/#{token}")
    visit.says("This form is closed")
    visit.says("expired")


def test_another_orders_token_opens_another_orders_form(visit: Visit, served: Served, order: str) -> None:
    first, other = link(served, SWALLOWING, order), link(served, SWALLOWING, f"{order[:50]}-other")
    visit.open(first)
    visit.yes()
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)
    visit.open(other)
    visit.says("unable to swallow pills")
    assert signed(served, asked(SWALLOWING, f"{order[:50]}-other"))["status"] == "documentation-needed"


def test_where_the_service_is_not_reached_everything_stays(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.sign_as(BY)
    visit.page.context.set_offline(True)
    visit.submit()
    expect(visit.page.get_by_role("alert")).to_contain_text("could not be sent")
    visit.page.context.set_offline(False)
    expect(visit.page.get_by_role("radio", name="Yes")).to_be_checked()
    visit.submit()
    visit.says(SENT)


def test_what_was_kept_though_its_reply_was_lost_is_sent_no_second_time(
    visit: Visit, served: Served, order: str
) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.sign_as(BY)

    def lost(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    visit.page.route("**/forms/entry", lost)
    visit.submit()
    expect(visit.page.get_by_role("alert")).to_contain_text("could not be sent")
    visit.page.unroute("**/forms/entry")
    visit.submit()
    visit.says(SENT)
    evidence = [one["evidence"] for one in signed(served, asked(SWALLOWING, order))["criteria"] if one["id"] == "I.B.6"]
    assert "(completed)" in evidence[0][0]["text"]


def test_going_back_in_one_tab_shows_the_form_of_before(visit: Visit, served: Served, order: str) -> None:
    first, other = link(served, SWALLOWING, order), link(served, TRIAL, order)
    visit.open(first)
    visit.says("unable to swallow pills")
    visit.page.get_by_role("textbox", name=re.compile("^Details")).fill("Of the first")
    visit.page.wait_for_timeout(500)
    visit.page.evaluate("(address) => { location.href = address }", other)
    visit.says("generic methotrexate injection")
    visit.page.go_back()
    visit.says("unable to swallow pills")
    expect(visit.page.get_by_role("textbox", name=re.compile("^Details"))).to_have_value("Of the first")
    visit.page.reload()
    visit.says("unable to swallow pills")
    visit.page.go_forward()
    visit.says("generic methotrexate injection")


def test_once_sent_the_tab_opens_the_form_no_more(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)
    visit.page.reload()
    visit.says("No form is opened")


def test_files_that_are_too_much_together_are_refused_where_they_are_chosen(
    visit: Visit, served: Served, order: str, tmp_path: Path
) -> None:
    large, small = tmp_path / "large.pdf", tmp_path / "small.pdf"
    large.write_bytes(b"x" * 3 * 1024 * 1024)
    small.write_bytes(b"x" * 1024 * 1024)
    visit.open(signed(served, two_missing(order))["link"])
    fields = visit.page.locator("input[type=file]")
    expect(fields).to_have_count(2)
    for number in range(2):
        limits = "One file: PDF, JPEG, PNG, TIFF or plain text. All files together at most 4 MB."
        expect(fields.nth(number)).to_have_accessible_description(limits)
    fields.first.set_input_files(large)
    visit.says("large.pdf")
    visit.page.locator("input[type=file]").last.set_input_files(large)
    visit.says("more than 4 MB together")
    visit.page.locator("input[type=file]").last.set_input_files(small)
    visit.says("small.pdf")
    expect(visit.page.locator(".fault:visible")).to_have_count(0)


def two_missing(order: str) -> JSON:
    """The order of the fixture, its prescriber's specialty not on record either."""
    request = asked(SWALLOWING, order)
    (entry,) = request["context"]["draftOrders"]["entry"]
    resource = {name: value for name, value in entry["resource"].items() if name != "requester"}
    context = request["context"] | {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": resource}]}}
    return request | {"context": context | {"userId": "Practitioner/nobody-on-record"}}


def test_what_was_found_is_marked_while_it_stands_as_it_was_found(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, TRIAL, order))
    text = visit.page.get_by_role("textbox", name=re.compile("^Details"))
    expect(text).to_have_accessible_name(re.compile("found in the chart"))
    found = text.input_value()
    text.fill("Something else")
    expect(text).not_to_have_accessible_name(re.compile("found in the chart"))
    visit.page.wait_for_timeout(500)
    visit.page.reload()
    expect(text).to_have_value("Something else")
    expect(text).not_to_have_accessible_name(re.compile("found in the chart"))
    text.fill(found)
    expect(text).to_have_accessible_name(re.compile("found in the chart"))


def test_a_name_that_cannot_be_taken_is_marked_where_it_stands(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.yes()
    visit.sign_as("...")
    visit.submit()
    expect(visit.page.get_by_role("alert")).to_contain_text("Your name and role")
    expect(visit.page.get_by_label("Your name and role")).to_have_attribute("aria-invalid", "true")


def test_the_page_says_of_which_dose_and_use_the_form_is(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    header = visit.page.locator("header")
    expect(header).to_contain_text("15 mg a week")
    expect(header).to_contain_text("rheumatoid arthritis")


def test_what_is_not_said_of_the_order_has_no_row(visit: Visit, served: Served, order: str) -> None:
    def unsaid(route: Route) -> None:
        answer = route.fetch()
        entry = answer.json()
        told = {name: said for name, said in entry["about"].items() if name not in ("dose", "indication")}
        route.fulfill(response=answer, json={**entry, "about": told})

    visit.page.route("**/forms/entry", unsaid)
    visit.open(link(served, SWALLOWING, order))
    visit.says("unable to swallow pills")
    expect(visit.page.locator("dt:visible")).to_have_text(["Patient", "Order", "Policy", "Open until"])


def test_half_filled_answers_are_there_under_a_new_link_in_the_same_tab(
    visit: Visit, served: Served, order: str
) -> None:
    first, again = link(served, SWALLOWING, order), link(served, SWALLOWING, order)
    visit.open(first)
    visit.page.get_by_role("textbox", name=re.compile("^Details")).fill("Half a sentence")
    visit.page.wait_for_timeout(500)
    visit.open(again)
    expect(visit.page.get_by_role("textbox", name=re.compile("^Details"))).to_have_value("Half a sentence")
    visit.open(link(served, SWALLOWING, f"{order[:50]}-other"))
    expect(visit.page.get_by_role("textbox", name=re.compile("^Details"))).to_have_value("")


def test_where_the_page_cannot_run_it_says_what_to_do(visit: Visit, served: Served) -> None:
    visit.page.route("**/form.js", lambda route: route.abort())
    visit.open(f"{served.url}/forms/#{'x' * 43}")
    visit.says("open its link in a window of its own")


def test_in_a_frame_that_lets_nothing_run_it_says_what_to_do(chromium: Browser, served: Served, order: str) -> None:
    frame = f'<iframe sandbox="allow-scripts" src="{link(served, SWALLOWING, order)}"></iframe>'
    with chromium.new_context() as context:
        page = context.new_page()
        page.route("**/forms/framed", lambda route: route.fulfill(content_type="text/html", body=frame))
        page.goto(f"{served.url}/forms/framed")
        page.wait_for_load_state("networkidle")
        expect(page.frame_locator("iframe").locator("#state")).to_contain_text("in a window of its own")


def test_once_the_page_runs_it_no_longer_says_what_to_do_where_it_does_not(visit: Visit, served: Served) -> None:
    visit.page.route("**/forms/entry", lambda _: None)
    visit.open(f"{served.url}/forms/#{'x' * 43}")
    expect(visit.page.locator("#state")).to_contain_text("Loading the form")
    expect(visit.page.locator("#state")).not_to_contain_text("in a window of its own")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_chosen_branch_is_set_off_from_its_choice(size: JSON, visit: Visit, served: Served, order: str) -> None:
    visit.page.set_viewport_size(size)  # type: ignore[arg-type]
    visit.open(link(served, CHOICE, order))
    visit.page.get_by_role("radio").first.check()
    branch = visit.page.locator("lhc-item[id*='#branch']:visible")
    expect(branch).to_have_count(1)
    expect(branch).to_have_css("border-left-style", "solid")
    choice, within, beside = (
        visit.page.locator("#questions .question", has_text=words).evaluate("(one) => one.getBoundingClientRect().x")
        for words in ("Which of these can be documented", "Does the patient have", "Do guidelines or published")
    )
    assert within > choice + 10
    assert beside == choice


def test_a_criterion_is_titled_by_its_number_alone(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order))
    visit.says("unable to swallow pills")
    expect(visit.page.get_by_role("heading", name=re.compile("I.B.6"))).to_have_text("I.B.6")


def test_a_page_that_is_not_secure_keeps_what_is_half_filled_too(chromium: Browser, served: Served, order: str) -> None:
    with chromium.new_context() as context:
        other = Visit(context.new_page(), served)
        host = "http://forms.example.org"
        other.page.route(f"{host}/**", lambda route: _passed_on(route, host, served))
        other.open(link(served, SWALLOWING, order).replace(served.url, host))
        assert other.page.evaluate("() => isSecureContext") is False
        other.page.get_by_role("textbox", name=re.compile("^Details")).fill("Half a sentence")
        other.page.wait_for_timeout(500)
        other.page.reload()
        expect(other.page.get_by_role("textbox", name=re.compile("^Details"))).to_have_value("Half a sentence")
        other.yes()
        other.sign_as(BY)
        other.submit()
        other.says(SENT)


def _passed_on(route: Route, host: str, served: Served) -> None:
    route.fulfill(response=route.fetch(url=route.request.url.replace(host, served.url)))


def test_where_the_browser_keeps_nothing_the_page_says_so(visit: Visit, served: Served, order: str) -> None:
    visit.page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full') }")
    visit.open(link(served, SWALLOWING, order))
    visit.says("unable to swallow pills")
    expect(visit.page.locator("#kept")).to_be_empty()
    visit.yes()
    visit.says("This browser keeps nothing here")
    visit.sign_as(BY)
    visit.submit()
    visit.says(SENT)


def test_the_address_without_its_slash_leads_to_the_page(visit: Visit, served: Served, order: str) -> None:
    visit.open(link(served, SWALLOWING, order).replace("/forms/#", "/forms#"))
    visit.says("unable to swallow pills")


def test_markup_in_a_chart_is_text_on_the_page(visit: Visit, served: Served, order: str) -> None:
    request = asked(TRIAL, order)
    marked = "<img src=x onerror=document.title='owned'>"
    text = json.dumps(request).replace("Methotrexate 25 mg/mL injectable solution", marked)
    visit.open(signed(served, json.loads(text))["link"])
    visit.says("found in the chart")
    visit.page.wait_for_timeout(300)
    assert visit.page.title() == "Missing documentation"


# --- for everyone


def _empty(visit: Visit) -> None:
    visit.submit()
    expect(visit.page.get_by_role("alert")).to_contain_text("attention")


def _as_opened(visit: Visit) -> None:
    visit.says("Who answers")


def _chosen(visit: Visit) -> None:
    visit.page.get_by_role("radio").first.check()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", [SWALLOWING, TRIAL, CHOICE])
@pytest.mark.parametrize("doing", [_as_opened, _empty, _chosen])
def test_nobody_is_kept_out_and_nothing_is_cut_off(
    doing: Callable[[Visit], None], name: str, size: JSON, visit: Visit, served: Served, order: str
) -> None:
    visit.page.set_viewport_size(size)  # type: ignore[arg-type]
    visit.open(link(served, name, order))
    visit.says("Who answers")
    doing(visit)
    assert barriers(visit.page) == []
    assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
