"""The policies' pages: an anchor for every clause, nothing that could take effect, and what a browser is told."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.policy import library
from service.policy.library import Revision
from service.policy.outline import Item

REVISIONS = list(library.load().revisions())


class Page(HTMLParser):
    """The ids of a page, what its links point at, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.ids += [named["id"]] if named.get("id") else []
        self.targets += [named["href"]] if named.get("href") else []

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def address(revision: Revision) -> str:
    return f"/policies/{revision.policy.document.id}/{revision.policy.document.version}"


def page(client: FlaskClient, revision: Revision) -> Page:
    answer = client.get(address(revision))
    assert answer.status_code == 200
    return Page(answer.get_data(as_text=True))


def groups(node: Any) -> list[str]:
    return [node.ref, *(ref for part in node.parts for ref in groups(part))] if isinstance(node, Item) else []


@pytest.mark.parametrize("revision", REVISIONS, ids=address)
def test_every_section_group_clause_and_alert_has_its_anchor_once(client: FlaskClient, revision: Revision) -> None:
    policy, found = revision.policy, page(client, revision)
    wanted = [clause.ref for clause in policy.document.clause]
    wanted += [ref for outline in policy.outlines for item in outline.items for ref in groups(item)]
    wanted += [outline.section.ref for outline in policy.outlines]
    wanted += [f"alert-{code}" for code in {rule.code for rule in policy.document.alert}]
    assert [ref for ref in wanted if found.ids.count(ref) != 1] == []
    assert len(set(found.ids)) == len(found.ids)


@pytest.mark.parametrize("revision", REVISIONS, ids=address)
def test_no_link_of_a_page_leads_nowhere(client: FlaskClient, revision: Revision) -> None:
    found = page(client, revision)
    inside = {target[1:] for target in found.targets if target.startswith("#")}
    assert inside <= set(found.ids)
    for target in {t for t in found.targets if not t.startswith("#")}:
        assert client.get(target).status_code == 200


@pytest.mark.parametrize("revision", REVISIONS, ids=address)
def test_every_clause_is_told_in_our_words_and_as_it_is_read(client: FlaskClient, revision: Revision) -> None:
    words = page(client, revision).words
    for clause in revision.policy.document.clause:
        assert clause.says in words
        assert clause.reads() in words


def test_every_criterion_of_a_card_leads_to_its_clause(client: FlaskClient, ask: Callable[..., Any]) -> None:
    from tests.test_fixtures import ANSWERED

    for fixture in ANSWERED:
        answer = ask(fixture.request, today=fixture.expected["today"], service=f"prior-auth-{fixture.request['hook']}")
        for card in answer.json["cards"]:
            told = card["extension"].get("determination")
            if told is None:
                continue
            (link,) = card["links"]
            root = f"http://localhost/policies/{told['policy']['id']}/{told['policy']['version']}"
            assert link["url"].partition("#")[0] == root
            shown = [c for c in told["criteria"] if c["result"] != "not-applicable"]
            assert [c["id"] for c in shown if f"[{c['id']}]({root}#{c['id']})" not in card["detail"]] == []
            ids = Page(client.get(root).get_data(as_text=True)).ids
            assert {c["id"] for c in shown} <= set(ids)


def test_the_newest_revision_answers_for_the_policy(client: FlaskClient) -> None:
    latest = library.load().revision("CP.PHAR.134")
    text = client.get("/policies/CP.PHAR.134").get_data(as_text=True)
    assert latest.policy.digest in text
    assert {address(r) for r in REVISIONS} <= set(Page(client.get("/policies").get_data(as_text=True)).targets)


@pytest.mark.parametrize(
    "path", ["CP.PHAR.999", "CP.PHAR.134/2020-01", "..", "%2e%2e/x", "<b>x", "CP.PHAR.134/2025-11/x"]
)
def test_what_is_not_on_file_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/policies/{path}")
    assert answer.status_code == 404
    assert answer.json["resourceType"] == "OperationOutcome"


def test_a_page_can_run_nothing_and_is_asked_for_again_by_its_digest(client: FlaskClient) -> None:
    answer = client.get(address(REVISIONS[0]))
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"script", "iframe", "object", "form", "img"} & Page(answer.get_data(as_text=True)).tags
    again = client.get(address(REVISIONS[0]), headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/policies/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_no_token_is_needed_to_read_a_policy(client: FlaskClient) -> None:
    assert client.get("/policies", headers={"Authorization": "nonsense"}).status_code == 200
