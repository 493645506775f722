"""Many patients at once, over worker processes: each answer holds its own patient's evidence only, each token goes with
its own patient's questions only, and an EHR that hangs keeps nobody else waiting."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.charts import JSON, build
from tests.served import SIGN, Served, ask

PATIENTS = 200
HANGING = 40
WORD = re.compile(r"mark(\d{4})x")
BASE = json.dumps(build({"name": "x", "base": "jylamvo-ra"}))
OWN_ID = "pat-1"


def chart(n: int) -> JSON:
    """The request of patient `n`: every id and text that names the patient, a condition or the order holds a mark."""
    mark = f"mark{n:04}x"
    request: JSON = json.loads(BASE.replace(OWN_ID, mark))
    for entry in _entries(request):
        resource = entry["resource"]
        resource["id"] = f"{resource['id']}-{mark}" if resource["resourceType"] != "Patient" else mark
        if resource["resourceType"] == "Condition":
            resource["code"]["text"] = f"{resource['code'].get('text', '')} {mark}".strip()
    return request | {"hookInstance": mark}


def _entries(request: JSON) -> list[JSON]:
    bundles = [request["context"]["draftOrders"], *request["prefetch"].values()]
    return [entry for bundle in bundles if bundle for entry in bundle.get("entry", [])]


class _Ehr(BaseHTTPRequestHandler):
    """Answers a patient's questions from that patient's chart, a little late, and notes which token came with which."""

    protocol_version = "HTTP/1.1"
    charts: dict[str, JSON]
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        kind, _, identity = url.path.removeprefix("/fhir/").partition("/")
        asked = parse_qs(url.query)
        patient = identity or (asked.get("patient") or asked.get("subject") or [""])[0]
        self.seen.append((patient, self.headers.get("Authorization", "")))
        time.sleep(0.01)
        found = self._of(kind, patient, read=bool(identity))
        body = json.dumps(found or {"resourceType": "OperationOutcome", "issue": []}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _of(self, kind: str, patient: str, *, read: bool) -> Any:
        request = self.charts.get(patient)
        if request is None:
            return None
        sent = [request["prefetch"]["patient"]] if kind == "Patient" else []
        listed = [e["resource"] for b in request["prefetch"].values() if b for e in b.get("entry", [])]
        own = [r for r in (*sent, *listed) if r["resourceType"] == kind]
        if read:
            return own[0] if own else None
        entries = [{"resource": r} for r in own]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(own), "entry": entries}

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def ehr(charts: dict[str, JSON]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    seen: list[tuple[str, str]] = []
    handler = type("Handler", (_Ehr,), {"charts": charts, "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/fhir", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hanging() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Served(
        folder, COUNTERSIGN_WORKERS="2", COUNTERSIGN_FETCH_SECONDS="30", COUNTERSIGN_CALL_SECONDS="40"
    ) as found:
        yield found


def fetched(request: JSON, server: str, token: str) -> JSON:
    """The request without prefetch, with the server and a token to ask it."""
    lent = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "x"}
    return {k: v for k, v in request.items() if k != "prefetch"} | {"fhirServer": server, "fhirAuthorization": lent}


def test_two_hundred_patients_at_once_are_never_mixed(served: Served) -> None:
    requests = {n: chart(n) for n in range(PATIENTS)}
    with ehr({f"mark{n:04}x": request for n, request in requests.items()}) as (server, seen):

        def answers(share: list[int]) -> list[tuple[int, Any]]:
            """One connection, kept for patient after patient; every other one without prefetch."""
            client = served.connect()
            try:
                return [(n, ask(client, "POST", SIGN, _asked(n))) for n in share]
            finally:
                client.close()

        def _asked(n: int) -> JSON:
            return fetched(requests[n], server, f"token-mark{n:04}x") if n % 2 else requests[n]

        with ThreadPoolExecutor(20) as pool:
            found = [
                one for part in pool.map(answers, (list(range(s, PATIENTS, 20)) for s in range(20))) for one in part
            ]
    assert len(found) == PATIENTS
    for n, answer in found:
        text = answer.body.decode()
        assert set(WORD.findall(text)) == {f"{n:04}"}
        (card,) = answer.cards
        assert card["extension"]["determination"]["status"] == "approvable", card["detail"]
    questions = [(patient, token) for patient, token in seen if WORD.fullmatch(patient)]
    assert len(questions) > PATIENTS
    assert [one for one in questions if one[1] != f"Bearer token-{one[0]}"] == []


def test_an_ehr_that_hangs_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    others = {n: chart(n) for n in range(20)}
    with (
        Served(
            tmp_path, COUNTERSIGN_WORKERS="2", COUNTERSIGN_FETCH_SECONDS="12", COUNTERSIGN_CALL_SECONDS="15"
        ) as served,  # far longer than eight answers take, however busy the machine is
        hanging() as dead,
        ehr({f"mark{n:04}x": request for n, request in others.items()}) as (alive, _),
        ThreadPoolExecutor(HANGING) as slow,
        ThreadPoolExecutor(4) as quick,
    ):
        stuck = [slow.submit(served.post, SIGN, fetched(chart(n), dead, "t")) for n in range(HANGING)]
        time.sleep(0.3)
        prompt = [quick.submit(served.post, SIGN, request) for request in others.values()]
        prompt += [quick.submit(served.post, SIGN, fetched(r, alive, f"token-mark{n:04}x")) for n, r in others.items()]
        first = [answer.result() for answer in prompt[:8]]
        assert not all(answer.done() for answer in stuck)
        for answer in (*first, *(one.result() for one in prompt[8:])):
            assert answer.cards[0]["extension"]["determination"]["status"] == "approvable"
        for late in (answer.result() for answer in stuck):
            assert late.status == 412
            assert late.json["issue"][0]["diagnostics"].endswith(
                ("did not answer in time", "has too many calls waiting")
            )
