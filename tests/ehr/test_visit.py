"""Every way that an EHR answers or fails to, over real sockets: an answer each, and never an exception."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from service.case import CouldNotAsk, Had, NothingThere
from service.ehr.address import Access
from service.ehr.lines import Lines
from service.ehr.trouble import Trouble, rest
from service.ehr.visit import BODY, Visit
from tests.ehr.conftest import TOKEN, Ask, at_work, wait_for
from tests.ehr.servers import (
    OUTCOME,
    WARNING,
    Behaviour,
    Server,
    after,
    answer,
    authority,
    bundle,
    condition,
    drip,
    endless,
    full_backlog,
    hang,
    head,
    packed,
    raw,
    reset,
    serving,
)

SEARCH = "Condition?patient=p1"
READ = "Patient/p1"
PATIENT = {"resourceType": "Patient", "id": "p1"}
ONE = json.dumps(bundle(condition("a"))).encode()


def could_not(trouble: Trouble) -> CouldNotAsk:
    return CouldNotAsk(trouble.says)


def at(behaviour: Behaviour) -> dict[str, Behaviour]:
    return {"/fhir/Condition": behaviour, "/fhir/Patient/p1": behaviour}


def test_a_question_is_the_resolved_query_with_the_token_and_no_more(ask: Ask) -> None:
    with serving(at(answer(bundle(condition("a"))))) as server:
        found = ask(server, SEARCH)[SEARCH]
        assert (found.answer, [e.resource["id"] for e in found.entries]) == (Had(), ["a"])
        assert server.targets() == ["/fhir/Condition?patient=p1"]
        headers = server.seen[0].headers
        assert headers["accept"] == "application/fhir+json"
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert set(headers) == {"host", "accept", "accept-encoding", "authorization", "user-agent"}


def test_without_a_token_no_authorization_is_sent(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(at(answer(PATIENT))) as server:
        with _visit(lines, server, None) as visit:
            assert visit.ask({"p": READ})["p"].answer == Had()
        assert "authorization" not in server.seen[0].headers


def test_no_proxy_is_used(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({}) as proxy, serving(at(answer(PATIENT))) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        monkeypatch.setenv("http_proxy", proxy.origin)
        monkeypatch.setenv("ALL_PROXY", proxy.origin)
        assert ask(server, READ)[READ].answer == Had()
        assert proxy.connections == 0


def _visit(lines: Lines, server: Server, token: str | None = TOKEN, within: float = 10.0) -> Visit:
    found = lines.visit(Access(server.url, token, own=True), deadline=monotonic() + within)
    assert isinstance(found, Visit)
    return found


NOTHING = {
    "an empty Bundle": answer(bundle()),
    "a Bundle of no entry": answer({"resourceType": "Bundle", "type": "searchset", "total": 0}),
    "a Bundle of a warning alone": answer(bundle(WARNING, total=0)),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_nothing_is_there(ask: Ask, kind: str) -> None:
    with serving(at(NOTHING[kind])) as server:
        found = ask(server, SEARCH)[SEARCH]
    assert (found.answer, found.entries) == (NothingThere(), ())


@pytest.mark.parametrize("status", [404, 410])
def test_a_resource_that_is_not_there_is_nothing_and_a_type_that_is_not_known_could_not_be_asked(
    ask: Ask, status: int
) -> None:
    with serving(at(answer(OUTCOME, status=status))) as server:
        found = ask(server, {"read": READ, "search": SEARCH})
    assert found["read"].answer == NothingThere()
    assert found["search"].answer == could_not(Trouble.MISSING)


STATUSES = {
    201: Trouble.STATUS,
    204: Trouble.STATUS,
    206: Trouble.STATUS,
    300: Trouble.REDIRECT,
    304: Trouble.REDIRECT,
    400: Trouble.REJECTED,
    401: Trouble.UNAUTHORIZED,
    403: Trouble.FORBIDDEN,
    429: Trouble.THROTTLED,
    500: Trouble.SERVER,
    502: Trouble.SERVER,
    503: Trouble.SERVER,
    700: Trouble.STATUS,
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_but_200_could_not_be_asked(ask: Ask, status: int) -> None:
    body = b"" if status in (204, 304) else ONE
    with serving(at(answer(body, status=status))) as server:
        found = ask(server, {"read": READ, "search": SEARCH})
    assert {each.answer for each in found.values()} == {could_not(STATUSES[status])}
    assert {each.entries for each in found.values()} == {()}


FAILURES: dict[str, tuple[Behaviour, Trouble]] = {
    "no JSON": (answer(b"{"), Trouble.NOT_JSON),
    "HTML": (answer(b"<html>Log in</html>", "Content-Type: text/html"), Trouble.NOT_JSON),
    "an empty body": (answer(b""), Trouble.NOT_JSON),
    "nesting beyond any chart": (answer(b"[" * 100_000), Trouble.NOT_JSON),
    "null": (answer(None), Trouble.OTHER),
    "a list": (answer([condition("a")]), Trouble.OTHER),
    "another resource": (answer({"resourceType": "Group", "id": "p1"}), Trouble.OTHER),
    "a short body": (raw(head(200, len(ONE) + 1) + ONE), Trouble.BROKEN),
    "a broken chunk": (raw(head(200, None, "Transfer-Encoding: chunked") + b"5\r\n{}"), Trouble.BROKEN),
    "chunks without an end": (raw(head(200, None, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n"), Trouble.BROKEN),
    "chunks that are none": (
        raw(head(200, None, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"),
        Trouble.BROKEN,
    ),
    "half of it without a length": (raw(head(200, None, "Connection: close") + ONE[:-9]), Trouble.NOT_JSON),
    "an endless body": (endless(head(200, None), b" " * 65536), Trouble.TOO_LONG),
    "an endless body of chunks": (
        endless(head(200, None, "Transfer-Encoding: chunked"), b"8000\r\n" + b" " * 0x8000 + b"\r\n"),
        Trouble.TOO_LONG,
    ),
    "a bomb": (packed(b" " * (BODY * 8)), Trouble.TOO_LONG),
    "a bomb in a bomb": (
        answer(gzip.compress(gzip.compress(b" " * BODY * 8)), "Content-Encoding: gzip, gzip"),
        Trouble.ENCODING,
    ),
    "another packing": (answer(ONE, "Content-Encoding: br"), Trouble.ENCODING),
    "no packing at all": (answer(ONE, "Content-Encoding: gzip"), Trouble.BROKEN),
    "no HTTP": (raw(b"\x15\x03\x01\x00\x02\x02\x28"), Trouble.BROKEN),
    "nothing": (raw(b""), Trouble.BROKEN),
    "half a head": (raw(b"HTTP/1.1 200 OK\r\nContent-"), Trouble.NOT_JSON),
    "too many headers": (raw(head(200, 2, *["X: x"] * 200) + b"{}"), Trouble.BROKEN),
    "an endless header": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), Trouble.BROKEN),
    "a reset": (reset, Trouble.BROKEN),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_an_answer_that_cannot_be_read_could_not_be_asked(ask: Ask, kind: str) -> None:
    behaviour, trouble = FAILURES[kind]
    with serving(at(behaviour)) as server:
        found = ask(server, {"read": READ, "search": SEARCH})
    assert {name: (each.answer, each.entries) for name, each in found.items()} == {
        "read": (could_not(trouble), ()),
        "search": (could_not(trouble), ()),
    }


LATE: dict[str, Behaviour] = {
    "a hang": hang,
    "a drip of the head": drip(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "a drip within a header": drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "a drip of the body": drip(head(200, 10_000), b" "),
    "a drip of a body that the end of the connection ends": drip(head(200, None, "Connection: close"), b" "),
    "a drip of chunks": drip(head(200, None, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "a drip of head lines that go on": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("kind", LATE)
def test_an_answer_that_is_late_is_given_up_at_the_deadline_and_leaves_no_thread(ask: Ask, kind: str) -> None:
    with serving(at(LATE[kind])) as server:
        found = ask(server, {"read": READ, "search": SEARCH}, within=0.5)
        assert {each.answer for each in found.values()} == {could_not(Trouble.LATE)}
        wait_for(lambda: not at_work(), 3)


def test_a_server_that_takes_no_connection_is_given_up_at_the_deadline(lines: Lines) -> None:
    with full_backlog() as port:
        visit = lines.visit(Access(f"http://127.0.0.1:{port}/fhir", None, own=True), deadline=monotonic() + 0.5)
        assert isinstance(visit, Visit)
        with visit:
            assert visit.ask({"read": READ})["read"].answer == could_not(Trouble.LATE)
        wait_for(lambda: not at_work(), 3)


def test_what_is_had_at_the_deadline_is_kept_beside_what_is_late(ask: Ask) -> None:
    with serving({"/fhir/Patient/p1": answer(PATIENT), "/fhir/Condition": hang}) as server:
        found = ask(server, {"read": READ, "search": SEARCH}, within=0.5)
    assert (found["read"].answer, found["search"].answer) == (Had(), could_not(Trouble.LATE))


def test_after_the_deadline_nothing_is_sent(ask: Ask) -> None:
    with serving(at(answer(PATIENT))) as server:
        assert ask(server, READ, within=0.0)[READ].answer == could_not(Trouble.LATE)
        assert server.targets() == []


def test_all_questions_are_asked_at_once(ask: Ask) -> None:
    kinds = [f"Kind{letter}" for letter in "ABCDEFGHIJKLMNOP"]
    slow = {f"/fhir/{kind}": after(0.3, answer(bundle())) for kind in kinds}
    with serving(slow) as server:
        found = ask(server, {kind: f"{kind}?x=y" for kind in kinds}, within=3.0)
    assert {each.answer for each in found.values()} == {NothingThere()}


def test_a_refused_connection_and_a_name_without_an_address_could_not_be_asked(lines: Lines) -> None:
    with serving({}) as server:
        gone = server.url
    for url, trouble in ((gone, Trouble.UNREACHABLE), ("https://ehr.invalid/fhir", Trouble.NAME)):
        visit = lines.visit(Access(url, TOKEN, own=True), deadline=monotonic() + 10)
        assert isinstance(visit, Visit)
        with visit:
            assert visit.ask({"read": READ})["read"].answer == could_not(trouble)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_body_not_read(ask: Ask, status: int) -> None:
    with serving({}) as other, serving({}) as server:
        for where in (f"{other.url}/Patient/p1", f"{server.url}/Patient/p2"):
            server.routes = at(endless(head(status, None, f"Location: {where}"), b" " * 1024))
            assert ask(server, READ, within=5.0)[READ].answer == could_not(Trouble.REDIRECT)
        assert other.connections == 0
        assert server.targets() == ["/fhir/Patient/p1"] * 2


@pytest.mark.parametrize(("size", "had"), [(BODY - 1, True), (BODY, True), (BODY + 1, False)])
@pytest.mark.parametrize("packing", [answer, packed])
def test_a_body_may_be_as_long_as_the_limit(ask: Ask, size: int, had: bool, packing: Any) -> None:
    with serving(at(packing(ONE + b" " * (size - len(ONE))))) as server:
        found = ask(server, SEARCH, within=20.0)[SEARCH]
    assert found.answer == (Had() if had else could_not(Trouble.TOO_LONG))


@pytest.mark.parametrize("other", [{"id": "p2"}, {"id": None}, {"id": "P1"}, {"resourceType": "Person"}])
def test_a_read_is_answered_by_that_resource_alone(ask: Ask, other: dict[str, Any]) -> None:
    with serving(at(answer(PATIENT | other))) as server:
        found = ask(server, READ)[READ]
    assert (found.answer, found.entries) == (could_not(Trouble.OTHER), ())


def test_an_outcome_is_an_error_for_a_read_and_a_search(ask: Ask) -> None:
    with serving(at(answer(OUTCOME))) as server:
        found = ask(server, {"read": READ, "search": SEARCH})
    assert {each.answer for each in found.values()} == {CouldNotAsk("the EHR answered with an error")}


def test_an_answer_that_opens_with_a_byte_order_mark_is_read(ask: Ask) -> None:
    with serving(at(answer(b"\xef\xbb\xbf" + ONE))) as server:
        assert ask(server, SEARCH)[SEARCH].answer == Had()


def test_decimals_stay_exact(ask: Ask) -> None:
    with serving(at(answer(b'{"resourceType":"Patient","id":"p1","x":1.10}'))) as server:
        assert str(ask(server, READ)[READ].entries[0].resource["x"]) == "1.10"


@pytest.mark.parametrize(
    "query",
    ["", "Patient", "../Patient/p1", "Patient/..", "Patient/p1/../p2", "//evil/Patient/p1", "https://evil/Patient/p1",
     "Patient/p1#x", "Patient/p 1", "Patient\\p1", "Patient/p1\r\nX: y", "Condition?a=\u00e9", "@evil/x?y"],
)  # fmt: skip
def test_a_query_that_could_lead_elsewhere_is_not_sent(ask: Ask, query: str) -> None:
    with serving(at(answer(PATIENT))) as server:
        found = ask(server, {"odd": query, "read": READ})
        assert (found["odd"].answer, found["read"].answer) == (could_not(Trouble.QUESTION), Had())
        assert server.targets() == ["/fhir/Patient/p1"]


def test_a_cookie_is_not_given_back(ask: Ask) -> None:
    with serving(at(answer(PATIENT, "Set-Cookie: session=one; Path=/"))) as server:
        assert [ask(server, READ)[READ].answer for _ in range(2)] == [Had(), Had()]
        assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]


def test_a_connection_serves_one_call_after_another(ask: Ask) -> None:
    with serving(at(answer(PATIENT))) as server:
        assert [ask(server, READ)[READ].answer for _ in range(3)] == [Had()] * 3
        assert server.connections == 1


def test_a_kept_connection_that_the_server_gave_up_is_no_answer(ask: Ask) -> None:
    with serving(at(answer(PATIENT))) as server:
        assert ask(server, READ)[READ].answer == Had()
        turns = iter([reset, answer(PATIENT)])
        server.routes = at(lambda talk: next(turns)(talk))
        assert ask(server, READ)[READ].answer == Had()
        assert (len(server.seen), server.connections) == (3, 2)


def test_a_certificate_is_checked_by_its_authority_and_its_name(tmp_path: Path) -> None:
    trusted = authority(tmp_path)
    with serving(at(answer(PATIENT)), trusted.server) as server:
        named = server.url.replace("127.0.0.1", "localhost")
        for verify, url, answered in (
            (str(trusted.bundle), named, Had()),
            (str(trusted.bundle), server.url, could_not(Trouble.TLS)),
            (True, named, could_not(Trouble.TLS)),
        ):
            lines = Lines(verify=verify)
            visit = lines.visit(Access(url, TOKEN, own=True), deadline=monotonic() + 10)
            assert isinstance(visit, Visit)
            with visit:
                assert visit.ask({"read": READ})["read"].answer == answered
            lines.close()
        assert len(server.seen) == 1
    wait_for(lambda: not at_work())


@pytest.mark.parametrize(
    "kind", ["a hang", "a drip of the body", "a drip of a body that the end of the connection ends"]
)
def test_a_secured_answer_that_is_late_leaves_no_thread_either(tmp_path: Path, kind: str) -> None:
    trusted = authority(tmp_path)
    lines = Lines(verify=str(trusted.bundle))
    with serving(at(LATE[kind]), trusted.server) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        visit = lines.visit(Access(url, TOKEN, own=True), deadline=monotonic() + 0.7)
        assert isinstance(visit, Visit)
        with visit:
            assert visit.ask({"read": READ})["read"].answer == could_not(Trouble.LATE)
        wait_for(lambda: not at_work(), 3)
    lines.close()


def test_a_handshake_that_hangs_is_given_up_at_the_deadline(lines: Lines) -> None:
    with serving({}) as server:  # speaks no TLS: it waits for a request that never comes
        url = server.url.replace("http:", "https:")
        visit = lines.visit(Access(url, TOKEN, own=True), deadline=monotonic() + 0.5)
        assert isinstance(visit, Visit)
        with visit:
            assert visit.ask({"read": READ})["read"].answer == could_not(Trouble.LATE)
        wait_for(lambda: not at_work(), 3)


def test_a_head_that_cannot_be_read_puts_no_url_on_record(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    odd = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header at all\r\n\r\n{}"
    with serving(at(raw(odd))) as server:
        ask(server, {"read": READ, "search": SEARCH})
        assert len(server.seen) == 2
    assert "p1" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_token_is_not_in_what_an_access_shows() -> None:
    assert TOKEN not in repr(Access("https://ehr.example.org", TOKEN, own=True))


def test_a_page_that_is_late_leaves_what_was_read(ask: Ask) -> None:
    with serving({}) as server:
        server.routes = {
            "/fhir/Condition?patient=p1": answer(bundle(condition("a"), after=f"{server.url}/Condition?page=2")),
            "/fhir/Condition?page=2": hang,
        }
        found = ask(server, SEARCH, within=0.7)[SEARCH]
    assert found.answer == Had(complete=False, why=rest(Trouble.LATE))
    assert [entry.resource["id"] for entry in found.entries] == ["a"]
