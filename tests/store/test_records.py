"""The store: what it keeps is there, what it is told twice is there once, what is too old is gone."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from service.store import CardSent, Criterion, Pruned, Store, Subject, Term, Told, Unkept
from service.store.database import address as parsed
from service.store.database import connect
from service.store.tables import metadata
from tests.store.made import APPROVED, AT, CARD, FORM, ON, SUBJECT, call, feedback

SOON = AT + timedelta(minutes=5)


def _answers(store: Store) -> list[Any]:
    return [answer for row in store.export() for card in row["cards"] for answer in card["feedback"]]


def _count(address: str, table: str) -> int:
    engine = connect(parsed(address), pooled=False)
    with engine.connect() as opened:
        found = opened.scalar(select(func.count()).select_from(metadata.tables[table]))
    engine.dispose()
    return found or 0


# --- tokens


def test_a_token_is_seen_first_once(store: Store) -> None:
    assert store.first_use("issuer", "jti", SOON)
    assert not store.first_use("issuer", "jti", SOON)
    assert store.first_use("issuer", "another", SOON)
    assert store.first_use("another", "jti", SOON)


def test_a_token_is_seen_before_also_by_another_store_after_a_restart(store: Store, address: str) -> None:
    assert store.first_use("issuer", "jti", SOON)
    store.close()
    again = Store(address, now=lambda: AT)
    assert not again.first_use("issuer", "jti", SOON)
    again.close()


def test_of_many_threads_with_one_token_one_is_first(store: Store) -> None:
    together = threading.Barrier(8)
    found: list[bool] = []

    def use() -> None:
        together.wait(timeout=30)
        found.append(store.first_use("issuer", "jti", SOON))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(found) == [False] * 7 + [True]


def test_dead_tokens_are_forgotten_now_and_then_and_none_that_may_live(address: str) -> None:
    clock = [AT]
    store = Store(address, now=lambda: clock[0])
    store.upgrade()
    store.first_use("issuer", "dead", AT - timedelta(hours=1, seconds=1) + timedelta(minutes=11))
    store.first_use("issuer", "in doubt", AT - timedelta(hours=1) + timedelta(minutes=11))
    store.first_use("issuer", "alive", AT + timedelta(hours=1))
    assert _count(address, "token_used") == 3
    clock[0] = AT + timedelta(minutes=11)
    store.first_use("issuer", "now", clock[0])
    assert _count(address, "token_used") == 3
    assert store.first_use("issuer", "dead", clock[0])
    assert not store.first_use("issuer", "in doubt", clock[0])
    store.close()


# --- feedback


def test_feedback_is_kept_once_however_often_it_comes(store: Store, address: str) -> None:
    store.keep(call(APPROVED, cards=(CARD,)))
    store.answer([feedback(), feedback()])
    store.answer([feedback()])
    store.answer([feedback(outcome="overridden", accepted=())])
    assert sorted(answer["outcome"] for answer in _answers(store)) == ["accepted", "overridden"]
    assert _count(address, "feedback") == 2


def test_feedback_on_an_unknown_card_is_kept_and_matched_to_none(store: Store, address: str) -> None:
    store.keep(call(APPROVED, cards=(CARD,)))
    store.answer([feedback(card="123456")])
    assert _answers(store) == []
    assert _count(address, "feedback") == 1


def test_feedback_is_matched_to_the_cards_of_its_own_client(store: Store) -> None:
    store.keep(call(APPROVED, cards=(CARD,)))
    store.answer([feedback(client="https://another.example.org"), feedback(client=None)])
    assert _answers(store) == []
    store.answer([feedback(card=CARD.uuid.upper())])
    assert len(_answers(store)) == 1


def test_feedback_that_comes_before_its_card_is_matched_all_the_same(store: Store) -> None:
    store.answer([feedback()])
    store.keep(call(APPROVED, cards=(CARD,)))
    assert len(_answers(store)) == 1


def test_a_batch_is_kept_whole_or_not_at_all(store: Store, address: str) -> None:
    with pytest.raises(Unkept):
        store.answer([feedback(), feedback(card="another", at=AT.replace(tzinfo=None))])
    assert _count(address, "feedback") == 0


def test_an_empty_batch_asks_nothing_of_the_database(store: Store, address: str) -> None:
    store.answer([])
    assert _count(address, "feedback") == 0


# --- earlier approvals


def _kept(store: Store, told: Told = APPROVED, **differs: Any) -> None:
    store.keep(call(told, **differs))


def test_an_approval_that_runs_is_found_with_what_it_says(store: Store) -> None:
    _kept(store)
    (found,) = store.earlier(SUBJECT, ON, "order-2")
    assert (found.policy, found.version, found.product, found.indication) == (
        "CP.PHAR.134",
        "2025-11",
        "jylamvo",
        "rheumatoid-arthritis",
    )
    assert (found.evaluated_on, found.start, found.end) == (ON, ON, date(2027, 3, 9))
    assert [row["id"] for row in store.export()] == [found.id]


@pytest.mark.parametrize(
    ("on", "runs"),
    [
        (date(2026, 3, 9), False),
        (date(2026, 3, 10), True),
        (date(2027, 3, 9), True),
        (date(2027, 3, 10), False),
    ],
)
def test_an_approval_runs_from_its_first_day_to_its_last(store: Store, on: date, runs: bool) -> None:
    _kept(store)
    assert bool(store.earlier(SUBJECT, on, "order-2")) is runs


@pytest.mark.parametrize(("on", "runs"), [(date(2026, 9, 9), True), (date(2026, 9, 10), False)])
def test_an_approval_of_several_lines_runs_to_the_earliest_end(store: Store, on: date, runs: bool) -> None:
    terms = (Term("medicaid", 12, ON, date(2027, 3, 9)), Term("commercial", 6, ON, date(2026, 9, 9)))
    _kept(store, replace(APPROVED, line=None, approval=terms))
    assert bool(store.earlier(SUBJECT, on, "order-2")) is runs


@pytest.mark.parametrize("status", ["documentation-needed", "not-met", "refer"])
def test_no_other_status_is_an_approval(store: Store, status: str) -> None:
    _kept(store, replace(APPROVED, status=status))
    assert store.earlier(SUBJECT, ON, "order-2") == ()


def test_a_considered_order_is_no_approval(store: Store) -> None:
    _kept(store, hook="order-select", service="prior-auth-order-select")
    assert store.earlier(SUBJECT, ON, "order-2") == ()


@pytest.mark.parametrize(
    "other",
    [
        {"client": "https://another.example.org"},
        {"client": None},
        {"tenant": "clinic-8"},
        {"tenant": None},
        {"server": "https://another.example.org/fhir"},
        {"server": None},
        {"patient": "pat-2"},
    ],
    ids=str,
)
def test_an_approval_is_its_own_patients_client_tenant_and_server_alone(store: Store, other: dict[str, Any]) -> None:
    elsewhere = replace(SUBJECT, **other)
    _kept(store)
    assert store.earlier(elsewhere, ON, "order-2") == ()
    _kept(store, subject=elsewhere)
    assert len(store.earlier(SUBJECT, ON, "order-2")) == 1
    assert len(store.earlier(elsewhere, ON, "order-2")) == (1 if elsewhere.server else 0)


def test_an_open_service_reads_its_own_approvals(store: Store) -> None:
    anyone = Subject(None, None, "http://127.0.0.1:8080/fhir/", "pat-1")
    _kept(store, subject=anyone)
    assert len(store.earlier(replace(anyone, server="http://127.0.0.1:8080/fhir"), ON, "order-2")) == 1


@pytest.mark.parametrize(
    ("kept", "asked", "counts"),
    [
        ("order-1", "order-2", True),
        ("order-1", "order-1", False),
        (None, "order-2", False),
        ("order-1", None, False),
        (None, None, False),
    ],
)
def test_an_approval_counts_for_another_order_only(
    store: Store, kept: str | None, asked: str | None, counts: bool
) -> None:
    _kept(store, replace(APPROVED, order=kept))
    assert bool(store.earlier(SUBJECT, ON, asked)) is counts


def test_the_newest_approval_comes_first(store: Store) -> None:
    for days in (2, 0, 1):
        _kept(store, replace(APPROVED, version=f"day-{days}"), at=AT - timedelta(days=days))
    assert [found.version for found in store.earlier(SUBJECT, ON, "order-2")] == ["day-0", "day-1", "day-2"]


# --- retention


def test_retention_deletes_what_was_kept_before_a_day_and_nothing_of_that_day(address: str) -> None:
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    clock = [midnight - timedelta(microseconds=1)]
    store = Store(address, now=lambda: clock[0])
    store.upgrade()
    for card, at in ((CARD, midnight - timedelta(microseconds=1)), (replace(CARD, uuid="later"), midnight)):
        clock[0] = at
        store.keep(call(APPROVED, APPROVED, cards=(card, replace(card, told=None)), at=at))
        store.answer([feedback(card=card.uuid, at=AT)])
        store.first_use("issuer", card.uuid, at)
        sent = replace(FORM, token=card.uuid)
        store.keep(call(forms=(sent,), at=at))
        kept = store.form(sent.token)
        assert kept
        id = store.submit(kept, at, int(at == midnight), "A. Example, MD", {}, "{}")
        assert id
        store.deliver(id, at)
    clock[0] = midnight + timedelta(days=1)
    assert store.prune(ON) == Pruned(calls=2, feedback=1, answers=1, tokens=1)
    tables = ("call", "determination", "card", "form", "answers", "delivered", "feedback", "token_used")
    assert {table: _count(address, table) for table in tables} == {
        "call": 2,
        "determination": 2,
        "card": 2,
        "form": 1,
        "answers": 1,
        "delivered": 1,
        "feedback": 1,
        "token_used": 1,
    }
    assert {card["uuid"] for row in store.export() for card in row["cards"]} == {"later"}
    assert store.prune(ON) == Pruned(calls=0, feedback=0, answers=0, tokens=0)
    store.close()


def test_retention_forgets_no_token_that_may_still_live(store: Store) -> None:
    store.first_use("issuer", "alive", SOON)
    assert store.prune(ON + timedelta(days=365)).tokens == 0
    assert not store.first_use("issuer", "alive", SOON)


# --- what is nowhere in it

WORDS = {
    "patient": "pat-jane-roe-77",
    "server": "https://secret-server.example.org/fhir",
    "instance": "instance-of-jane-roe",
    "order": "order-of-jane-roe",
    "card": "card-of-jane-roe",
    "suggestion": "suggestion-for-jane-roe",
    "system": "system of jane roe",
    "code": "jane roe is my neighbour",
    "outcome": "jane roe went home",
    "jti": "jti-of-a-token-of-jane-roe",
    "body": "body-sha256-of-jane-roe-32-bytes",
}


def _filled(store: Store) -> None:
    told = replace(APPROVED, order=WORDS["order"])
    whose = replace(SUBJECT, patient=WORDS["patient"], server=WORDS["server"])
    card = CardSent(CARD.uuid, "coverage-info", "info", 0)
    body = WORDS["body"].encode()
    store.keep(call(told, subject=whose, instance=WORDS["instance"], cards=(card,), body_sha256=body))
    store.first_use("issuer", WORDS["jti"], SOON)
    store.earlier(whose, ON, WORDS["order"])
    reason = {"reason_system": WORDS["system"], "reason_code": WORDS["code"]}
    store.answer(
        [
            feedback(card=WORDS["card"], accepted=(WORDS["suggestion"],), **reason),
            feedback(outcome=WORDS["outcome"], commented=True),
        ]
    )


def _of_sqlite(address: str) -> bytes:
    """Every byte of the database's files, its write-ahead log included."""
    path = Path(parsed(address).database or "")
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def _of_postgresql(address: str) -> bytes:
    """Every row of every table."""
    engine = connect(parsed(address), pooled=False)
    with engine.connect() as opened:
        names = opened.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        found = [row for name in names for row in opened.scalars(text(f'SELECT t::text FROM "{name}" t'))]
    engine.dispose()
    return "\n".join(found).encode()


def test_no_id_no_name_and_no_token_is_in_the_database(store: Store, address: str) -> None:
    _filled(store)
    read: Callable[[str], bytes] = _of_sqlite if address.startswith("sqlite") else _of_postgresql
    dump = read(address)
    assert APPROVED.digest.encode() in dump
    found = [word for word in WORDS.values() if word.encode() in dump or word.encode().hex().encode() in dump]
    assert found == []
    assert b"jane" not in dump.lower()


def test_the_export_holds_hashes_that_join_and_no_id(store: Store) -> None:
    _filled(store)
    _filled(store)
    one, two = store.export()
    assert one["patient"] == two["patient"]
    assert one["order"] == two["order"]
    assert one["call"] != two["call"]
    said = json.dumps([one, two], default=str)
    assert [word for word in WORDS.values() if word in said] == []


# --- the export


def test_a_determination_is_exported_with_its_call_its_cards_and_their_feedback(store: Store) -> None:
    second = replace(APPROVED, order="order-2", status="not-met", approval=(), unmet=("I.B.2",), safety=("pregnancy",))
    second = replace(second, referral={"medicaid": ("CP.PMN.53",)}, criteria=(Criterion("I.B.2", "not-met", "2" * 16),))
    cards = (CARD, CardSent("second", "contraindication", "critical", 1), CardSent("none", "not-evaluated", "info"))
    kept = call(APPROVED, second, cards=cards, unread=1, notices=2, not_evaluated=3)
    store.keep(kept)
    store.answer([feedback(outcome="overridden", accepted=(), commented=True)])
    first, other = store.export()
    assert (first["call"], first["at"], first["took"]) == (kept.id, AT, {"total": 12.5, "decide": 4.25})
    assert (first["unread"], first["notices"], first["notEvaluated"]) == (1, 2, 3)
    assert first["criteria"] == [
        {"id": "I.B.1", "result": "met", "clause": "0" * 16},
        {"id": "I.B.2", "result": "met", "clause": "1" * 16},
    ]
    assert first["approval"] == [{"line": None, "months": 12, "start": ON, "end": date(2027, 3, 9)}]
    assert [card["uuid"] for card in first["cards"]] == [CARD.uuid]
    (answer,) = first["cards"][0]["feedback"]
    assert (answer["outcome"], answer["at"], answer["keptAt"], answer["commented"]) == ("overridden", AT, AT, True)
    assert (other["status"], other["unmet"], other["safety"]) == ("not-met", ["I.B.2"], ["pregnancy"])
    assert other["referral"] == [{"line": "medicaid", "policies": ["CP.PMN.53"]}]
    assert [(card["uuid"], card["feedback"]) for card in other["cards"]] == [("second", [])]


def test_the_export_takes_the_days_from_its_first_and_before_its_last(store: Store) -> None:
    moments = {
        "before": datetime(2026, 3, 9, 23, 59, 59, 999999, tzinfo=UTC),
        "first": datetime(2026, 3, 10, tzinfo=UTC),
        "last": datetime(2026, 3, 10, 23, 59, 59, 999999, tzinfo=UTC),
        "after": datetime(2026, 3, 11, tzinfo=UTC),
    }
    for name, at in moments.items():
        store.keep(call(APPROVED, at=at, correlation=name))
    found = [row["correlation"] for row in store.export(ON, ON + timedelta(days=1))]
    assert found == ["first", "last"]
    assert [row["correlation"] for row in store.export()] == list(moments)


def test_an_export_of_several_pages_leaves_nothing_out_and_says_nothing_twice(store: Store) -> None:
    kept = [call(APPROVED, at=AT + timedelta(seconds=number // 10)) for number in range(401)]
    for each in kept:
        store.keep(each)
    found = [row["call"] for row in store.export()]
    assert sorted(found, key=str) == sorted((each.id for each in kept), key=str)
    assert [row["at"] for row in store.export()] == sorted(each.at for each in kept)


# --- forks and ends


def test_a_call_is_kept_whole_or_not_at_all(store: Store, address: str) -> None:
    wrong = replace(APPROVED, criteria=(Criterion("I.B.1", "met", "0" * 16),), evaluated_on="no day")  # type: ignore[arg-type]
    with pytest.raises(Unkept):
        store.keep(call(APPROVED, wrong))
    assert [_count(address, table) for table in ("call", "determination")] == [0, 0]


def test_a_store_may_be_used_again_after_it_was_closed(store: Store) -> None:
    store.first_use("issuer", "jti", SOON)
    store.close()
    assert not store.first_use("issuer", "jti", SOON)


def test_a_secret_that_is_lost_is_a_failure(address: str) -> None:
    store = Store(address)
    store.upgrade()
    engine = connect(parsed(address), pooled=False)
    with engine.begin() as opened:
        if opened.dialect.name == "postgresql":
            opened.execute(text("ALTER TABLE secret DISABLE TRIGGER ALL"))
        else:
            opened.execute(text("DROP TRIGGER secret_for_ever"))
        opened.execute(text("DELETE FROM secret"))
    engine.dispose()
    with pytest.raises(Unkept, match="could not be written or read"):
        store.first_use("issuer", "jti", SOON)
    store.close()


def test_the_hashes_of_two_databases_have_nothing_in_common(store: Store, tmp_path: Path) -> None:
    another = Store(f"sqlite:///{tmp_path / 'another.db'}", now=lambda: AT)
    another.upgrade()
    for each in (store, another):
        each.keep(call(APPROVED))
    (one,), (two,) = store.export(), another.export()
    assert one["patient"] != two["patient"]
    another.close()
