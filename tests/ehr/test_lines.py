"""Lines kept apart: an EHR that hangs takes nothing from another, and key documents come over lines of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from service.case import Answer, CouldNotAsk, Had
from service.ehr.address import Access
from service.ehr.lines import AT_ONCE, KEYS, LINES, WAITING, Lines
from service.ehr.trouble import Trouble
from service.ehr.visit import Visit
from tests.ehr.conftest import at_work, wait_for
from tests.ehr.servers import Behaviour, Server, after, answer, drip, endless, hang, head, raw, reset, serving

PATIENT = answer({"resourceType": "Patient", "id": "p1"})
BUSY = CouldNotAsk(Trouble.BUSY.says)
LATE = CouldNotAsk(Trouble.LATE.says)


def read(lines: Lines, url: str, within: float, *, questions: int = 1) -> tuple[Answer, float]:
    """The worst answer, and the seconds that it took."""
    begun = monotonic()
    visit = lines.visit(Access(url, "lent", own=True), deadline=begun + within)
    if isinstance(visit, CouldNotAsk):
        return visit, monotonic() - begun
    with visit:
        found = visit.ask({str(n): "Patient/p1" for n in range(questions)})
    return max((each.answer for each in found.values()), key=lambda a: isinstance(a, CouldNotAsk)), monotonic() - begun


def test_an_ehr_that_hangs_starves_no_other(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": hang}) as bad, serving({"/fhir/Patient/p1": PATIENT}) as good:
        with ThreadPoolExecutor(72) as crowd:
            hung = [crowd.submit(read, lines, bad.url, 2.0, questions=4) for _ in range(64)]
            wait_for(lambda: len(bad.seen) == AT_ONCE)
            wait_for(lambda: sum(each.done() for each in hung) == 64 - WAITING)
            asked = [crowd.submit(read, lines, good.url, 10.0) for _ in range(WAITING)]
            served = [each.result() for each in asked]
            assert {answered for answered, _ in served} == {Had()}
            assert all(took < 1.5 for _, took in served)
            ends = [each.result() for each in hung]
        assert {answered for answered, _ in ends} == {LATE, BUSY}
        assert sum(answered == LATE for answered, _ in ends) == WAITING
        assert all(took < 1.0 for answered, took in ends if answered == BUSY)
        assert all(took < 4.0 for _, took in ends)
        wait_for(lambda: not at_work(), 3)


def test_a_server_takes_so_many_visits_and_no_more_until_one_is_left(lines: Lines) -> None:
    access = Access("https://ehr.example.org/fhir", None, own=True)
    visits = [lines.visit(access, deadline=monotonic()) for _ in range(WAITING + 1)]
    assert all(isinstance(visit, Visit) for visit in visits[:-1])
    assert visits[-1] == BUSY
    first = visits[0]
    assert isinstance(first, Visit)
    with first:
        assert lines.visit(access, deadline=monotonic()) == BUSY
    assert isinstance(lines.visit(access, deadline=monotonic()), Visit)


def test_no_more_calls_than_allowed_are_under_way_at_once(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": after(0.2, PATIENT)}) as server:
        assert read(lines, server.url, 10.0, questions=3 * AT_ONCE)[0] == Had()
        assert (len(server.seen), server.connections) == (3 * AT_ONCE, AT_ONCE)


def test_a_visit_that_fails_leaves_all_the_same(lines: Lines) -> None:
    access = Access("https://ehr.example.org/fhir", None, own=True)
    for _ in range(WAITING + 1):
        visit = lines.visit(access, deadline=monotonic())
        assert isinstance(visit, Visit)
        with pytest.raises(KeyError), visit:
            raise KeyError


def test_the_line_longest_unused_is_given_up_for_a_new_one(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": PATIENT}) as server:
        assert read(lines, server.url, 10.0)[0] == Had()
        for n in range(LINES - 1):
            _idle(lines, n)
        assert (read(lines, server.url, 10.0)[0], server.connections) == (Had(), 1)
        for n in range(LINES):
            _idle(lines, LINES + n)
        assert (read(lines, server.url, 10.0)[0], server.connections) == (Had(), 2)


def _idle(lines: Lines, n: int) -> None:
    visit = lines.visit(Access(f"https://ehr{n}.example.org/fhir", None, own=True), deadline=monotonic())
    assert isinstance(visit, Visit)
    with visit:
        pass


def test_a_new_server_waits_for_no_line_in_use(lines: Lines) -> None:
    for n in range(LINES):
        lines.visit(Access(f"https://ehr{n}.example.org/fhir", None, own=True), deadline=monotonic())
    assert lines.visit(Access("https://ehr.example.org/fhir", None, own=True), deadline=monotonic()) == BUSY


def test_a_line_of_a_client_is_not_lent_to_one_that_is_not_known(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": PATIENT}) as server:
        for own in (True, False):
            visit = lines.visit(Access(server.url, None, own=own), deadline=monotonic() + 10)
            assert isinstance(visit, Visit)
            with visit:
                assert visit.ask({"p": "Patient/p1"})["p"].answer == Had()
        assert server.connections == 2


def test_certificates_cannot_be_left_unchecked() -> None:
    with pytest.raises(ValueError, match="always checked"):
        Lines(verify=False)


def test_lines_that_were_closed_open_again(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": PATIENT}) as server:
        assert read(lines, server.url, 10.0)[0] == Had()
        lines.close()
        assert read(lines, server.url, 10.0)[0] == Had()


def keys(server: Server) -> str:
    return f"{server.origin}/jwks.json?v=1"


def test_a_key_document_is_had_without_a_token(lines: Lines) -> None:
    with serving({"/jwks.json": answer(b'{"keys": []}')}) as server:
        assert lines.get(keys(server)) == b'{"keys": []}'
        assert server.targets() == ["/jwks.json?v=1"]
        assert "authorization" not in server.seen[0].headers


@pytest.mark.parametrize(("size", "had"), [(KEYS - 1, True), (KEYS, True), (KEYS + 1, False)])
def test_a_key_document_has_a_limit(lines: Lines, size: int, had: bool) -> None:
    with serving({"/jwks.json": answer(b" " * size)}) as server:
        if had:
            assert len(lines.get(keys(server))) == size
        else:
            with pytest.raises(OSError, match=r"could not be had \(too-long\)"):
                lines.get(keys(server))


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (answer(b"{}", status=404), "missing"),
        (answer(b"{}", "Location: /fhir", status=302), "redirect"),
        (answer(b"{}", status=500), "server"),
        (raw(b""), "broken"),
        (reset, "broken"),
        (endless(head(200, None), b" " * 65536), "too-long"),
        (drip(head(200, 1000), b" "), "late"),
    ],
)
def test_a_key_document_that_cannot_be_had_is_an_error_in_fixed_words(
    lines: Lines, behaviour: Behaviour, code: str
) -> None:
    with serving({"/jwks.json": behaviour}) as server:
        begun = monotonic()
        with pytest.raises(OSError) as raised:
            lines.get(keys(server))
        assert str(raised.value) == f"the client's keys could not be had ({code})"
        assert monotonic() - begun < 6


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/x", "https://user@127.0.0.1/", "file:///etc/passwd"])
def test_a_key_document_has_a_url_of_http(lines: Lines, url: str) -> None:
    with pytest.raises(OSError, match=r"\(address\)"):
        lines.get(url)


def test_key_documents_come_beside_a_fhir_server_that_hangs(lines: Lines) -> None:
    with (
        serving({"/fhir/Patient/p1": hang, "/jwks.json": answer(b"{}")}) as server,
        ThreadPoolExecutor(WAITING) as crowd,
    ):
        hung = [crowd.submit(read, lines, server.url, 1.5) for _ in range(WAITING)]
        wait_for(lambda: len(server.seen) == AT_ONCE)
        assert lines.get(keys(server)) == b"{}"
        assert {each.result()[0] for each in hung} == {LATE}


def test_nothing_runs_before_it_is_used() -> None:
    Lines().close()
    sleep(0.01)
    assert at_work() == []


def test_a_call_that_is_cut_takes_no_other_along(lines: Lines) -> None:
    with serving({"/fhir/Patient/p1": after(0.01, PATIENT)}) as server, ThreadPoolExecutor(WAITING) as crowd:
        hasty = [crowd.submit(read, lines, server.url, 0.008 + n % 8 / 1000) for n in range(200)]
        patient = [crowd.submit(read, lines, server.url, 10.0) for _ in range(200)]
        assert {each.result()[0] for each in patient} == {Had()}
        assert {each.result()[0] for each in hasty} <= {Had(), LATE}
