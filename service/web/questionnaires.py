"""The forms by FHIR's own ways: a Questionnaire read by id or searched by canonical, for which no token is asked, since
nothing of a patient is in it; and Da Vinci DTR's package of one, with a response to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from service.auth.gate import Verified
from service.fhir.elements import Json, text
from service.forms import package, questionnaire
from service.hooks.crd import Version
from service.hooks.package import Asked, parse
from service.hooks.request import decode
from service.policy.form import Form, form, named
from service.web.calls import admitted, is_json, own_url, read_body
from service.web.errors import FHIR, problem
from service.web.state import state
from service.wire import encode

_PLACE = "/fhir/Questionnaire/"
PACKAGE, ANYWHERE = "/fhir/Questionnaire/$questionnaire-package", "/fhir/$questionnaire-package"
# What the answer's parameters are called, by version of the guide.
_NAMES: dict[Version, tuple[str, str]] = {
    "2.0": ("PackageBundle", "operationOutcome"),
    "2.2": ("packagebundle", "outcome"),
}


class _Id(BaseConverter):
    """An id of FHIR R4, which no operation's name is."""

    regex = r"[A-Za-z0-9.\-]{1,64}"


def offer(app: Flask) -> None:
    """The routes of Questionnaires."""
    app.url_map.converters["fhir_id"] = _Id

    @app.get("/fhir/Questionnaire/<fhir_id:name>")
    def questionnaire_read(name: str) -> Response:
        found = _form(name)
        return resource(_questionnaire(found)) if found else problem(404, "there is no such questionnaire")

    @app.get("/fhir/Questionnaire")
    def questionnaire_search() -> Response:
        return _searched(request.args)

    @app.post("/fhir/Questionnaire/_search")
    def questionnaire_search_by_form() -> Response:
        if request.mimetype not in ("", "application/x-www-form-urlencoded"):
            return problem(415, "the body must be application/x-www-form-urlencoded")
        return _searched({**request.args, **dict(parse_qsl(read_body().decode("utf-8", "replace")))})

    # The guide writes it with its type and without (DTR 2.2, 3.1): both are served.
    for place in (PACKAGE, ANYWHERE):
        app.add_url_rule(place, view_func=_package, methods=["POST"], endpoint=f"package {place}")


def _searched(given: Mapping[str, str]) -> Response:
    url = given.get("url")
    if not url:
        return problem(400, "questionnaires are searched for by url", "url")
    found = of_canonical(url, given.get("version"))
    matches = [_questionnaire(found)] if found else []
    entries = [{"fullUrl": one["url"], "resource": one, "search": {"mode": "match"}} for one in matches]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return resource(bundle | ({"entry": entries} if entries else {}))


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
    bundles = [package(one, base(), asked.subject, context, now, terms, version, uuid4()) for one in found.values()]
    given: list[Json] = [{"name": package_name, "resource": bundle} for bundle in bundles]
    if said := _outcome(asked, found):
        given.append({"name": outcome_name, "resource": {"resourceType": "OperationOutcome", "issue": said}})
    return {"resourceType": "Parameters"} | ({"parameter": given} if given else {})


def _wanted(asked: Asked, caller: Verified | None) -> Iterator[Form]:
    """The forms of the canonicals, which limit what is given; else of the context; else of what the orders carry."""
    if asked.canonicals:
        yield from (one for url in asked.canonicals if (one := of_canonical(url)))
        return
    client = caller.client.issuer if caller else None
    on_file = tuple(r.policy for r in state().office.library.revisions())
    for context in [asked.context] if asked.context else asked.carried:
        if told := state().store.asked_for(client, context):
            policy, version, missing = told
            forms = (form(one, missing) for one in on_file if (one.id.id, one.id.version) == (policy, version))
            yield from (found for found in forms if found)


def _outcome(asked: Asked, found: dict[str, Form]) -> list[Json]:
    lacking = [n for n, url in enumerate(asked.canonicals, 1) if of_canonical(url) is None]
    said = [f"parameter questionnaire {n}: there is no such form" for n in lacking]
    if not asked.canonicals and not found:
        said.append("what is missing is found by order-sign: name its questionnaire or its coverage-assertion-id")
    return [{"severity": "warning", "code": "not-found", "diagnostics": one} for one in said]


def _references(asked: Asked) -> Iterator[str]:
    for resource in (asked.coverage, *asked.orders):
        if identity := text(resource, "id"):
            yield f"{resource['resourceType']}/{identity}"


def _questionnaire(found: Form) -> Json:
    return questionnaire(found, base(), state().office.terms)


def of_canonical(canonical: str, version: str | None = None) -> Form | None:
    """The form of a canonical at this service; of another version than its own (named in the canonical or beside it)
    there is none."""
    url, _, named_in_it = canonical.partition("|")
    place, _, name = url.rpartition(_PLACE)
    found = _form(unquote(name)) if _is_ours(place) else None
    return found if found and {named_in_it, version} <= {found.policy.document.version, "", None} else None


def _is_ours(place: str) -> bool:
    """Whether a URL is the service's own; where nobody said what that is, any may be: hosts have several names."""
    public = state().config.public_url
    return place == public if public else bool(re.fullmatch(r"https?://[^\s/?#|]+[^\s?#|]*", place))


def _form(name: str) -> Form | None:
    return named((revision.policy for revision in state().office.library.revisions()), name)


def base() -> str:
    """The service's own URL, as far as it is known."""
    return state().config.public_url or own_url() or ""


def resource(value: Json) -> Response:
    """A FHIR resource as an answer."""
    return Response(encode(value), content_type=FHIR)
