"""Words of closed sets, and no other."""

from hypothesis import given
from hypothesis import strategies as st

from service import labels

ID = "0b8a1c9e-3f4d-4a5b-8c6d-7e8f90a1b2c3"


def test_a_declared_word_is_said_and_stays_said() -> None:
    labels.declare("service", ["labels-first"])
    labels.declare("service", ["labels-second"])
    assert [labels.word("service", w) for w in ("labels-first", "labels-second")] == ["labels-first", "labels-second"]


def test_a_word_is_said_where_it_was_declared_only() -> None:
    assert (labels.word("status", "approvable"), labels.word("step", "approvable")) == ("approvable", "other")


@given(st.text() | st.none() | st.integers() | st.lists(st.text()))
def test_whatever_is_not_declared_is_other(said: object) -> None:
    assert labels.word("refusal", said) == labels.OTHER
    assert labels.correlation_id(said) == labels.OTHER


def test_an_id_of_ours_is_a_uuid_and_nothing_around_it() -> None:
    assert labels.correlation_id(ID) == ID
    assert {labels.correlation_id(said) for said in (f"{ID}\n", f"x{ID}", ID.upper(), ID[:-1])} == {"other"}
