"""Links to the policy's page: an address for each clause, nothing that a reference or a policy's name could break."""

from urllib.parse import unquote, urlsplit

import pytest

from cards.links import Page
from service.determination import PolicyId
from tests.cards.outcomes import HOSTILE, POLICY, active

URL = "https://cds.example"
PAGE = Page.of(POLICY, URL)


def test_a_clause_has_its_own_address_on_the_page_of_the_revision() -> None:
    assert PAGE.url == "https://cds.example/policies/CP.PHAR.134/2025-11"
    assert PAGE.at("I.B.6") == "https://cds.example/policies/CP.PHAR.134/2025-11#I.B.6"


def test_a_number_is_cited_as_a_link() -> None:
    assert PAGE.cite("I.B.6") == "[I.B.6](https://cds.example/policies/CP.PHAR.134/2025-11#I.B.6)"


@pytest.mark.parametrize("url", [None, ""])
def test_numbers_stand_alone_where_the_service_does_not_know_its_address(url: str | None) -> None:
    page = Page.of(POLICY, url)
    assert (page.at("I.B.6"), page.cite("I.B.6"), page.link("I.B")) == (None, "I.B.6", ())


@pytest.mark.parametrize(
    ("ref", "label", "fragment"),
    [
        ("I.B", "Policy CP.PHAR.134, revision 2025-11, section I.B", "I.B"),
        ("alert-daily-dosing", "Policy CP.PHAR.134, revision 2025-11, alert daily dosing", "alert-daily-dosing"),
        (None, "Policy CP.PHAR.134, revision 2025-11", ""),
    ],
)
def test_a_card_has_one_absolute_link_that_says_where_it_leads(ref: str | None, label: str, fragment: str) -> None:
    (link,) = PAGE.link(ref)
    assert (link["label"], link["type"]) == (label, "absolute")
    assert urlsplit(link["url"])._replace(fragment="").geturl() == PAGE.url
    assert urlsplit(link["url"]).fragment == fragment


@pytest.mark.parametrize("name", ["../../x", "a b", "a?b", "a#b", "a/b", "%2e%2e", "é"])
def test_a_policys_name_is_one_segment_of_the_path_whatever_it_holds(name: str) -> None:
    page = Page.of(PolicyId(name, name), URL)
    assert page.url is not None
    parts = urlsplit(page.url)
    assert (parts.netloc, parts.query, parts.fragment) == ("cds.example", "", "")
    assert [unquote(part) for part in parts.path.split("/")] == ["", "policies", name, name]


@pytest.mark.parametrize("ref", HOSTILE)
def test_a_number_cannot_break_out_of_its_link(ref: str) -> None:
    address = PAGE.at(ref)
    assert address is not None
    assert unquote(urlsplit(address).fragment) == ref
    assert not set("()[]<> \"'`") & set(address)
    cited = PAGE.cite(ref)
    assert cited.endswith(f"]({address})")
    assert active(cited.removesuffix(f"]({address})").removeprefix("[")) == []
    assert active(Page(POLICY).cite(ref)) == []
