"""What axe-core is asked tells apart a page that everybody can use, and one that some cannot."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import barriers

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><head><title>Form</title>{head}</head>
<body><main><h1>Form</h1>{body}</main></body></html>"""
STRICT = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"""


@pytest.fixture
def page(chromium: Browser, node_modules: Path) -> Iterator[Callable[[str, str], Page]]:
    assert node_modules.is_dir()
    with chromium.new_context() as context:
        one = context.new_page()

        def written(body: str, head: str = "") -> Page:
            one.set_content(PAGE.format(head=head, body=body))
            return one

        yield written


def test_a_field_with_a_label_keeps_nobody_out(page: Callable[..., Page]) -> None:
    assert barriers(page("<label>Name <input></label>")) == []


def test_a_field_without_a_label_is_told_with_its_place(page: Callable[..., Page]) -> None:
    (told,) = barriers(page("<input id='name'>"))
    assert told.startswith("critical label: #name: ")


def test_text_too_faint_to_read_is_told(page: Callable[..., Page]) -> None:
    (told,) = barriers(page("<p style='color: #aaa; background: #fff'>Weekly</p>"))
    assert told.startswith("serious color-contrast: p: ")


def test_a_strict_policy_does_not_hide_what_is_wrong(page: Callable[..., Page]) -> None:
    (told,) = barriers(page("<input id='name'>", STRICT))
    assert told.startswith("critical label: ")


def test_what_is_moderate_is_left_out(page: Callable[..., Page]) -> None:
    assert barriers(page("<h4>Far too deep</h4>")) == []
