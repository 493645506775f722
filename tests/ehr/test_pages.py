"""Lists over several pages: read to their end on the server's own origin, and told as not whole where that fails."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

import pytest

from service.case import CouldNotAsk, Had, NothingThere
from service.ehr.address import Access, place
from service.ehr.lines import Lines
from service.ehr.pages import ENTRIES, PAGES, next_of, resolved
from service.ehr.trouble import Trouble, code_of, rest
from service.ehr.visit import BODY, Visit
from service.fhir.answers import Answered
from tests.ehr.conftest import Ask
from tests.ehr.servers import OUTCOME, Behaviour, Server, answer, bundle, condition, raw, reset, serving

SEARCH = "Condition?patient=p1"
FIRST = f"/fhir/{SEARCH}"
PARTIAL = "further pages could not be read"


def ids(found: Answered) -> list[Any]:
    return [entry.resource.get("id") for entry in found.entries]


def paged(server: Server, count: int, **members: Any) -> None:
    """A list of `count` pages, one condition on each."""
    for n in range(1, count + 1):
        after = f"{server.url}?_getpages={n + 1}" if n < count else None
        target = FIRST if n == 1 else f"/fhir?_getpages={n}"
        server.routes[target] = answer(bundle(condition(f"c{n}"), after=after, **(members if n == 1 else {})))


@pytest.mark.parametrize("count", [1, 2, PAGES - 1, PAGES])
def test_all_pages_are_read(ask: Ask, count: int) -> None:
    with serving({}) as server:
        paged(server, count, total=count)
        found = ask(server, SEARCH)[SEARCH]
        assert found.answer == Had()
        assert ids(found) == [f"c{n}" for n in range(1, count + 1)]
        assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer lent-for-seconds"}


def test_a_list_of_too_many_pages_is_not_whole(ask: Ask) -> None:
    with serving({}) as server:
        paged(server, PAGES + 1)
        found = ask(server, SEARCH)[SEARCH]
        assert found.answer == Had(complete=False, why=rest(Trouble.PAGES))
        assert (len(found.entries), len(server.seen)) == (PAGES, PAGES)


@pytest.mark.parametrize(("count", "whole"), [(ENTRIES - 1, True), (ENTRIES, True), (ENTRIES + 1, False)])
def test_a_list_has_so_many_entries_and_no_more(ask: Ask, count: int, whole: bool) -> None:
    listed = [condition(str(n)) for n in range(count)]
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(*listed[:100], after="?page=2", total=count))
        server.routes["/fhir/Condition?page=2"] = answer(bundle(*listed[100:]))
        found = ask(server, SEARCH)[SEARCH]
    assert found.answer == (Had() if whole else Had(complete=False, why=rest(Trouble.ENTRIES)))
    assert len(found.entries) == min(count, ENTRIES)


@pytest.mark.parametrize(("total", "whole"), [(1, True), (2, True), (3, False)])
def test_a_list_shorter_than_its_own_count_is_not_whole(ask: Ask, total: int, whole: bool) -> None:
    with serving({}) as server:
        paged(server, 2, total=total)
        found = ask(server, SEARCH)[SEARCH]
    assert found.answer == (Had() if whole else Had(complete=False, why=PARTIAL))


def test_the_pages_of_a_list_have_a_limit_together(ask: Ask) -> None:
    large = BODY - 1024
    with serving({}) as server:
        for n in range(1, 6):
            page = json.dumps(bundle(condition(f"c{n}"), after=f"?page={n + 1}" if n < 5 else None)).encode()
            server.routes[FIRST if n == 1 else f"/fhir/Condition?page={n}"] = answer(page + b" " * (large - len(page)))
        found = ask(server, SEARCH, within=30.0)[SEARCH]
    assert found.answer == Had(complete=False, why=rest(Trouble.TOO_LONG))
    assert ids(found) == ["c1", "c2", "c3", "c4"]


def test_a_resource_on_two_pages_is_one(ask: Ask) -> None:
    newer = condition("a") | {"meta": {"versionId": "2"}}
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), condition("b"), after="?page=2", total=3))
        server.routes["/fhir/Condition?page=2"] = answer(bundle(newer))
        found = ask(server, SEARCH)[SEARCH]
    assert found.answer == Had(complete=False, why=PARTIAL)
    assert [entry.resource for entry in found.entries] == [newer, condition("b")]


def test_what_is_included_does_not_count_towards_the_total(ask: Ask) -> None:
    included = {"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}}
    with serving({}) as server:
        second = bundle()
        second["entry"] = [included]
        server.routes[FIRST] = answer(bundle(condition("a"), after="?page=2", total=2))
        server.routes["/fhir/Condition?page=2"] = answer(second)
        found = ask(server, SEARCH)[SEARCH]
    assert (found.answer, ids(found)) == (Had(complete=False, why=PARTIAL), ["a", "m"])


@pytest.mark.parametrize(
    ("behaviour", "trouble"),
    [
        (answer(OUTCOME, status=500), Trouble.SERVER),
        (answer(OUTCOME, status=401), Trouble.UNAUTHORIZED),
        (answer(OUTCOME, status=404), Trouble.MISSING),
        (answer(b"", "Location: /fhir/Condition?page=3", status=302), Trouble.REDIRECT),
        (answer(b"<html>"), Trouble.NOT_JSON),
        (answer(OUTCOME), Trouble.OTHER),
        (answer(condition("x")), Trouble.OTHER),
        (raw(b""), Trouble.BROKEN),
        (reset, Trouble.BROKEN),
    ],
)
def test_a_page_that_cannot_be_read_leaves_those_before(ask: Ask, behaviour: Behaviour, trouble: Trouble) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), after="?page=2"))
        server.routes["/fhir/Condition?page=2"] = answer(bundle(condition("b"), after="?page=3"))
        server.routes["/fhir/Condition?page=3"] = behaviour
        found = ask(server, SEARCH)[SEARCH]
    assert (found.answer, ids(found)) == (Had(complete=False, why=rest(trouble)), ["a", "b"])
    assert code_of(rest(trouble)) == trouble.code


def test_a_first_page_without_entries_whose_next_fails_was_no_answer(ask: Ask) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(after="?page=2"))
        found = ask(server, SEARCH)[SEARCH]
    assert (found.answer, found.entries) == (CouldNotAsk(rest(Trouble.MISSING)), ())


def test_a_page_with_an_error_among_its_entries_could_not_be_asked(ask: Ask) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), after="?page=2"))
        server.routes["/fhir/Condition?page=2"] = answer(bundle(OUTCOME))
        found = ask(server, SEARCH)[SEARCH]
    assert (found.answer, ids(found)) == (CouldNotAsk("the EHR answered with an error"), ["a"])


@pytest.mark.parametrize("after", ["?page=2", "Condition?page=2", "/fhir/Condition?page=2", "#x", SEARCH])
def test_a_next_link_that_leads_back_ends_the_list(ask: Ask, after: str) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), after=after))
        server.routes["/fhir/Condition?page=2"] = answer(bundle(condition("b"), after="?page=2"))
        found = ask(server, SEARCH)[SEARCH]
        assert found.answer == Had(complete=False, why=rest(Trouble.LOOP))
        assert len(server.seen) == (1 if after in ("#x", SEARCH) else 2)


def test_pages_elsewhere_on_the_origin_are_read(ask: Ask) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), after=f"{server.origin}/pages/2?x=%7C|y z\u00e9"))
        server.routes["/pages/2"] = answer(bundle(condition("b")))
        found = ask(server, SEARCH)[SEARCH]
        assert (found.answer, ids(found)) == (Had(), ["a", "b"])
        assert server.targets()[1].startswith("/pages/2?x=%7C")


@pytest.mark.parametrize(
    "after",
    ["http://127.0.0.1:{other}/fhir/Condition?page=2", "//127.0.0.1:{other}/fhir", "http://localhost:{port}/fhir",
     "https://127.0.0.1:{port}/fhir", "http://127.0.0.1:{port}@127.0.0.1:{other}/fhir", "http://[::1]:{port}/fhir",
     "http://127.0.0.1:{other}\\@127.0.0.1:{port}/fhir", "\\\\127.0.0.1:{other}/fhir", "http://[/fhir",
     "ftp://127.0.0.1:{other}/fhir", "http://2130706433:{other}/", "http:\t//127.0.0.1:{other}/fhir"],
)  # fmt: skip
def test_a_page_on_another_origin_is_not_fetched_and_no_token_is_sent(ask: Ask, after: str) -> None:
    with serving({}) as other, serving({}) as server:
        link = after.format(other=other.port, port=server.port)
        server.routes[FIRST] = answer(bundle(condition("a"), after=link))
        found = ask(server, SEARCH)[SEARCH]
        assert (found.answer, ids(found)) == (Had(complete=False, why=rest(Trouble.ELSEWHERE)), ["a"])
        assert (other.connections, len(server.seen)) == (0, 1)


def test_a_next_link_without_a_url_leads_nowhere(ask: Ask) -> None:
    with serving({}) as server:
        server.routes[FIRST] = answer(bundle(condition("a"), link={"relation": " NEXT "}))
        assert ask(server, SEARCH)[SEARCH].answer == Had(complete=False, why=rest(Trouble.OTHER))


def test_the_other_scheme_of_the_same_host_is_another_origin() -> None:
    server = place("https://ehr.example.org/fhir")
    assert server is not None
    page = f"{server.url}/Condition"
    assert resolved("http://ehr.example.org/fhir?p=2", page, server) is None
    assert resolved("https://ehr.example.org:443/fhir?p=2", page, server) == place("https://ehr.example.org/fhir?p=2")
    assert resolved("http://ehr.example.org:443/fhir?p=2", page, server) is None


@pytest.mark.parametrize("link", [None, "x", [None], [{"relation": "self", "url": "x"}], [{"relation": 7}]])
def test_a_bundle_without_a_next_link_is_the_last(link: Any) -> None:
    assert next_of({"resourceType": "Bundle", "link": link}) is None


def _follow(lines: Lines, server: Server, bundles: dict[str, Any]) -> dict[str, Answered]:
    visit = lines.visit(Access(server.url, "lent", own=True), deadline=monotonic() + 10)
    assert isinstance(visit, Visit)
    with visit:
        return visit.follow(bundles)


def test_what_came_in_prefetch_is_read_on(lines: Lines) -> None:
    with serving({}) as server:
        server.routes["/fhir/Condition?page=2"] = answer(bundle(condition("b")))
        first = bundle(condition("a"), total=2)
        links = {"absolute": f"{server.url}/Condition?page=2", "relative": "Condition?page=2", "none": None,
                 "elsewhere": "https://evil.example.org/"}  # fmt: skip
        sent = {name: bundle(condition("a"), after=link, total=2) for name, link in links.items()}
        found = _follow(lines, server, sent | {"whole": first | {"total": 1}, "empty": bundle()})
        assert {name: ids(each) for name, each in found.items()} == {
            "absolute": ["a", "b"], "relative": ["a", "b"], "none": ["a"], "elsewhere": ["a"], "whole": ["a"],
            "empty": [],
        }  # fmt: skip
        assert {name: each.answer for name, each in found.items()} == {
            "absolute": Had(),
            "relative": Had(),
            "none": Had(complete=False, why=PARTIAL),
            "elsewhere": Had(complete=False, why=rest(Trouble.ELSEWHERE)),
            "whole": Had(),
            "empty": NothingThere(),
        }
        assert server.targets() == ["/fhir/Condition?page=2"] * 2


@pytest.mark.parametrize("value", [None, [], "x", 7, {}, {"link": [{"relation": "next", "url": "?x"}]}])
def test_whatever_came_in_prefetch_is_read_as_far_as_it_goes(lines: Lines, value: Any) -> None:
    with serving({}) as server:
        assert set(_follow(lines, server, {"odd": value})) == {"odd"}
