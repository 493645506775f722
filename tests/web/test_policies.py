"""The policies' pages: an anchor for every clause, nothing that could take effect, and what a browser is told."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.policy import library
from service.policy.library import Revision
from service.policy.outline import Item
from service.web import create_app
from service.web.state import keep, state

REVISIONS = list(library.load().revisions())
TEXT = (files("service.policy") / "documents" / "CP.PHAR.134" / "2025-11.toml").read_text(encoding="utf-8")
MARKUP = "</td><script>alert(1)</script><b id='x' onclick=\"y\">&amp;{{ 7 * 7 }}"


class Page(HTMLParser):
    """The ids of a page, what its links point at, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.attributes |= named.keys()
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
    wanted += ["approval", "referral"]
    assert [ref for ref in wanted if found.ids.count(ref) != 1] == []
    assert {f"#{ref}" for ref in wanted} <= set(found.targets)
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
        assert clause.question is None or clause.question in words


def test_every_criterion_of_a_card_leads_to_its_clause(client: FlaskClient, ask: Callable[..., Any]) -> None:
    from tests.test_fixtures import ANSWERED

    for fixture in ANSWERED:
        answer = ask(fixture.request, today=fixture.expected["today"], service=f"prior-auth-{fixture.request['hook']}")
        for card in answer.json["cards"]:
            told = card["extension"].get("determination")
            if told is None:
                continue
            (link,) = [one for one in card["links"] if "/policies/" in one["url"]]
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
    assert f'<link rel="canonical" href="/policies/CP.PHAR.134/{latest.policy.document.version}">' in text


def test_every_revision_is_listed_the_newest_first(client: FlaskClient) -> None:
    listed = Page(client.get("/policies").get_data(as_text=True)).targets
    newest_first = sorted(REVISIONS, key=lambda r: r.policy.document.in_force, reverse=True)
    assert [target for target in listed if target.count("/") == 3] == [address(r) for r in newest_first]


@pytest.mark.parametrize("revision", REVISIONS, ids=address)
def test_a_page_says_what_it_is_and_where_the_other_revisions_are(client: FlaskClient, revision: Revision) -> None:
    document, found = revision.policy.document, page(client, revision)
    assert {revision.policy.digest, document.in_force.isoformat(), ", ".join(document.lines)} <= set(found.words)
    assert [words for words in found.words if words.startswith("A paraphrase: ")]
    others = {address(r) for r in REVISIONS if r is not revision}
    assert others <= set(found.targets)


@pytest.mark.parametrize(
    "path",
    [
        "CP.PHAR.999",
        "cp.phar.134",
        "CP.PHAR.134/2020-01",
        "CP.PHAR.134/2025-11/x",
        "CP.PHAR.134/..",
        "CP.PHAR.134/2025-11.toml",
        "CP.PHAR.134/%3Cscript%3E",
        "CP.PHAR.134%2F2025-11%00",
        "..",
        "%2e%2e/x",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%5cpolicy.html",
        "policy.html",
        "<b>x",
        "{{7*7}}",
    ],
)
def test_what_is_not_on_file_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/policies/{path}")
    assert answer.status_code == 404
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.content_type == "application/json"
    assert path not in answer.get_data(as_text=True)


ADDRESSES = ("/policies", "/policies/style.css", "/policies/CP.PHAR.134", *(address(r) for r in REVISIONS))


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_may_run_nothing_and_load_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    rules = answer.headers["Content-Security-Policy"].split("; ")
    assert rules == ["default-src 'none'", "style-src 'self'", "base-uri 'none'", "form-action 'none'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    found = Page(answer.get_data(as_text=True))
    assert not {"script", "iframe", "object", "form", "img", "style", "base"} & found.tags
    assert [name for name in found.attributes if name.startswith("on") or name in ("style", "src")] == []
    assert [target for target in found.targets if not target.startswith(("/policies", "#"))] == []


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_is_sent_again_only_where_it_has_changed(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    other = client.get(path, headers={"If-None-Match": '"of-another"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_no_two_pages_have_one_tag(client: FlaskClient) -> None:
    tags = [client.get(path).headers["ETag"] for path in ("/policies", *(address(r) for r in REVISIONS))]
    assert [pair for pair in itertools.combinations(tags, 2) if pair[0] == pair[1]] == []


def test_the_style_is_served_as_such(client: FlaskClient) -> None:
    assert client.get("/policies/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_what_a_caller_names_as_the_host_stands_on_no_page(client: FlaskClient) -> None:
    for path in ADDRESSES:
        here, there = (client.get(path, headers={"Host": host}) for host in ("localhost", "elsewhere.example"))
        assert here.data == there.data


def serving(folder: Path, **settings: Any) -> FlaskClient:
    """A client of a service of its own."""
    return create_app(
        Config(today=date(2025, 11, 3), database_url=f"sqlite:///{folder}/a.sqlite3", **settings)
    ).test_client()


def test_links_lead_on_under_the_path_at_which_a_proxy_has_the_service(tmp_path: Path) -> None:
    client = serving(tmp_path, public_url="https://cds.example.org/prior-auth")
    text = client.get("/policies/CP.PHAR.134").get_data(as_text=True)
    away = {target for target in Page(text).targets if not target.startswith("#")}
    canonical = "https://cds.example.org/prior-auth/policies/CP.PHAR.134/2025-11"
    assert canonical in away
    assert [target for target in away - {canonical} if not target.startswith("/prior-auth/policies")] == []


def quoted(text: str) -> str:
    """A TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# Where the document says something: the key, and what it is the first one after.
SAYINGS = (
    ("title", ""),
    ("source", ""),
    ("says", "[[clause]]"),
    ("question", "[[clause]]"),
    ("title", "[[section]]"),
    ("says", "[[alert]]"),
    ("packages", "[[product]]"),
    ("says", "[[hcpcs]]"),
)


def marked(text: str) -> str:
    """The document with markup in place of what it says."""
    for key, after in SAYINGS:
        begins = text.index(f"\n{key} = ", text.index(after)) + 1
        text = f"{text[:begins]}{key} = {quoted(MARKUP)}{text[text.index(chr(10), begins) :]}"
    return text


def test_markup_in_a_document_is_shown_as_it_is_written(tmp_path: Path) -> None:
    client = serving(tmp_path)
    with client.application.app_context():
        held = state()
    known = library.collect([library.read(marked(TEXT), "marked.toml")])
    keep(client.application, replace(held, office=replace(held.office, library=known)))
    found, listed = (Page(client.get(f"/policies{path}").get_data(as_text=True)) for path in ("/CP.PHAR.134", ""))
    assert " ".join(found.words).count(MARKUP) == len(SAYINGS) + 1  # a section's title stands in the contents too
    assert " ".join(listed.words).count(MARKUP) == 1
    assert not {"script", "b"} & (found.tags | listed.tags)
    assert "onclick" not in found.attributes | listed.attributes


def test_no_token_is_needed_to_read_a_policy(client: FlaskClient) -> None:
    assert client.get("/policies", headers={"Authorization": "nonsense"}).status_code == 200
