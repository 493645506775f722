"""The services offered, and the prefetch derived from the policies."""

import re
from typing import Any

from service.hooks.discovery import KEYS, SERVICES, discovery, service, template
from service.policy import library


def test_every_type_that_a_policy_asks_for_has_its_key() -> None:
    assert set(library.load().resources()) <= set(KEYS)


def test_prefetch_holds_what_is_asked_and_no_more() -> None:
    found = discovery(("Patient", "Claim"))
    for offered in found["services"]:  # type: ignore[attr-defined]
        assert offered["prefetch"] == {
            "patient": "Patient/{{context.patientId}}",
            "claims": "Claim?patient={{context.patientId}}",
        }


def test_templates_use_the_patient_alone_and_one_value_a_parameter() -> None:
    for kind in KEYS:
        text = template(kind)
        assert re.findall(r"{{(.*?)}}", text) == ["context.patientId"]
        assert text.count("=") == (0 if kind == "Patient" else 1)
        assert not text.startswith("/")
    assert template("AdverseEvent") == "AdverseEvent?subject={{context.patientId}}"


def test_the_services_are_the_contracts() -> None:
    assert [(s.id, s.hook) for s in SERVICES] == [
        ("prior-auth-order-sign", "order-sign"),
        ("prior-auth-order-select", "order-select"),
    ]
    assert service("prior-auth-order-sign") is SERVICES[0]
    assert service("none") is None


def test_each_service_declares_versions_and_options_of_da_vinci_crd() -> None:
    offered: Any = discovery(("Patient",))["services"]
    options = {
        entry["hook"]: [option["code"] for option in entry["extension"]["davinci-crd.configuration-options"]]
        for entry in offered
    }
    assert [entry["extension"]["davinci-crd.version"] for entry in offered] == [["2.0", "2.2"], ["2.0", "2.2"]]
    assert set(options["order-sign"]) - set(options["order-select"]) == {"coverage-info", "unsolicited-determ"}
