"""Nothing of a patient, and no token, in logs, metrics, traces, errors, files or the database: every fixture and every
failure is sent to real servers with unmistakable marks in all its places, and whatever the servers wrote is searched.

A mark is found whether it stands there plain, escaped for JSON or URLs, in base64 or hex, or as a bare digest."""

import base64
import hashlib
import itertools
import json
import re
import signal
import sqlite3
import threading
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from stat import S_ISREG
from typing import Any

import psycopg
import pytest

from tests import postgres
from tests.auth.signing import Ehr, key_set, public_jwk
from tests.ehr import servers
from tests.fhir_server import resources_of
from tests.served import FEEDBACK, SIGN, Answer, Served
from tests.test_fixtures import ALL

JSON = dict[str, Any]
MARK = "Zqxvmark"  # every mark begins with it, and is of letters alone, as names of members are
THREADS = 4


def mark(kind: str) -> str:
    """The mark of a kind of thing: a word that can stand wherever a string does."""
    return f"{MARK}{kind}"


NAME, GIVEN, ADDRESS, PHONE = mark("Family"), mark("Given"), mark("Street"), mark("Phone")
IDENTIFIER, NOTE, DISPLAY, NARRATIVE = mark("Mrn"), mark("Note"), mark("Display"), mark("Narrative")
TEXT, CODE, MEMBER, IDENTITY = mark("Text"), mark("Code"), mark("Member"), mark("Id")
TOKEN, JWT, COMMENT, INSTANCE, USER = mark("Token"), mark("Jwt"), mark("Comment"), mark("Instance"), mark("User")
SERVER, HEADER, QUERY, BODY, ANSWERED = mark("Server"), mark("Header"), mark("Query"), mark("Body"), mark("Answered")
FOREIGN = "Žqxv·çédille"  # a name that every way of escaping changes
HEX = re.compile(rb"\b[0-9a-f]{32,64}\b")
POINTER = re.compile(r"(#|[A-Z]\w+/)([A-Za-z0-9.\-]{1,64})$")
BORN = re.compile(r"(\d{4})-\d{2}-\d{2}")
NOT_DOCTORS = (NAME, GIVEN, ADDRESS, PHONE, IDENTIFIER, TOKEN, FOREIGN, NOTE, NARRATIVE)


# What is sent


def salted(request: JSON, server: str, *, words: bool) -> JSON:
    """A fixture's request with marks: in every id, in every resource, and, with `words`, in every text too."""
    asked: JSON = _renamed(request)
    context, prefetch = asked["context"], asked.setdefault("prefetch", {})
    for value in (*prefetch.values(), context.get("draftOrders")):
        for resource in resources_of(value):
            _mark(resource)
    _walk(asked, words)
    asked["hookInstance"] = f"{INSTANCE}-{request['hookInstance']}"
    asked["fhirServer"] = server
    asked["fhirAuthorization"] = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": f"{TOKEN} user/*.read",
        "subject": TOKEN,
        "patient": TOKEN,
    }
    asked["extension"] = asked[MEMBER] = {MEMBER: MEMBER}
    asked["context"] |= {"userId": f"Practitioner/{USER}", "encounterId": USER, MEMBER: MEMBER}
    prefetch[MEMBER] = {"resourceType": MEMBER, "id": IDENTITY, "text": TEXT}
    return asked


def _renamed(node: Any, key: str = "") -> Any:
    """A mark in every id, and in whatever points at one; urn:uuid URLs stay."""
    if isinstance(node, dict):
        return {name: _renamed(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_renamed(each, key) for each in node]
    if not isinstance(node, str):
        return node
    if key in ("id", "patientId"):
        return f"{IDENTITY}-{node}"[:64]
    if key in ("reference", "fullUrl", "selections") and not node.startswith("urn:"):
        return POINTER.sub(lambda found: f"{found[1]}{IDENTITY}-{found[2]}"[:64], node)
    return node


def _mark(resource: JSON) -> None:
    resource[MEMBER] = {MEMBER: [MEMBER]}
    resource["identifier"] = [{"system": f"urn:{IDENTIFIER}", "value": IDENTIFIER}]
    resource["text"] = {"status": "generated", "div": f"<div>{NARRATIVE} {FOREIGN}</div>"}
    resource["note"] = [{"text": f"{NOTE} {FOREIGN}", "authorString": NAME}]
    for contained in resource.get("contained", []):
        if isinstance(contained, dict):
            _mark(contained)
    if resource["resourceType"] in ("Patient", "Practitioner", "RelatedPerson"):
        resource["name"] = [{"family": NAME, "given": [GIVEN, FOREIGN], "text": f"{GIVEN} {NAME}"}]
        resource["telecom"] = [{"system": "phone", "value": PHONE}]
        kept = resource.get("address") if isinstance(resource.get("address"), list) else None
        place = kept[0] if kept and isinstance(kept[0], dict) else {}
        resource["address"] = [{**place, "line": [ADDRESS], "city": ADDRESS, "postalCode": ADDRESS, "text": ADDRESS}]
    if resource["resourceType"] == "Patient" and isinstance(resource.get("birthDate"), str):
        resource["birthDate"] = BORN.sub(lambda found: _born(found[1]), resource["birthDate"])
    if resource["resourceType"] == "Coverage":
        resource["subscriberId"] = IDENTIFIER


def _born(year: str) -> str:
    return f"{int(year)}-12-29"


def _walk(node: Any, words: bool) -> None:
    """Marks in displays and in codings' company; with `words`, behind every text of a chart."""
    if isinstance(node, list):
        if node and all(isinstance(each, dict) and "system" in each and "code" in each for each in node):
            node.append({"system": f"urn:{CODE}", "code": CODE, "display": DISPLAY})
        for each in node:
            _walk(each, words)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and (key == "display" or (words and key in ("text", "valueString", "unit"))):
                node[key] = f"{value} {DISPLAY if key == 'display' else TEXT} {FOREIGN}"
            else:
                _walk(value, words)


HEADERS = {
    "Authorization": f"Bearer {JWT}.{JWT}.{JWT}",
    "User-Agent": HEADER,
    "X-Correlation-Id": HEADER,
    "X-Request-Id": HEADER,
    "traceparent": f"00-{HEADER}-{HEADER}-01",
    "tracestate": f"a={HEADER}",
    "baggage": f"a={HEADER}",
    "Cookie": f"session={HEADER}",
    "Referer": f"https://{HEADER}.example/",
    "Accept-Language": HEADER,
    HEADER: HEADER,
}


def feedback(about: str, **more: Any) -> JSON:
    """A prescriber's answer with marks in every member that the specification, or Epic, knows."""
    said = {
        "card": about,
        "outcome": "overridden",
        "outcomeTimestamp": "2026-03-10T12:00:00Z",
        "overrideReason": {
            "reason": {"system": f"urn:x {CODE}", "code": f"{CODE} said", "display": DISPLAY},
            "userComment": f"{COMMENT} {FOREIGN}",
        },
        "overrideReasons": [{"reason": {"code": f"{CODE} said"}, "userComment": COMMENT}],
        "acceptedSuggestions": [{"id": IDENTITY, MEMBER: MEMBER}],
        "extension": {MEMBER: COMMENT},
        MEMBER: MEMBER,
        **more,
    }
    return {"feedback": [said], MEMBER: MEMBER}


# EHRs that fail, with marks in all that they say

SAID = f"X-Said: {ANSWERED}\r\nSet-Cookie: a={ANSWERED}"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": ANSWERED, "details": {"text": ANSWERED}}]}
NEXT = {
    "resourceType": "Bundle",
    "type": "searchset",
    "link": [{"relation": "next", "url": f"https://{ANSWERED}.example/{ANSWERED}?{ANSWERED}"}],
    "entry": [{"resource": {"resourceType": ANSWERED, "id": ANSWERED, "text": ANSWERED}}, ANSWERED],
}
FAILURES: dict[str, servers.Behaviour] = {
    "server": servers.answer(ANSWERED.encode(), SAID, status=500),
    "outcome": servers.answer(OUTCOME, SAID),
    "unauthorized": servers.answer(OUTCOME, SAID, f'WWW-Authenticate: Bearer realm="{ANSWERED}"', status=401),
    "missing": servers.answer(OUTCOME, SAID, status=404),
    "redirect": servers.answer(b"", f"Location: https://{ANSWERED}.example/{ANSWERED}", status=302),
    "html": servers.answer(f"<html>{ANSWERED}</html>".encode(), SAID),
    "pages": servers.answer(NEXT, SAID),
    "packed": servers.answer(ANSWERED.encode(), f"Content-Encoding: {ANSWERED}"),
    "half": servers.raw(servers.head(200, 10_000, SAID) + f'{{"resourceType": "{ANSWERED}'.encode()),
    "no-http": servers.raw(f"{ANSWERED} {ANSWERED}\r\n{ANSWERED}\r\n\r\n".encode()),
    "bad-length": servers.raw(f"HTTP/1.1 200 {ANSWERED}\r\nContent-Length: {ANSWERED}\r\n\r\n{{}}".encode()),
    "bad-chunk": servers.raw(servers.head(200, None, "Transfer-Encoding: chunked") + f"{ANSWERED}\r\n".encode()),
    "reset": servers.reset,
    "number": servers.answer(
        f'{{"resourceType":"Patient","id":"{ANSWERED}","multipleBirthInteger":1e999999}}'.encode()
    ),
}


class Ehrs:
    """One server for each way of failing, whatever it is asked; and one that hangs."""

    def __init__(self, stack: ExitStack) -> None:
        def server(behaviour: servers.Behaviour) -> str:
            found = stack.enter_context(servers.serving({}))
            found.routes = _Anything(behaviour)
            return f"{found.origin}/{SERVER}/r4"

        self.failing = [server(behaviour) for behaviour in FAILURES.values()]
        self.hanging = server(servers.hang)


class _Anything(dict[str, servers.Behaviour]):
    """The same behaviour for every path."""

    def __init__(self, behaviour: servers.Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour

    def get(self, _: str, default: Any = None) -> Any:  # noqa: ARG002
        return self._behaviour


class Receiver:
    """An OTLP receiver: every byte that it is sent, heads and bodies."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append(str(self.headers).encode() + self.path.encode() + body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


# What was written, and how it is searched


@dataclass
class Written:
    """All that servers left behind, by where; answers that are errors among it."""

    sinks: dict[str, list[bytes]] = field(default_factory=dict)
    born: set[str] = field(default_factory=set)
    statuses: list[int] = field(default_factory=list)
    shown: int = 0  # marks on cards, where evidence belongs
    forms: int = 0  # marks on forms, which say whom they are about
    doctors: list[bytes] = field(default_factory=list)
    hashed: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)

    def add(self, where: str, *found: bytes) -> None:
        self.sinks.setdefault(where, []).extend(found)

    def took(self, answer: Answer) -> Answer:
        """Keep an answer to be searched: an error wholly, a success for its headers."""
        self.statuses.append(answer.status)
        self.add("headers", json.dumps(dict(answer.headers), ensure_ascii=False).encode())
        if answer.status >= 300:
            self.add("errors", answer.body)
        return answer

    def leaks(self, where: str) -> list[str]:
        """The marks in one place, each with some of what stands around it; of many, the first few."""
        searched = b"\n".join(self.sinks[where])
        return [f"…{searched[max(at - 80, 0) : at + 80]!r}…" for at in itertools.islice(self._places(searched), 9)]

    def _places(self, searched: bytes) -> Iterator[int]:
        folded = searched.lower()
        for sought in (*_spellings(MARK), *_spellings(FOREIGN)):
            yield from (found.start() for found in re.finditer(re.escape(sought), searched))
        for sought in (MARK.lower().encode(), *(day.encode() for day in self.born)):
            if (at := folded.find(sought)) >= 0:
                yield at
        for token in self.tokens:
            if (at := searched.find(token.encode())) >= 0:
                yield at
        bare = self._bare()
        yield from (found.start() for found in HEX.finditer(folded) if found[0] in bare)

    def _bare(self) -> set[bytes]:
        """Digests without a key: whoever guesses an id can make them too."""
        values = [value.encode() for value in (TOKEN, *self.hashed)]
        makes = ("sha256", "sha1", "md5")
        return {hashlib.new(name, v, usedforsecurity=False).hexdigest().encode() for v in values for name in makes}


def _spellings(said: str) -> Iterator[bytes]:
    """A text plain and in the ways that it could be written otherwise."""
    raw = said.encode()
    yield raw
    yield raw.hex().encode()
    yield urllib.parse.quote(said).encode()
    yield json.dumps(said)[1:-1].encode()
    yield ascii(said)[1:-1].encode()
    yield repr(raw)[2:-1].encode()
    yield said.encode("utf-16-le")
    for shift in range(3):  # base64 shows three faces of the same bytes; the whole groups of each are sure
        shown = base64.b64encode(b"\0" * shift + raw)[-(-shift * 4 // 3) :]
        sure = shown[: (len(raw) + shift) // 3 * 4 - (-(-shift * 4 // 3))]
        if len(sure) > 3:
            yield sure
            yield sure.translate(bytes.maketrans(b"+/", b"-_"))


def held_by(served: Served) -> list[bytes]:
    """The files of a server's folder, and those that its processes hold open, deleted ones too; each once."""
    open_ones = [handle for pid in served.processes() for handle in Path(f"/proc/{pid}/fd").glob("*")]
    found: dict[tuple[int, int], bytes] = {}
    for path in (*served.folder.rglob("*"), *open_ones):
        with suppress(OSError):
            about = path.stat()
            if S_ISREG(about.st_mode):
                found[about.st_dev, about.st_ino] = path.read_bytes()
    return list(found.values())


def rows_of(database: str) -> list[bytes]:
    """Every row of every table."""
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [repr(row).encode() for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
    with psycopg.connect(database) as postgresql:
        named = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        tables = [name for (name,) in postgresql.execute(named)]
        return [repr(row).encode() for name in tables for row in postgresql.execute(f'SELECT * FROM "{name}"')]  # type: ignore[call-overload]


# The runs


class Run:
    """A server that is sent everything, and what it wrote."""

    def __init__(self, served: Served, ehrs: Ehrs, written: Written) -> None:
        self.served, self.ehrs, self.written = served, ehrs, written

    def ask(self, method: str, path: str, body: Any = None, headers: JSON | None = None) -> Answer:
        return self.written.took(self.served.ask(method, path, body, {**HEADERS, **(headers or {})}))

    def fixtures(self, *, words: bool, every: int = 1) -> list[Answer]:
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(lambda n: self._fixture(n, words), range(0, len(ALL), every)))

    def _fixture(self, number: int, words: bool) -> Answer:
        asked = salted(ALL[number].request, self.ehrs.failing[number % len(FAILURES)], words=words)
        self._noted(asked)
        answer = self.ask("POST", f"/cds-services/prior-auth-{asked['hook']}", asked)
        self.written.shown += answer.body.count(MARK.encode())
        for card in answer.json.get("cards", [])[:1]:
            self.ask("POST", FEEDBACK, feedback(card["uuid"]))
            for link in card.get("links", ()):
                self._form(link["url"])
        return answer

    def _form(self, url: str) -> None:
        """Open a form and answer it, wrongly in every way: what is rightly answered belongs into the database."""
        address, _, token = url.partition("#")
        if not address.endswith("/forms/"):
            return
        self.written.tokens.add(token)
        bearer = {"Authorization": f"Bearer {token}"}
        shown = self.ask("GET", "/forms/entry", None, bearer)
        self.written.forms += shown.body.count(MARK.encode())
        self.ask("GET", "/forms/entry", None, {"Authorization": f"Bearer {TOKEN}{token}"})
        for response in _wrong_responses():
            self.ask("POST", "/forms/entry", {"response": response, "by": "A. Example"}, bearer)
        self.ask("POST", "/forms/entry", {"response": {}, "by": f"{NAME}\n"}, bearer)
        self.ask("POST", "/forms/entry", b'{"' + BODY.encode(), bearer)

    def _noted(self, asked: JSON) -> None:
        """Birth dates and ids of a request, which are looked for beside the marks."""
        patient = asked["context"]["patientId"]
        self.written.hashed |= {patient, asked["hookInstance"], json.dumps(asked)}
        self.written.born |= set(re.findall(r'"birthDate": "(\d{4}-12-29)', json.dumps(asked)))

    def unfetched(self) -> None:
        """Requests without prefetch, to every EHR that fails."""
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(self._unfetched, self.ehrs.failing))

    def _unfetched(self, server: str) -> None:
        asked = salted(ALL[11].request, server, words=False)
        self.ask("POST", SIGN, asked | {"prefetch": {"patient": asked["prefetch"].get("patient")}})
        self.ask("POST", SIGN, asked | {"prefetch": None})

    def refusals(self) -> None:
        asked = salted(ALL[11].request, self.ehrs.failing[0], words=False)
        for body in _wrong_bodies(asked):
            self.ask("POST", SIGN, body)
        for said in _wrong_feedback():
            self.ask("POST", FEEDBACK, said)
        self.ask("POST", SIGN, asked, {"Content-Type": f"text/{HEADER}"})
        self.ask("POST", SIGN, asked, {"Content-Type": f"application/json; charset={HEADER}"})
        self.ask("POST", SIGN, asked, {"Content-Encoding": HEADER})
        self.ask("POST", SIGN, b'{"' + BODY.encode() + b'": "' + b" " * (16 * 1024 * 1024) + b'"}')
        for method, path in _wrong_paths():
            self.ask(method, path, asked if method in ("POST", "PUT", "PATCH") else None)
        for name in ("Host", "Origin", "Access-Control-Request-Headers", "Forwarded", "X-Forwarded-Host", "Expect"):
            self.ask("POST", SIGN, asked, {name: HEADER})
            self.ask("OPTIONS", SIGN, None, {"Origin": "http://localhost", name: HEADER})
        self.ask("POST", SIGN, asked, {"Origin": f"http://localhost:{HEADER}", "Host": f"{HEADER}.example"})

    def no_http(self) -> None:
        for sent in _no_http():
            head, _, body = self.served.raw(sent).partition(b"\r\n\r\n")
            self.written.add("headers", head)
            self.written.add("errors", b"" if head.startswith(b"HTTP/1.1 200") else body)

    def doctor(self) -> None:
        for fixture in ALL[::6]:
            asked = salted(fixture.request, self.ehrs.failing[0], words=True)
            self.written.doctors.append(self.ask("POST", "/doctor", asked).body)
        for body in _wrong_bodies(salted(ALL[11].request, self.ehrs.failing[0], words=False)):
            self.written.doctors.append(self.ask("POST", "/doctor", body).body)

    def hang_and_end(self) -> None:
        """SIGTERM while a call waits for its EHR."""
        asked = salted(ALL[11].request, self.ehrs.hanging, words=False) | {"prefetch": {}}
        with ThreadPoolExecutor(1) as threads:
            under_way = threads.submit(self.ask, "POST", SIGN, asked)
            time.sleep(0.3)
            self.served.process.send_signal(signal.SIGTERM)
            under_way.result()
        self.served.stop()

    def look(self, name: str = "database") -> None:
        """Take up what can be seen while the server runs."""
        self.written.add("metrics", self.served.get("/metrics").body)
        self.written.add("files", *held_by(self.served))
        self.written.add(name, *rows_of(self.served.database))

    def end(self) -> None:
        self.written.add("log", self.served.log.read_bytes())
        self.written.add("files", *(path.read_bytes() for path in self.served.folder.rglob("*") if path.is_file()))


def _wrong_bodies(asked: JSON) -> Iterator[Any]:
    text = json.dumps(asked)
    yield text[: len(text) // 2].encode()
    yield f"{{{BODY}}}".encode()
    yield f'"{BODY}"'.encode()
    yield f'{{"{BODY}": {BODY}}}'.encode()
    yield f'{{"hook": "{BODY}'.encode("utf-16")
    yield f'{{"{BODY}": "\\ud800"}}'.encode()
    yield b'{"' + BODY.encode() + b'":' + b"[" * 5000 + b"]" * 5000 + b"}"
    yield [BODY]
    yield {BODY: BODY}
    for name in ("hook", "hookInstance", "context", "fhirServer", "fhirAuthorization", "prefetch"):
        yield asked | {name: [BODY]}
        yield asked | {name: BODY}
        yield asked | {name: {BODY: BODY}}
    yield asked | {"fhirServer": None}
    yield asked | {"fhirServer": f"https://{SERVER}@{SERVER}.example/{SERVER}"}
    yield asked | {"fhirServer": f"http://169.254.169.254/{SERVER}", "prefetch": {}}
    yield asked | {"fhirAuthorization": {"access_token": f"{TOKEN}\r\nX: {TOKEN}"}, "prefetch": {}}
    for name in ("patientId", "userId", "draftOrders"):
        for wrong in (None, [BODY], {BODY: BODY}, {"resourceType": BODY, "entry": BODY}, 7):
            yield asked | {"context": asked["context"] | {name: wrong}}
    yield asked | {"context": asked["context"] | {"patientId": f"{BODY}/../\0 {FOREIGN}"}}
    many = {"resourceType": "Bundle", "entry": [BODY] * 10_001}
    yield asked | {"prefetch": {BODY: many}}
    yield asked | {"prefetch": {"conditions": many}}
    for wrong in ({"resourceType": "Patient", "id": BODY, "birthDate": [BODY]}, OUTCOME, BODY, [BODY], {BODY: BODY}):
        yield asked | {"prefetch": asked["prefetch"] | {"patient": wrong}}
    yield from _broken_orders(asked)


def _wrong_responses() -> Iterator[Any]:
    """Responses to forms, each wrong in another way, with marks wherever words can stand."""
    item = {"linkId": TEXT, "text": NARRATIVE, "answer": [{"valueString": NOTE}, {"valueCoding": {"code": CODE}}]}
    plain = {"resourceType": "QuestionnaireResponse", "item": [item]}
    yield plain
    yield {**plain, "subject": {"reference": f"Patient/{IDENTITY}", "display": NAME}}
    yield {**plain, "questionnaire": f"https://x.example.org/{QUERY}", MEMBER: MEMBER}
    yield {**plain, "modifierExtension": [{"url": MEMBER, "valueString": TEXT}]}
    yield {"resourceType": MEMBER}
    yield [TEXT]


def _broken_orders(asked: JSON) -> Iterator[JSON]:
    """Orders whose members hold marks of every JSON type, where readers look."""
    order = next(r for r in resources_of(asked["context"]["draftOrders"]) if r["resourceType"] == "MedicationRequest")
    deep: Any = BODY
    for _ in range(300):
        deep = {"extension": [deep], BODY: deep if deep == BODY else BODY}
    numbers = [
        {"doseAndRate": [{"doseQuantity": {"value": BODY, "unit": BODY}}], "timing": {"repeat": {"period": BODY}}}
    ]
    changes: tuple[JSON, ...] = (
        {"medicationCodeableConcept": BODY, "medicationReference": {"reference": f"Medication/{BODY}"}},
        {"medicationCodeableConcept": None, "medicationReference": {"reference": BODY, "display": BODY}},
        {"dosageInstruction": numbers, "authoredOn": BODY},
        {"dosageInstruction": BODY, "requester": BODY, "reasonCode": BODY, "reasonReference": [BODY]},
        {"subject": {"reference": f"Patient/{BODY}", "display": BODY}, "encounter": BODY},
        {"extension": [deep], "contained": [deep, BODY, [BODY]]},
        {"id": BODY * 40, "status": BODY, "intent": [BODY]},
    )
    for changed in changes:
        entries = [{"fullUrl": BODY, "resource": {**order, **changed}}, BODY, {"resource": BODY}, {BODY: BODY}]
        drafts = {"resourceType": "Bundle", "entry": entries}
        yield asked | {"context": asked["context"] | {"draftOrders": drafts}}


def _wrong_feedback() -> Iterator[Any]:
    yield f'{{"feedback": {BODY}'.encode()
    yield {BODY: BODY}
    yield {"feedback": BODY}
    yield {"feedback": [BODY, {BODY: BODY}]}
    for name in ("card", "outcome", "outcomeTimestamp"):
        for wrong in (None, [COMMENT], {COMMENT: COMMENT}, "", f"{COMMENT} " * 40):
            yield feedback(IDENTITY, **{name: wrong})
    yield feedback(IDENTITY)
    yield feedback(IDENTITY, outcome="accepted")
    yield feedback(IDENTITY, outcome="accepted", acceptedSuggestions=COMMENT)
    yield feedback(IDENTITY, outcome="accepted", acceptedSuggestions=[{"id": [COMMENT]}])
    yield feedback(IDENTITY, overrideReason=COMMENT, overrideReasons=[COMMENT, [COMMENT]])
    yield feedback(IDENTITY, overrideReason={"reason": COMMENT, "userComment": [COMMENT]})


def _wrong_paths() -> Iterator[tuple[str, str]]:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", HEADER.upper()):
        for path in ("", f"/{QUERY}", SIGN, FEEDBACK, f"/cds-services/{QUERY}", f"/cds-services/{QUERY}/feedback"):
            yield method, f"{path or '/'}?{QUERY}={QUERY}"
    yield "POST", f"{SIGN}?patient={QUERY}&token=%5A{QUERY}"
    yield "GET", f"/doctor?{QUERY}"
    yield "GET", f"/healthz/{QUERY}"
    yield "GET", f"/%FF{QUERY}/%00/../{QUERY}"
    yield "GET", f"//{QUERY}.example/{QUERY}"


def _no_http() -> Iterator[bytes]:
    yield f"{BODY}\r\n\r\n".encode()
    yield f"{BODY} {BODY} {BODY}\r\n{BODY}\r\n\r\n".encode()
    yield f"GET /{QUERY} HTTP/9.{QUERY}\r\n\r\n".encode()
    yield f"GET /{QUERY * 1000} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    yield f"GET / HTTP/1.1\r\nHost: a\r\n{HEADER}: {HEADER * 1000}\r\n\r\n".encode()
    yield f"GET / HTTP/1.1\r\nHost: a\r\n{HEADER}\r\n {HEADER}\r\n\r\n".encode()
    yield f"POST {SIGN} HTTP/1.1\r\nHost: a\r\nContent-Length: {HEADER}\r\n\r\n{BODY}".encode()
    yield f"POST {SIGN} HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nX: {HEADER}\r\n\r\n{{{BODY}".encode()
    chunked = f"POST {SIGN} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
    yield f"{chunked}chunked\r\n\r\n{BODY}\r\n{BODY}\r\n".encode()
    yield f"{chunked}{HEADER}\r\n\r\n5\r\n{BODY}\r\n0\r\n\r\n".encode()


def _locked(run: Run) -> None:
    """While another holds the database for itself: calls are answered, feedback is a 503."""
    path = run.served.database.removeprefix("sqlite:///")
    asked = salted(ALL[11].request, run.ehrs.failing[0], words=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(4) as threads:
        other.execute("BEGIN IMMEDIATE")
        waiting = [threads.submit(run.ask, "POST", *sent) for sent in ((SIGN, asked), (FEEDBACK, feedback("x")))]
        run.doctor()  # which needs no database
        answers = [each.result().status for each in waiting]
        other.execute("ROLLBACK")
    assert answers == [200, 503]


def _broken(run: Run) -> None:
    """After its tables have gone: the database's own errors quote statements and values."""
    drops = [f'DROP TABLE "{name}"' for name in ("feedback", "card", "determination", "form", "call")]
    if run.served.database.startswith("sqlite"):
        with closing(sqlite3.connect(run.served.database.removeprefix("sqlite:///"))) as connection:
            connection.executescript(";".join(drops))
    else:
        with psycopg.connect(run.served.database) as postgresql:
            postgresql.execute(";".join(drops))
    asked = salted(ALL[11].request, run.ehrs.failing[0], words=True)
    assert [run.ask("POST", SIGN, asked).status, run.ask("POST", FEEDBACK, feedback(IDENTITY)).status] == [200, 503]


@pytest.fixture(scope="module")
def ehrs() -> Iterator[Ehrs]:
    with ExitStack() as stack:
        yield Ehrs(stack)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, ehrs: Ehrs) -> Written:
    """Every fixture and every failure, on SQLite, in one process, with traces."""
    found = Written()
    with Receiver() as receiver:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "500"} | BRIEF
        with Served(tmp_path_factory.mktemp("salted"), **variables) as served:
            run = Run(served, ehrs, found)
            run.fixtures(words=False)
            run.fixtures(words=True)
            run.unfetched()
            run.refusals()
            run.no_http()
            _locked(run)
            run.look()
            _broken(run)
            run.look()
            run.hang_and_end()
            run.end()
        found.add("traces", *receiver.received)
    return found


BRIEF = {"COUNTERSIGN_FETCH_SECONDS": "1.5", "COUNTERSIGN_LOG_LEVEL": "debug"}
CLIENTS = """
[[client]]
issuer = "https://ehr.example.org"
jwks_file = "keys.json"
tenants = ["clinic-7"]
fhir_servers = ["{own}"]

[[client]]
issuer = "https://lost.example.org"
jwks_url = "{keys}"
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, ehrs: Ehrs) -> Iterator[Written]:
    """A smaller run on PostgreSQL, by clients that prove themselves, or fail to."""
    folder, found, client = tmp_path_factory.mktemp("clients"), Written(), Ehr()
    (folder / "keys.json").write_bytes(key_set(public_jwk(client.private, client.kid)))
    (folder / "clients.toml").write_text(CLIENTS.format(own=ehrs.failing[0], keys=ehrs.failing[2]))
    try:
        with postgres.database() as url:
            variables = {"COUNTERSIGN_DATABASE_URL": url, "COUNTERSIGN_CLIENTS": str(folder / "clients.toml")} | BRIEF
            with Served(tmp_path_factory.mktemp("guarded"), **variables) as served:
                run = Trusted(served, ehrs, found, client)
                run.fixtures(words=True, every=5)
                run.refusals()
                run.tokens()
                run.look()
                _broken(run)
                run.look()
                run.served.stop()
                run.end()
            yield found
    except postgres.Unavailable as error:
        pytest.skip(str(error))


class Trusted(Run):
    """The same, by a client whose token is good, and has marks in it."""

    def __init__(self, served: Served, ehrs: Ehrs, written: Written, client: Ehr) -> None:
        super().__init__(served, ehrs, written)
        self._client, self._calls = client, itertools.count()

    def ask(self, method: str, path: str, body: Any = None, headers: JSON | None = None) -> Answer:
        return super().ask(method, path, body, {"Authorization": self.token(path), **(headers or {})})

    def token(self, path: str, header: JSON | None = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {"aud": self.served.url + path, "iat": now, "exp": now + 300, "jti": f"{JWT}-{next(self._calls)}"}
        more = {"sub": JWT, "tenant": "clinic-7", MEMBER: JWT, "name": NAME}
        return self._client.token(header, **(claims | more | changed))

    def tokens(self) -> None:
        asked = salted(ALL[11].request, self.ehrs.failing[1], words=False) | {"prefetch": {}}
        for authorization in self._bad():
            for path in (SIGN, FEEDBACK):
                self.ask("POST", path, asked, {"Authorization": authorization})
        self.ask("POST", f"{SIGN}?access_token={TOKEN}", asked, {"Authorization": ""})

    def _bad(self) -> Iterator[str]:
        yield from (JWT, f"Bearer {JWT}", f"Basic {JWT}", f"Bearer {JWT}.{JWT}.{JWT}", f"Bearer {JWT * 2000}")
        for changed in (
            {"iss": JWT},
            {"aud": JWT},
            {"jti": [JWT]},
            {"exp": JWT},
            {"tenant": JWT},
            {"iat": 1, "exp": 2},
        ):
            yield self.token(SIGN, **changed)
        for header in ({"kid": JWT}, {"alg": JWT}, {"crit": [JWT]}, {"typ": JWT}, {"jku": f"https://{JWT}.example"}):
            yield self.token(SIGN, header)
        yield self.token(SIGN, iss="https://lost.example.org")
        yield self.token(SIGN)[:-4] + JWT
        yield from [self.token(SIGN, jti=JWT)] * 2


SINKS = ("log", "metrics", "headers", "errors", "database", "files", "traces")


@pytest.mark.parametrize("where", SINKS)
def test_nothing_of_a_patient_and_no_token_is_in(where: str, written: Written) -> None:
    assert b"".join(written.sinks[where])
    assert written.leaks(where) == []


@pytest.mark.parametrize("where", [where for where in SINKS if where != "traces"])
def test_nor_where_clients_prove_themselves_and_postgresql_keeps_the_records(where: str, guarded: Written) -> None:
    assert b"".join(guarded.sinks[where])
    assert guarded.leaks(where) == []


def test_tokens_of_every_fault_were_refused(guarded: Written) -> None:
    assert {200, 400, 401, 403, 404, 503} <= set(guarded.statuses)
    counted = b"".join(guarded.sinks["metrics"]).decode()
    refused = set(re.findall(r'countersign_tokens_refused_total\{refusal="([\w-]+)"', counted))
    faults = {"malformed", "not-bearer", "issuer", "aud", "jti", "exp", "tenant", "expired", "no-token"}
    faults |= {"key", "alg", "crit", "typ", "keys-unavailable", "signature", "replayed"}
    assert faults <= refused
    assert b"".join(guarded.sinks["database"]).count(b"https://ehr.example.org") > 10


def test_every_kind_of_failure_was_met(written: Written) -> None:
    assert {200, 400, 404, 405, 412, 413, 415, 503} <= set(written.statuses)
    log = b"".join(written.sinks["log"]).decode()
    unread = {code for line in re.findall(r'"unread": \{([^}]*)\}', log) for code in re.findall(r'"([\w-]+)":', line)}
    assert {"server", "unauthorized", "redirect", "not-json", "encoding", "broken", "late"} <= unread
    assert log.count('"event": "call"') > 2 * len(ALL)
    assert '"event": "refused"' in log
    assert '"event": "failed"' in log


def test_what_was_searched_holds_the_calls(written: Written) -> None:
    rows = b"\n".join(written.sinks["database"])
    assert rows.count(b"prior-auth-order-sign") > len(ALL)
    assert rows.count(b"overridden") > len(ALL) // 2
    assert b"countersign_calls_total" in b"".join(written.sinks["metrics"])
    assert len(written.born) > 5
    assert written.shown > len(ALL)
    assert written.forms > len(written.tokens) > 20
    assert b"countersign.correlation" in b"".join(written.sinks["traces"])


def test_the_doctor_names_nobody(written: Written) -> None:
    said = b"\n".join(written.doctors).decode()
    assert len(said) > 1000
    assert [each for each in NOT_DOCTORS if each in said] == []
    assert [born for born in written.born if born in said] == []


PLANTED = {
    "plain": MARK.encode(),
    "in other letters": MARK.upper().encode(),
    "for a URL": urllib.parse.quote(FOREIGN).encode(),
    "for JSON": json.dumps(FOREIGN).encode(),
    "as Python shows bytes": repr(FOREIGN.encode()).encode(),
    "in hex": MARK.encode().hex().encode(),
    "in base64": base64.b64encode(NAME.encode()),
    "in base64, one further": base64.b64encode(b"-" + NAME.encode()),
    "in base64, two further": base64.b64encode(b"--" + NAME.encode()),
    "as a token's part": base64.urlsafe_b64encode(json.dumps({"sub": FOREIGN}, ensure_ascii=False).encode()),
    "as a digest": hashlib.sha256(b"pat-1").hexdigest().encode(),
    "as a birth date": b"1970-12-29",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_mark_that_was_there_would_be_found(planted: bytes) -> None:
    kept = Written(born={"1970-12-29"}, hashed={"pat-1"})
    kept.add("log", b'{"event": "call", "status": 200, "correlation": "f648926f-bd59-40cf-b476-cb97fc9a18bb"}')
    assert kept.leaks("log") == []
    kept.add("log", b'{"event": "call", "said": "' + planted + b'"}')
    assert kept.leaks("log") != []


def test_a_mark_in_a_row_or_a_file_would_be_found(tmp_path: Path) -> None:
    kept, path = Written(), tmp_path / "records.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"CREATE TABLE kept (said TEXT); INSERT INTO kept VALUES ('{NAME}')")
    kept.add("database", *rows_of(f"sqlite:///{path}"))
    kept.add("files", path.read_bytes())
    assert kept.leaks("database")
    assert kept.leaks("files")
