"""The forms by FHIR's own ways: a Questionnaire read by id or searched by canonical, for which no token is asked, since
nothing of a patient is in it; and Da Vinci DTR's package of one, with a response to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote

from flask import Flask, Response, request

from service.auth.gate import Verified
from service.fhir.elements import Json, text
from service.forms import package, questionnaire
from service.hooks.crd import Version
from service.hooks.package import Asked, parse
from service.hooks.request import decode
from service.policy.form import Form, form, named
from service.web.calls import admitted, is_json, own_url, read_body
from service.web.errors import problem
from service.web.state import state
from service.wire import encode

_FHIR = "application/fhir+json"
PACKAGE, ANYWHERE = "/fhir/Questionnaire/$questionnaire-package", "/fhir/$questionnaire-package"
# What the answer's parameters are called, by version of the guide.
_NAMES: dict[Version, tuple[str, str]] = {
    "2.0": ("PackageBundle", "operationOutcome"),
    "2.2": ("packagebundle", "outcome"),
}


def offer(app: Flask) -> None:
    """The routes of Questionnaires."""

    @app.get("/fhir/Questionnaire/<name>")
    def questionnaire_read(name: str) -> Response:
        found = _form(name)
        return resource(_questionnaire(found)) if found else problem(404, "there is no such questionnaire")

    @app.get("/fhir/Questionnaire")
    def questionnaire_search() -> Response:
        url = request.args.get("url")
        if url is None:
            return problem(400, "questionnaires are searched for by url", "url")
        found = _of_canonical(url)
        matches = [_questionnaire(found)] if found else []
        entries = [{"fullUrl": one["url"], "resource": one, "search": {"mode": "match"}} for one in matches]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        return resource(bundle | ({"entry": entries} if entries else {}))

    # The guide writes it with its type and without (DTR 2.2, 3.1): both are served.
    for place in (PACKAGE, ANYWHERE):
        app.add_url_rule(place, view_func=_package, methods=["POST"], endpoint=f"package {place}")


def _package() -> Response:
    caller = admitted(state(), PACKAGE, ANYWHERE)
    if not is_json():
        return problem(415, "the body must be application/fhir+json")
    asked = parse(decode(read_body()))
    found = {one.name: one for one in _wanted(asked, caller)}
    if asked.context and not asked.canonicals and not found:
        return problem(422, "nothing is missing in that context, or it is not known", "Parameters.parameter")
    return resource(_packaged(asked, found, caller))


def _packaged(asked: Asked, found: dict[str, Form], caller: Verified | None) -> Json:
    """The packages of what is asked for, and what could not be given, in words (DTR 2.2, 3.1)."""
    held, now = state(), datetime.now(UTC).isoformat(timespec="seconds")
    version = (caller and caller.client.crd_version) or held.config.crd_version
    package_name, outcome_name = _NAMES[version]
    context, terms = tuple(_references(asked)), held.office.terms
    bundles = [package(one, _base(), asked.subject, context, now, terms, version) for one in found.values()]
    given: list[Json] = [{"name": package_name, "resource": bundle} for bundle in bundles]
    if said := _outcome(asked, found):
        given.append({"name": outcome_name, "resource": {"resourceType": "OperationOutcome", "issue": said}})
    return {"resourceType": "Parameters"} | ({"parameter": given} if given else {})


def _wanted(asked: Asked, caller: Verified | None) -> Iterator[Form]:
    """The forms of the canonicals, which limit what is given; else of the context; else of what the orders carry."""
    if asked.canonicals:
        yield from (one for url in asked.canonicals if (one := _of_canonical(url)))
        return
    client = caller.client.issuer if caller else None
    on_file = tuple(r.policy for r in state().office.library.revisions())
    for context in [asked.context] if asked.context else asked.carried:
        if told := state().store.asked_for(client, context):
            policy, version, missing = told
            forms = (form(one, missing) for one in on_file if (one.id.id, one.id.version) == (policy, version))
            yield from (found for found in forms if found)


def _outcome(asked: Asked, found: dict[str, Form]) -> list[Json]:
    lacking = [n for n, url in enumerate(asked.canonicals, 1) if _of_canonical(url) is None]
    said = [f"parameter questionnaire {n}: there is no such form" for n in lacking]
    if not asked.canonicals and not found:
        said.append("what is missing is found by order-sign: name its questionnaire or its coverage-assertion-id")
    return [{"severity": "warning", "code": "not-found", "diagnostics": one} for one in said]


def _references(asked: Asked) -> Iterator[str]:
    for resource in (asked.coverage, *asked.orders):
        if identity := text(resource, "id"):
            yield f"{resource['resourceType']}/{identity}"


def _questionnaire(found: Form) -> Json:
    return questionnaire(found, _base(), state().office.terms)


def _of_canonical(url: str) -> Form | None:
    return _form(unquote(url.partition("|")[0].rsplit("/", 1)[-1]))


def _form(name: str) -> Form | None:
    return named((revision.policy for revision in state().office.library.revisions()), name)


def _base() -> str:
    return state().config.public_url or own_url() or ""


def resource(value: Json) -> Response:
    """A FHIR resource as an answer."""
    return Response(encode(value), content_type=_FHIR)
