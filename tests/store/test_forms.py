"""Forms on record: opened by their token alone, answered one after the other, read back for their order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from service.store import FormKept, OrderKey, Store, Subject
from tests.store.made import AT, FORM, SUBJECT, call

BY = "A. Example, MD"
ESSENCE = {"item": [{"linkId": "I.B.6", "answer": [{"valueBoolean": True}]}]}


def kept(store: Store, **differs: object) -> FormKept:
    sent = replace(FORM, **differs)  # type: ignore[arg-type]
    store.keep(call(forms=(sent,)))
    found = store.form(sent.token)
    assert found is not None
    return found


def submitted(store: Store, form: FormKept, place: int = 0, after: int = 0) -> UUID | None:
    return store.submit(form, AT + timedelta(minutes=after), place, BY, ESSENCE, '{"resourceType": "whole"}')


def test_a_form_is_had_by_its_token_as_it_was_sent(store: Store) -> None:
    found = kept(store)
    assert (found.until, found.policy, found.version, found.name, found.sealed) == (
        FORM.until,
        FORM.policy,
        FORM.version,
        FORM.name,
        FORM.sealed,
    )
    assert store.form(FORM.token + "x") is None
    assert store.form("") is None


def test_neither_token_nor_order_nor_patient_stand_in_the_database_of_a_form(store: Store) -> None:
    found = kept(store)
    assert not {FORM.token, *FORM.order, SUBJECT.patient} & {*found.thread, found.ordered, found.name}
    assert [len(part) for part in found.thread] == [64, 64]


def test_the_newest_answers_are_told_and_all_are_kept(store: Store) -> None:
    form = kept(store)
    assert store.answers_to(form) == ()
    first, second = submitted(store, form), submitted(store, form, 1, after=1)
    assert first
    assert store.response(first) == '{"resourceType": "whole"}'
    newest, _ = store.answers_to(form)
    assert (newest.id, newest.place, newest.written_by, newest.essence) == (second, 1, BY, ESSENCE)
    assert [one.id for one in store.answers_of(SUBJECT, [FORM.order])] == [second, first]


def test_answers_that_others_have_given_meanwhile_are_not_gone_over(store: Store) -> None:
    form = kept(store)
    again = kept(store, token="token-2" * 5)
    assert submitted(store, form) is not None
    assert submitted(store, again, after=1) is None
    assert len(store.answers_of(SUBJECT, [FORM.order])) == 1


def test_of_two_that_answer_at_once_one_is_kept(store: Store) -> None:
    form = kept(store)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: submitted(store, form), range(8)))
    assert sum(one is not None for one in found) == 1
    assert len(store.answers_of(SUBJECT, [FORM.order])) == 1


@pytest.mark.parametrize(
    ("subject", "order"),
    [
        (SUBJECT, OrderKey("order-2", "15 mg")),
        (replace(SUBJECT, patient="pat-2"), FORM.order),
        (replace(SUBJECT, server="https://other.example.org/fhir"), FORM.order),
        (replace(SUBJECT, server=None), FORM.order),
        (replace(SUBJECT, client="https://other.example.org"), FORM.order),
        (replace(SUBJECT, tenant=None), FORM.order),
    ],
)
def test_answers_are_read_for_their_own_patient_and_order_alone(
    store: Store, subject: Subject, order: OrderKey
) -> None:
    assert submitted(store, kept(store))
    assert store.answers_of(subject, [order]) == ()
    assert store.undelivered(subject, [order], AT, 9) == ()


@pytest.mark.parametrize("order", [OrderKey(FORM.order.order, "15 mg"), OrderKey("order-2", FORM.order.ordered)])
def test_answers_are_read_for_an_order_of_the_same_id_and_for_one_that_orders_the_same(
    store: Store, order: OrderKey
) -> None:
    id = submitted(store, kept(store))
    assert [one.id for one in store.answers_of(SUBJECT, [order])] == [id]
    assert [one.id for one in store.undelivered(SUBJECT, [order], AT, 9)] == [id]


def test_no_order_has_no_answers(store: Store) -> None:
    assert submitted(store, kept(store))
    assert store.answers_of(SUBJECT, []) == ()


def test_answers_to_another_form_of_the_order_are_not_gone_over_unseen(store: Store) -> None:
    form, other = kept(store), kept(store, token="token-2" * 5, name="form-2")
    assert submitted(store, form)
    assert submitted(store, other) is None
    assert submitted(store, other, 1, after=1)
    assert [one.name for one in store.answers_to(form)] == ["form-2", "form-1"]
    assert [one.name for one in store.answers_of(SUBJECT, [FORM.order, FORM.order])] == ["form-2", "form-1"]


def test_orders_are_answered_apart(store: Store) -> None:
    form, other = kept(store), kept(store, token="token-2" * 5, order=OrderKey("order-2", "20 mg"))
    assert submitted(store, form)
    assert store.answers_to(other) == ()
    assert submitted(store, other)


def test_what_an_ehr_has_is_not_handed_over_again(store: Store) -> None:
    form = kept(store)
    first, second = submitted(store, form), submitted(store, form, 1, after=1)
    assert first
    assert [one.id for one in store.undelivered(SUBJECT, [FORM.order], AT, 9)] == [first, second]
    store.deliver(first, AT)
    store.deliver(first, AT)
    assert [one.id for one in store.undelivered(SUBJECT, [FORM.order], AT, 9)] == [second]


def test_what_is_handed_over_is_the_oldest_first_some_at_a_time_and_nothing_of_before(store: Store) -> None:
    form = kept(store)
    ids = [submitted(store, form, n, after=n) for n in range(3)]
    assert [one.id for one in store.undelivered(SUBJECT, [FORM.order], AT, 2)] == ids[:2]
    later = AT + timedelta(minutes=1)
    assert [one.id for one in store.undelivered(SUBJECT, [FORM.order], later, 9)] == ids[1:]
