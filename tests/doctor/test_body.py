"""Bodies that are no hook request."""

import gzip
import json

import pytest

from tests.doctor.desk import examined, note, request


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (gzip.compress(b"{}", mtime=0), "gzip"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"<html></html>", "XML or HTML"),
        (b"hook=order-sign", "does not begin as JSON"),
        (b'{"hook": "order-sign"', "cut short"),
        (b'{"a": 1}\n{"b": 2}', "several JSON documents"),
        (b"[" * 100_000, "nests beyond"),
    ],
)
def test_what_is_no_json_is_said_to_be_what_it_is(body: bytes, said: str) -> None:
    found = note(body, "no-json")
    assert said in found.says
    assert found.level == "wrong"
    assert found.mend
    assert examined(body).answer.startswith("400")


@pytest.mark.parametrize(
    ("value", "said"), [(None, "null"), (True, "a boolean"), ("x", "a text"), ([], "a list"), (1, "a number")]
)
def test_json_that_is_no_object_is_named(value: object, said: str) -> None:
    assert said in note(value, "no-object").says


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"cards": []}, "an answer of a service"),
        ({"services": []}, "a discovery answer"),
        ({"feedback": []}, "is feedback"),
        ({"resourceType": "Bundle"}, "a FHIR resource"),
        ({"body": {"feedback": []}}, "is feedback"),
        ({"method": "OPTIONS", "body": None}, "no member of a hook request"),
        ({}, "no member of a hook request"),
    ],
)
def test_another_json_document_is_named(value: object, said: str) -> None:
    assert said in note(value, "no-request").says


@pytest.mark.parametrize("member", ["body", "request", "payload", "b"])
@pytest.mark.parametrize("written", [lambda value: value, json.dumps], ids=["object", "text"])
def test_a_capture_that_wraps_a_request_is_opened(member: str, written: object) -> None:
    assert callable(written)
    found = examined({"method": "POST", member: written(request())})
    assert found.answer == "200, MedicationRequest/order-1: approvable"
    assert [n.code for n in found.notes() if n.level == "look"] == ["wrapped"]


def test_a_request_that_was_encoded_twice_is_opened() -> None:
    body = json.dumps(request())
    assert note(body, "encoded-twice").level == "wrong"
    assert "approvable" in examined(body).answer
