"""What of FHIR is served, for machines that ask first (`/fhir/metadata`), and the two operations that Da Vinci DTR has
beside the package: a value set expanded, and a form's errors reported. Nothing of a patient is in any of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import UnsupportedMediaType

from service import labels, logs
from service.fhir.elements import Json, child, items, text
from service.hooks.request import Invalid, decode
from service.metrics import form_faulted
from service.web.calls import admitted, is_json, read_body
from service.web.errors import problem
from service.web.questionnaires import PACKAGE, base, of_canonical, resource
from service.web.state import state

_LOGGED = "/fhir/Questionnaire/$log-questionnaire-errors"
_EXPANDED = "/fhir/ValueSet/$expand"
_DTR = "http://hl7.org/fhir/us/davinci-dtr/OperationDefinition/"
_CORE = "http://hl7.org/fhir/OperationDefinition/ValueSet-expand"


def offer(app: Flask) -> None:
    """The routes of conformance and of DTR's smaller operations."""

    @app.get("/fhir/metadata")
    def capabilities() -> Response:
        return resource(_statement())

    @app.get(_EXPANDED)
    def expanded() -> Response:
        return _expansion(request.args.get("url"))

    @app.post(_EXPANDED)
    def expanded_by_parameters() -> Response:
        given = _parameters()
        return _expansion(next((_uri(one) for one in given if text(one, "name") == "url"), None))

    @app.post(_LOGGED)
    def errors_reported() -> Response:
        admitted(state(), _LOGGED)
        canonical, issues = _report(_parameters())
        form_faulted(g.client)
        _log(canonical, issues)
        said = [{"severity": "information", "code": "informational", "diagnostics": "the report was taken down"}]
        return resource({"resourceType": "OperationOutcome", "issue": said})


def _parameters() -> list[Json]:
    if not is_json():
        raise UnsupportedMediaType("the body must be application/fhir+json")
    value: Any = decode(read_body())
    if not isinstance(value, dict) or value.get("resourceType") != "Parameters":
        raise Invalid("the body must be a Parameters resource", "Parameters")
    return [one for one in items(value, "parameter") if isinstance(one, dict)]


def _report(given: list[Json]) -> tuple[str, list[Json]]:
    """The canonical and the issues of a report of a form's errors; raises Invalid where either is missing. The
    operation's definition and its profile name the parameters otherwise: they are known by what they hold."""
    canonicals = [said for one in given if (said := text(one, "valueCanonical"))]
    outcomes = [one for one in map(_resource, given) if one.get("resourceType") == "OperationOutcome"]
    for found, called in ((canonicals, "the canonical of a Questionnaire"), (outcomes, "an OperationOutcome")):
        if not found:
            raise Invalid(f"{called} is required", "Parameters.parameter")
    return canonicals[0], [issue for outcome in outcomes for issue in items(outcome, "issue")]


def _log(canonical: str, issues: list[Json]) -> None:
    """Of a report the form's name, and what kinds of issues it has: its words are the app's, and may quote a chart."""
    form = of_canonical(canonical)
    if form:
        labels.declare("revision", [form.name.rpartition(".")[0]])
    logs.form_reported(
        g.correlation,
        client=g.client,
        form=form.name if form else None,
        severities=Counter(text(one, "severity") or labels.OTHER for one in issues),
        issues=Counter(text(one, "code") or labels.OTHER for one in issues),
    )


def _resource(parameter: Json) -> Json:
    return child(parameter, "resource")


def _uri(parameter: Json) -> str | None:
    return text(parameter, "valueUri") or text(parameter, "valueString")


def _expansion(url: str | None) -> Response:
    if url is None:
        return problem(400, "a value set is expanded by url", "url")
    terms = state().office.terms
    concept = url.partition("|")[0].removeprefix("urn:countersign:valueset:")
    version = terms.versions.get(concept)
    if version is None:
        return problem(404, "there is no such value set")
    if any(
        concept in sets
        for sets in (*terms.subtree.values(), *terms.excluded.values(), *terms.excluded_subtree.values())
    ):
        return problem(422, "this value set is defined by filters, and is not expanded")
    contains = [{"system": system, "code": code} for (system, code), sets in terms.exact.items() if concept in sets]
    return resource(
        {
            "resourceType": "ValueSet",
            "url": f"urn:countersign:valueset:{concept}",
            "version": version,
            "status": "active",
            "expansion": {"timestamp": version.replace(".", "-"), "total": len(contains), "contains": contains},
        }
    )


def _statement() -> Json:
    """The CapabilityStatement of the FHIR side."""
    newest = max(r.policy.document.in_force for r in state().office.library.revisions())
    packaged = {
        "name": "questionnaire-package",
        "definition": f"{_DTR}questionnaire-package",
        "documentation": "By POST, like log-questionnaire-errors; of orders only MedicationRequests have forms.",
    }
    questionnaire = {
        "type": "Questionnaire",
        "interaction": [
            {"code": "read"},
            {"code": "search-type", "documentation": "By url, with or without version; by GET, or POST to _search."},
        ],
        "searchParam": [{"name": "url", "type": "uri"}, {"name": "version", "type": "token"}],
        "operation": [
            packaged,
            {"name": "log-questionnaire-errors", "definition": f"{_DTR}log-questionnaire-errors"},
        ],
    }
    value_set = {"type": "ValueSet", "operation": [{"name": "expand", "definition": _CORE}]}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": newest.isoformat(),
        "kind": "instance",
        "implementation": {"description": f"Countersign: forms for {PACKAGE}", "url": f"{base()}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [questionnaire, value_set], "operation": [packaged]}],
    }
