"""A CDS Hooks request, parsed or refused by the field at fault."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from service.hooks.crd import Crd
from service.hooks.discovery import SERVICES, Service
from service.hooks.request import MOST_ENTRIES, Invalid, TooLarge, decode, parse

SIGN, SELECT = SERVICES
ORDER = {"resourceType": "MedicationRequest", "id": "o"}
BODY: dict[str, Any] = {
    "hook": "order-sign",
    "hookInstance": "constant",
    "context": {
        "patientId": "p",
        "userId": "Practitioner/x",
        "draftOrders": {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1", "resource": ORDER}]},
    },
}


def body(path: str = "", value: Any = None, drop: bool = False) -> Any:
    found = copy.deepcopy(BODY)
    if path:
        *parents, last = path.split(".")
        place = found
        for name in parents:
            place = place[name]
        if drop:
            del place[last]
        else:
            place[last] = value
    return found


def test_a_request_is_read() -> None:
    found = parse(body(), SIGN)
    assert (found.instance, found.patient_id, found.user_id, found.fhir_server) == (
        "constant",
        "p",
        "Practitioner/x",
        None,
    )
    assert found.orders() == (ORDER,)
    assert found.prefetch == {}


@pytest.mark.parametrize(
    "path",
    ["hook", "hookInstance", "context", "context.patientId", "context.userId", "context.draftOrders"],
)
@pytest.mark.parametrize("value", [None, "", " ", 7, [], "drop"])
def test_a_required_member_is_named_where_it_is_missing_or_mistyped(path: str, value: Any) -> None:
    wrong = body(path, drop=True) if value == "drop" else body(path, value)
    with pytest.raises(Invalid) as error:
        parse(wrong, SIGN)
    assert error.value.expression == path


@pytest.mark.parametrize(
    ("path", "value", "expression"),
    [
        ("hook", "patient-view", "hook"),
        ("context.draftOrders", {"resourceType": "Parameters"}, "context.draftOrders"),
        ("prefetch", [], "prefetch"),
        ("fhirServer", 7, "fhirServer"),
        ("fhirAuthorization", {}, "fhirServer"),
    ],
)
def test_what_is_no_request_of_the_hook_is_refused(path: str, value: Any, expression: str) -> None:
    with pytest.raises(Invalid) as error:
        parse(body(path, value), SIGN)
    assert error.value.expression == expression


@pytest.mark.parametrize("value", [[], "x", None, 7])
def test_a_body_that_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(Invalid, match="the body must be a JSON object"):
        parse(value, SIGN)


def test_unknown_members_and_a_null_prefetch_are_ignored() -> None:
    assert parse({**body("prefetch", None), "x": 1, "extension": {}}, SIGN).prefetch == {}
    assert parse(body("fhirServer", None), SIGN).fhir_server is None
    assert parse({**body("fhirServer", "https://x"), "fhirAuthorization": {}}, SIGN).fhir_server == "https://x"


def selecting(selections: Any) -> Any:
    found = body("context.selections", selections)
    found["hook"] = "order-select"
    return found


@pytest.mark.parametrize(
    ("selections", "chosen"),
    [
        (["MedicationRequest/o"], True),
        (["urn:uuid:1"], True),
        ([" MedicationRequest/o "], True),
        (["https://ehr.example.org/fhir/MedicationRequest/o"], True),
        (["MedicationRequest/x"], False),
        (["MedicationRequest/None"], False),
        ([], False),
    ],
)
def test_only_what_is_selected_is_evaluated(selections: Any, chosen: bool) -> None:
    assert parse(selecting(selections), SELECT).orders() == ((ORDER,) if chosen else ())


@pytest.mark.parametrize("selections", [None, "MedicationRequest/o", [7]])
def test_selections_that_are_no_list_are_refused(selections: Any) -> None:
    with pytest.raises(Invalid) as error:
        parse(selecting(selections), SELECT)
    assert error.value.expression == "context.selections"


def test_an_order_without_an_id_is_selected_by_its_url() -> None:
    found = selecting(["MedicationRequest/o"])
    nameless = {"resourceType": "MedicationRequest"}
    entry = {"fullUrl": "https://ehr.example.org/fhir/MedicationRequest/o", "resource": nameless}
    found["context"]["draftOrders"]["entry"] = [entry, {"resource": nameless}]
    assert parse(found, SELECT).orders() == (nameless,)


@pytest.mark.parametrize("entry", ["x", [7], [{"resource": []}], [{"fullUrl": "x"}]])
def test_drafts_of_which_none_can_be_read_are_refused(entry: Any) -> None:
    with pytest.raises(Invalid) as error:
        parse(body("context.draftOrders.entry", entry), SIGN)
    assert error.value.expression == "context.draftOrders.entry"


def test_a_draft_that_cannot_be_read_beside_others_is_counted() -> None:
    assert parse(body("context.draftOrders.entry", [{"resource": ORDER}, "x"]), SIGN).unreadable == 1
    assert parse(body(), SIGN).unreadable == 0


def test_order_sign_has_no_selections() -> None:
    assert parse(body("context.selections", []), SIGN).orders() == (ORDER,)


def test_other_resources_are_no_orders() -> None:
    drafts = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "ServiceRequest"}}]}
    assert parse(body("context.draftOrders", drafts), SIGN).orders() == ()
    assert parse(body("context.draftOrders", {"resourceType": "Bundle"}), SIGN).orders() == ()


def test_numbers_stay_exact() -> None:
    found = decode(b'{"value": 1.10, "count": 3}')
    assert str(found["value"]) == "1.10"
    assert isinstance(found["value"], Decimal)
    assert found["count"] == 3


@pytest.mark.parametrize(
    "text", [b"{bad", b"", b'{"x": NaN}', b"\xff", b'{"x": Infinity}', b"[1,]", b'{"x": 1e99999999999999999999}']
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="is not JSON"):
        decode(text)


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_nesting_beyond_any_chart_is_refused(depth: int) -> None:
    with pytest.raises(Invalid, match="nests too deep"):
        decode(b"[" * depth + b"]" * depth)
    decode(b"[" * 200 + b"]" * 200)


TOKEN = {"access_token": "abc.def-1", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "s"}


def lent(**changed: Any) -> Any:
    members = {name: value for name, value in (TOKEN | changed).items() if value is not None}
    return parse(body() | {"fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": members}, SIGN).loan


def test_a_lent_token_is_read_and_never_shown() -> None:
    found = lent()
    assert found.token == "abc.def-1"
    assert "abc" not in repr(found)


@pytest.mark.parametrize(
    "changed", [{"expires_in": None}, {"expires_in": "300"}, {"scope": None}, {"token_type": None}]
)
def test_a_token_that_some_client_describes_otherwise_is_a_token(changed: Any) -> None:
    assert lent(**changed).token == "abc.def-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"access_token": None},
        {"access_token": 7},
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "é"},
        {"token_type": "MAC"},
        {"expires_in": 0},
        {"expires_in": -1},
    ],
)
def test_a_token_that_cannot_be_sent_is_none(changed: Any) -> None:
    assert lent(**changed).token is None


@pytest.mark.parametrize("value", ["token", 7, []])
def test_an_authorization_that_is_none_holds_no_token(value: Any) -> None:
    found = parse(body() | {"fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": value}, SIGN)
    assert found.loan is not None
    assert found.loan.token is None


def test_without_an_authorization_there_is_no_loan() -> None:
    assert parse(body() | {"fhirServer": "https://ehr.example.org/fhir"}, SIGN).loan is None


@pytest.mark.parametrize(
    ("key", "place"), [("conditions", "prefetch.conditions"), ("Doe", "prefetch"), (None, "context.draftOrders")]
)
def test_a_bundle_has_an_end(key: str | None, place: str) -> None:
    def of(count: int) -> Any:
        many = {"resourceType": "Bundle", "entry": [{"resource": ORDER}] * count}
        if key is None:
            return body("context.draftOrders", many)
        return body() | {"prefetch": {key: many}}

    assert parse(of(MOST_ENTRIES), SIGN)
    with pytest.raises(TooLarge) as refused:
        parse(of(MOST_ENTRIES + 1), SIGN)
    assert refused.value.expression == place


@pytest.mark.parametrize("service", [SIGN, SELECT])
def test_what_is_asked_of_da_vinci_crd_is_read(service: Service) -> None:
    asked = body("extension", {"davinci-crd.requestedVersion": "2.0", "davinci-crd.configuration": {"max-cards": 3}})
    asked["hook"], asked["context"]["selections"] = service.hook, []
    assert parse(asked, service).crd == Crd("2.0", max_cards=3)


@pytest.mark.parametrize("extension", ["drop", None, [], "text", {"com.example.version": "R4", "x": {}}])
def test_a_request_need_ask_nothing_of_da_vinci_crd(extension: Any) -> None:
    asked = body() if extension == "drop" else body("extension", extension)
    assert parse(asked, SIGN).crd == Crd()


@pytest.mark.parametrize("value", ["2.1", "", 2.2, {}])
def test_a_version_that_is_not_supported_is_refused_by_name(value: Any) -> None:
    with pytest.raises(Invalid, match=r"must be one of 2\.0, 2\.2") as error:
        parse(body("extension", {"davinci-crd.requestedVersion": value}), SIGN)
    assert error.value.expression == "extension.davinci-crd.requestedVersion"
