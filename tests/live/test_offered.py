"""What is offered and filed, put onto a real FHIR server and read back: it is what was offered."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fhir_server import FhirServer
from tests.test_fhir_server import bare
from tests.test_fixtures import ANSWERED

pytest_plugins = ("tests.live.servers",)

JSON = dict[str, Any]
NAMES = (
    "otrexup-polyarticular-jia-above-20-mg",
    "otrexup-ordered-daily",
    "jylamvo-diagnosis-from-the-problem-list",
    "xatmep-rheumatoid-arthritis-product-not-listed",
)
FIXTURES = [fixture for fixture in ANSWERED if fixture.name in NAMES]


def resources(answer: JSON) -> list[JSON]:
    """Every resource that the answer would leave on the server, a created one under an id that a server might give."""
    offered = [s for card in answer["cards"] for s in card.get("suggestions", [])]
    actions = [a for s in offered for a in s["actions"] if "resource" in a]
    actions += answer["systemActions"]
    return [{"id": "created-1", **action["resource"]} for action in actions]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda f: f.name)
def test_what_is_offered_is_read_back_as_it_was_put(
    fixture: Any, ask: Callable[..., Any], fhir_server: FhirServer
) -> None:
    answer = ask(fixture.request, today=fixture.expected["today"], plans=fixture.plans)
    found = resources(json.loads(answer.get_data(as_text=True)))
    assert len(found) >= 2
    for resource in found:
        fhir_server.put(resource)
        back = fhir_server.get(f"{resource['resourceType']}/{resource['id']}")
        assert bare(back) == bare(resource)
