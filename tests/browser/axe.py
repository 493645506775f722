"""axe-core on a page: what keeps people out of it. Knows no page in particular."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.browsing import NODE_MODULES

SCRIPT = NODE_MODULES / "axe-core" / "axe.min.js"
IMPACTS = frozenset({"serious", "critical"})
_RUN = "async () => (await window.axe.run(document, {resultTypes: ['violations'], iframes: false})).violations"


def barriers(page: Page) -> list[str]:
    """The serious and critical violations on the page as it stands: one line for each element, `impact rule: target:
    what axe wants`. The script runs by the debugger, so that a strict Content-Security-Policy does not keep it out."""
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [
        f"{violation['impact']} {violation['id']}: {' '.join(map(str, node['target']))}: {violation['help']}"
        for violation in found
        if violation["impact"] in IMPACTS
        for node in violation["nodes"]
    ]
