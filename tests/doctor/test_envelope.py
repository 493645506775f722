"""The request's own members: every fault at once."""

import pytest

from tests.doctor.desk import JSON, examined, note, notes, request

SERVER = "https://ehr.example.org/r4"
LENT: JSON = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "s", "subject": "c"}


def test_a_good_request_has_no_fault() -> None:
    found = examined(request() | {"fhirServer": SERVER, "fhirAuthorization": LENT})
    assert [n for n in found.notes() if n.level != "fine"] == []
    assert note(request(), "hook").says.endswith("/cds-services/prior-auth-order-sign")


def test_all_missing_members_are_named_at_once() -> None:
    body: JSON = {"hook": 5, "hookInstance": " ", "context": {"userId": [], "selections": []}, "prefetch": []}
    found = {n.at: n.says for n in examined(body).notes() if n.code in ("member-missing", "context-stripped")}
    assert found == {
        "hook": "is a number, which it may not be",
        "hookInstance": "is blank",
        "context.patientId": "is missing",
        "context.userId": "is a list, which it may not be",
        "context.draftOrders": "is missing",
    }
    assert note(body, "prefetch-type").at == "prefetch"
    assert all(n.mend for n in notes(body, "member-missing"))


def test_a_context_of_another_type_is_named() -> None:
    assert note(request() | {"context": "x"}, "member-missing").at == "context"


def test_an_unknown_hook_is_named_with_those_that_are_answered() -> None:
    found = note(request() | {"hook": "patient-view"}, "hook-unknown")
    assert "is patient-view" in found.says
    assert "order-sign or order-select" in found.says
    assert (
        "order-select (medication-prescribe)" in note(request() | {"hook": "medication-prescribe"}, "hook-unknown").mend
    )


def test_a_context_stripped_of_its_orders_says_how_that_happens() -> None:
    body = request()
    del body["context"]["draftOrders"]
    mend = note(body, "context-stripped").mend
    assert "scopes for unsigned orders" in mend
    assert "exactly" in mend
    assert examined(body).answer.startswith("400, context.draftOrders")


def test_ids_that_are_references_and_users_that_are_no_prescribers_are_named() -> None:
    body = request()
    body["context"] |= {"patientId": "Patient/pat-1", "userId": "Patient/pat-1"}
    assert note(body, "patient-id-typed").level == "look"
    assert note(body, "user-id").level == "look"


def test_an_instance_that_is_no_uuid_is_for_the_record_only() -> None:
    assert note(request() | {"hookInstance": "constant"}, "instance-no-uuid").level == "fine"


def test_selections_must_be_references_of_the_drafts() -> None:
    select = request(service="prior-auth-order-select")
    assert notes(select, "selections-none") == []
    assert note(request(service="prior-auth-order-select", selections=["MedicationRequest/x"]), "selections-none").mend
    select["context"]["selections"] = "MedicationRequest/order-1"
    assert note(select, "member-missing").at == "context.selections"


@pytest.mark.parametrize(
    ("place", "level"),
    [("context.patientId", "wrong"), ("prefetch.conditions", "wrong"), ("prefetch.other", "look")],
)
def test_a_token_that_was_not_resolved_is_found(place: str, level: str) -> None:
    body = request()
    part, member = place.split(".")
    body[part][member] = "{{context.patientId}}"
    found = note(body, "token-unresolved")
    assert (found.at, found.level) == (place, level)


def test_a_token_left_in_a_search_is_found_and_braces_in_a_note_are_none() -> None:
    body = request()
    body["prefetch"]["claims"]["link"] = [
        {"relation": "self", "url": f"{SERVER}/Claim?patient=%7B%7Bcontext.patientId%7D%7D"}
    ]
    body["prefetch"]["conditions"]["entry"][0]["resource"]["note"] = [{"text": "{{ not a token }}"}]
    assert note(body, "token-unresolved").at == "prefetch.claims.link[0].url"


def test_many_tokens_are_counted() -> None:
    body = request()
    body["prefetch"] |= {f"k{n}": "{{x}}" for n in range(5)}
    assert [n.at for n in notes(body, "token-unresolved")] == [
        "prefetch.k0",
        "prefetch.k1",
        "prefetch.k2",
        "the request",
    ]


@pytest.mark.parametrize(
    ("server", "code", "level"),
    [
        (SERVER, "server", "fine"),
        ("http://127.0.0.1:8080/fhir", "server-http", "fine"),
        ("http://localhost/fhir", "server-http", "fine"),
        ("http://ehr.example.org/r4", "server-http", "look"),
        ("ehr.example.org", "server-no-url", "wrong"),
        (5, "server-no-url", "wrong"),
        (None, "server-none", "fine"),
    ],
)
def test_the_server_is_told_by_its_scheme(server: object, code: str, level: str) -> None:
    assert note(request() | {"fhirServer": server}, code).level == level


def test_an_authorization_without_a_server_is_refused() -> None:
    body = request() | {"fhirAuthorization": LENT}
    assert note(body, "authorization-alone").level == "wrong"
    assert examined(body).answer.startswith("400, fhirServer")


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"access_token": None}, "access_token"),
        ({"access_token": "two lines\n"}, "access_token"),
        ({"token_type": "MAC"}, "token_type"),
        ({"expires_in": "300"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": 0}, "expires_in"),
        ({"scope": None}, "scope"),
        ({"subject": " "}, "subject"),
    ],
)
def test_each_fault_of_an_authorization_is_named(change: JSON, member: str) -> None:
    body = request() | {"fhirServer": SERVER, "fhirAuthorization": LENT | change}
    assert note(body, "authorization").at == f"fhirAuthorization.{member}"


def test_an_authorization_of_another_type_is_named() -> None:
    body = request() | {"fhirServer": SERVER, "fhirAuthorization": "Bearer x"}
    assert note(body, "authorization-type").says == "is a text"


def test_fhir_beside_prefetch_is_found() -> None:
    body = request() | {"item2": {"response": {}, "resource": {"resourceType": "Bundle"}}, "extension": {"x": 1}}
    assert note(body, "members-stray").says.startswith("item2:")
