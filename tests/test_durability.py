"""What was acknowledged is kept: servers killed amid feedback, on SQLite and on PostgreSQL."""

import http.client
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from itertools import islice
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import create_engine, text

from service.store.database import address
from tests import postgres
from tests.served import FEEDBACK, Served, ask

POSTS = 500
SENDERS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path}/records.sqlite3"
        else:
            yield stack.enter_context(postgres.database())


def item(card: str) -> dict[str, object]:
    return {"feedback": [{"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:06:49Z"}]}


def send(served: Served, cards: list[str], ended: Event) -> list[str]:
    """Post feedback card by card until the server is gone; the cards that were acknowledged."""
    acknowledged: list[str] = []
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as client:
        for card in cards:
            if ended.is_set():
                break
            with suppress(OSError, http.client.HTTPException):
                if ask(client, "POST", FEEDBACK, item(card)).status == 200:
                    acknowledged.append(card)
                continue
            client.close()
    return acknowledged


def kept(database: str) -> int:
    """How many answers to cards are in the database."""
    engine = create_engine(address(database))
    try:
        with engine.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM feedback")) or 0)
    finally:
        engine.dispose()


def test_what_was_acknowledged_before_a_kill_is_there_once_after_the_restart(database: str, tmp_path: Path) -> None:
    cards, ended = [str(uuid.uuid4()) for _ in range(POSTS)], Event()
    shares = [list(islice(cards, n, None, SENDERS)) for n in range(SENDERS)]
    serving = {"COUNTERSIGN_DATABASE_URL": database, "COUNTERSIGN_WORKERS": "2"}
    with Served(tmp_path, **serving) as served, ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send, served, share, ended) for share in shares]
        while kept(database) < POSTS // 4:
            time.sleep(0.01)
        served.kill()
        ended.set()
        acknowledged = [card for found in sending for card in found.result()]
    assert POSTS // 8 < len(acknowledged) < POSTS
    before = kept(database)
    assert before >= len(acknowledged)
    with Served(tmp_path, **serving) as served:
        assert send(served, acknowledged, Event()) == acknowledged
        assert kept(database) == before  # each of them was there already
        assert sorted(send(served, cards, Event())) == sorted(cards)
        assert kept(database) == POSTS
