"""Chromium, and the second renderer's page in it: what the page may reach, and what it complained of.

Knows no form and no fixture. The renderer is not ours (`second.jsx`, bundled with node_modules): what it shows and
holds is a second opinion. Its page reaches itself and one FHIR server, whose bytes are passed on as they come."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Route, TimeoutError, expect

JSON = dict[str, Any]

ROOT = Path(__file__).parent.parent.parent
NODE_MODULES = ROOT / "node_modules"
NAMES = ("chromium", "chromium-browser", "google-chrome")
WAITS = 10_000  # milliseconds, for what is on the page at once
APP = "http://app.example.org/"
_ANYONE = {"access-control-allow-origin": "*"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Form</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="second.css"></head>
<body><main id="form"></main><script src="second.js"></script></body></html>"""
_ESBUILD = (
    "--bundle",
    "--minify",
    "--jsx=automatic",
    "--log-level=warning",
    "--loader:.woff=empty",
    "--loader:.woff2=empty",
    '--define:process.env.NODE_ENV="production"',
)


def found_chromium() -> str | None:
    """Where this machine's Chromium is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def bundled(folder: Path) -> Path:
    """The folder that holds the second renderer's script and style; made by the first process that comes."""
    made = folder / "second"
    with (folder / "second.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = folder / f"second-{os.getpid()}"
            command = [NODE_MODULES / ".bin" / "esbuild", Path(__file__).with_name("second.jsx"), *_ESBUILD]
            subprocess.run([*command, f"--outdir={making}"], check=True, cwd=ROOT, timeout=120)
            making.rename(made)
    return made


@dataclass
class Second:
    """The second renderer's page. `complaints` are its console's errors and its own; `elsewhere` is what it asked for
    and did not get, since it is neither its own nor the FHIR server's; `asked` is what it had of the latter."""

    page: Page
    fhir_base: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def forget(self) -> None:
        self.complaints.clear()
        self.elsewhere.clear()
        self.asked.clear()

    def render(self, questionnaire: JSON, patient: JSON | None = None, user: JSON | None = None) -> JSON:
        """Show a Questionnaire, filled in where there is a patient: `response` as the renderer then holds it,
        `populated` as it was filled in (None where the form reads nothing), and the `issues` of that."""
        launch = {"patient": patient, "user": user, "fhirServerUrl": self.fhir_base} if patient else None
        asked = "([questionnaire, launch]) => window.renderAndPrefill(questionnaire, launch)"
        try:
            held: JSON = self.page.evaluate(asked, [questionnaire, launch])
        except Error as error:
            raise AssertionError((error.message, self.complaints, self.asked)) from error
        self.page.locator("#form [data-linkid]").first.wait_for(timeout=WAITS)
        return held

    def choose(self, link_id: str, options: list[str], wanted: str) -> None:
        """Choose an option by its words; the renderer offers just these options."""
        item = self._item(link_id)
        expect(item.locator("label:has([type=radio])")).to_have_text(options)
        item.get_by_role("radio", name=wanted, exact=True).check()

    def say_yes(self, link_id: str) -> None:
        self._item(link_id).get_by_role("radio", name="Yes").check()

    def field(self, link_id: str) -> str:
        """What stands in a text's field."""
        return self._item(link_id).get_by_role("textbox").input_value()

    def shows(self, link_ids: set[str]) -> None:
        """Wait until just these items are on the page."""
        wanted = "(wanted) => JSON.stringify(window.shownLinkIds()) === wanted"
        try:
            self.page.wait_for_function(wanted, arg=json.dumps(sorted(link_ids), separators=(",", ":")))
        except TimeoutError:
            assert self.link_ids() == link_ids

    def held_with(self, link_ids: set[str]) -> JSON:
        """The QuestionnaireResponse as the renderer holds it, once these items have answers."""
        told = "(wanted) => wanted.every(one => window.answeredLinkIds().includes(one)) && window.heldResponse()"
        held: JSON = self.page.wait_for_function(told, arg=sorted(link_ids)).json_value()
        return held

    def _item(self, link_id: str) -> Locator:
        return self.page.locator(f'#form [data-linkid="{link_id}"]').first

    def texts(self) -> str:
        """The visible text, its blanks single."""
        return " ".join(self.page.locator("#form").inner_text().split())

    def link_ids(self) -> set[str]:
        """The linkIds that the page says it shows."""
        return set(self.page.evaluate("() => window.shownLinkIds()"))


def opened(browser: Browser, made: Path, fhir_base: str) -> Second:
    """The page, open; its context is to be closed."""
    page = browser.new_context(viewport={"width": 1000, "height": 1400}).new_page()
    page.set_default_timeout(WAITS)
    second = Second(page, fhir_base)
    page.on("pageerror", lambda error: second.complaints.append(str(error)))
    page.on("console", lambda message: _complained(message, second))
    page.route("**/*", lambda route: _answer(route, made, second))
    page.goto(APP)
    page.wait_for_function("() => window.renderAndPrefill")
    return second


def _complained(message: ConsoleMessage, second: Second) -> None:
    if message.type == "error":
        second.complaints.append(message.text)


def _answer(route: Route, made: Path, second: Second) -> None:
    url = route.request.url
    if url == APP:
        route.fulfill(body=_PAGE, content_type="text/html")
    elif url in (f"{APP}second.js", f"{APP}second.css"):
        route.fulfill(path=made / url.removeprefix(APP))
    elif url.startswith(f"{second.fhir_base}/"):
        second.asked.append(url.removeprefix(f"{second.fhir_base}/"))
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, **_ANYONE})
    else:
        second.elsewhere.append(url)
        route.abort()
