"""Feedback bodies: the specification's form, Epic's, and what is neither."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.hooks.feedback import MOST, parse_feedback
from service.hooks.request import Invalid, TooLarge

CARD = "52b78c5d-bb6f-4d41-ae02-b5ff08d9341a"
AT = datetime(2026, 11, 22, 12, 6, 49, tzinfo=UTC)
JSON = dict[str, Any]


def item(**changes: Any) -> JSON:
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:06:49Z"} | changes


def one(**changes: Any) -> Any:
    (found,) = parse_feedback({"feedback": [item(**changes)]})
    return found


def test_a_card_dismissed_without_a_reason() -> None:
    found = one()
    assert (found.card, found.outcome, found.at) == (CARD, "overridden", AT)
    assert (found.accepted, found.reason_system, found.reason_code, found.commented) == ((), None, None, False)


def test_an_accepted_suggestion() -> None:
    assert one(outcome="accepted", acceptedSuggestions=[{"id": "a"}, {"id": " b "}]).accepted == ("a", "b")


def test_a_reason_by_its_code_and_that_there_is_a_comment_not_its_words() -> None:
    reason = {"reason": {"code": "clinically-urgent", "system": "urn:countersign:override-reason", "display": "x"}}
    found = one(overrideReason=reason | {"userComment": "Mr Doe cannot wait"})
    assert (found.reason_system, found.reason_code) == ("urn:countersign:override-reason", "clinically-urgent")
    assert found.commented
    assert "Doe" not in repr(found)
    assert one(overrideReason={"userComment": "said"}).reason_code is None


@pytest.mark.parametrize("form", [{"reason": {"code": "x", "system": "urn:s"}}, [{"reason": {"code": "x"}}]])
def test_epics_plural_is_read(form: Any) -> None:
    assert one(overrideReasons=form).reason_code == "x"


def test_epics_extension_in_place_of_a_reason_is_taken_and_not_kept() -> None:
    found = one(overrideReasons={"extension": {"com.example": {"patient": "Doe"}}})
    assert found.reason_code is None
    assert "Doe" not in repr(found)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-22T12:06:49Z", AT),
        ("2026-11-22t12:06:49z", AT),
        ("2026-11-22T12:06:49.252Z", AT.replace(microsecond=252000)),
        ("2026-11-22T12:06:49.123456789Z", AT.replace(microsecond=123456)),
        ("2026-11-22T14:06:49+02:00", AT),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc_whatever_its_offset(written: str, meant: datetime) -> None:
    assert one(outcomeTimestamp=written).at == meant


@pytest.mark.parametrize("written", ["yesterday", "2026-11-22", "2026-11-22T12:06:49", "2026-13-01T00:00:00Z", 7, None])
def test_what_is_no_moment_is_refused(written: Any) -> None:
    with pytest.raises(Invalid) as refused:
        one(outcomeTimestamp=written)
    assert refused.value.expression == "feedback[0].outcomeTimestamp"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"card": None}, "feedback[0].card"),
        ({"card": " "}, "feedback[0].card"),
        ({"card": "x" * 256}, "feedback[0].card"),
        ({"outcome": "ignored"}, "feedback[0].outcome"),
        ({"outcome": ["accepted"]}, "feedback[0].outcome"),
        ({"outcome": "accepted"}, "feedback[0].acceptedSuggestions"),
        ({"outcome": "accepted", "acceptedSuggestions": []}, "feedback[0].acceptedSuggestions"),
        ({"outcome": "accepted", "acceptedSuggestions": [{"id": 5}]}, "feedback[0].acceptedSuggestions[0].id"),
        ({"outcome": "accepted", "acceptedSuggestions": ["a"]}, "feedback[0].acceptedSuggestions[0].id"),
    ],
)
def test_a_fault_names_its_field(changes: JSON, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        one(**changes)
    assert refused.value.expression == place


@pytest.mark.parametrize("body", [None, [], "x", {}, {"feedback": {}}, {"feedback": []}, {"feedback": ["x"]}])
def test_what_is_no_feedback_is_refused(body: Any) -> None:
    with pytest.raises(Invalid):
        parse_feedback(body)


def test_an_empty_reason_hides_no_other() -> None:
    assert one(overrideReason={}, overrideReasons={"reason": {"code": "x", "system": "s"}}).reason_code == "x"


def test_a_batch_is_bounded() -> None:
    assert len(parse_feedback({"feedback": [item()] * MOST})) == MOST
    with pytest.raises(TooLarge):
        parse_feedback({"feedback": [item()] * (MOST + 1)})


def test_a_card_that_is_no_uuid_is_taken() -> None:
    assert one(card="123456").card == "123456"
    assert one(card="x" * 255).card == "x" * 255
