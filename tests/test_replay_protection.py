"""A client's token serves once: over threads, workers, restarts and machines that share a database."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import postgres
from tests.auth.signing import Ehr, public_jwk
from tests.charts import build
from tests.served import SIGN, Served

OWN = Ehr()
BASE = "https://cds.example.org"
APPROVABLE = build({"name": "approvable", "base": "jylamvo-ra"})
AT_ONCE = 30


@pytest.fixture
def trusted(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "ehr.json").write_text(json.dumps({"keys": [public_jwk(OWN.private, OWN.kid)]}), encoding="utf-8")
    clients = tmp_path / "clients.toml"
    clients.write_text(f'[[client]]\nissuer = "{OWN.issuer}"\njwks_file = "ehr.json"\n', encoding="utf-8")
    return {"COUNTERSIGN_CLIENTS": str(clients), "COUNTERSIGN_PUBLIC_URL": BASE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    return tmp_path


def bearer() -> dict[str, str]:
    now = int(time.time())
    token = OWN.token(aud=f"{BASE}{SIGN}", iat=now, exp=now + 300, jti=str(uuid.uuid4()))
    return {"Authorization": token}


def statuses(servers: list[Served], headers: dict[str, str]) -> list[int]:
    """The answers to one token sent many times at once, to each server by turns."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [pool.submit(servers[n % len(servers)].post, SIGN, APPROVABLE, headers) for n in range(AT_ONCE)]
        return [answer.result().status for answer in sent]


def test_a_token_sent_many_times_at_once_serves_once_and_not_after_a_restart(
    folder: Path, trusted: dict[str, str]
) -> None:
    headers = bearer()
    with Served(folder, COUNTERSIGN_WORKERS="4", **trusted) as served:
        found = statuses([served], headers)
        assert (found.count(200), found.count(401)) == (1, AT_ONCE - 1)
    with Served(folder, COUNTERSIGN_WORKERS="4", **trusted) as served:
        assert served.post(SIGN, APPROVABLE, headers).status == 401
        assert served.post(SIGN, APPROVABLE, bearer()).status == 200


def test_a_token_serves_once_over_machines_that_share_a_database(folder: Path, trusted: dict[str, str]) -> None:
    with postgres.database() as url:
        shared = {**trusted, "COUNTERSIGN_DATABASE_URL": url}
        with Served(folder, **shared) as one, Served(folder / "other", **shared) as other:
            found = statuses([one, other], bearer())
            assert (found.count(200), found.count(401)) == (1, AT_ONCE - 1)
