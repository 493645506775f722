"""Who is let in: real tokens, real keys, a real server of keys. The digest's checks C55 to C65, a sentence each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.auth.clients import Client
from service.auth.gate import Gate, Refused, Verified
from service.auth.keys import ALGORITHMS
from tests.auth.key_server import KeyServer
from tests.auth.signing import NOW, URL, Ehr, ec_key, key_for, key_set, public_jwk, rsa_key

FEEDBACK = f"{URL}/feedback"
ISSUER = "https://ehr.example.org"
CLINIC = "https://clinic.example.org"
SANDBOX = "https://sandbox.cds-hooks.org"


@dataclass
class Door:
    """A gate with all that it reaches: its clock, what was used before, and every URL that it asked for."""

    clients: tuple[Client, ...]
    server: KeyServer
    now: float = NOW
    used: dict[tuple[str, str], datetime] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    memory_fails: Exception | None = None

    def __post_init__(self) -> None:
        self.gate = Gate(self.clients, get=self._get, first_use=self._first_use, now=lambda: self.now)

    def _get(self, url: str) -> bytes:
        self.asked.append(url)
        return self.server.get(url)

    def _first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        if self.memory_fails is not None:
            raise self.memory_fails
        return self.used.setdefault((issuer, jti), until) is until

    def admit(self, authorization: str | None, *urls: str) -> Verified:
        return self.gate.admit(authorization, urls or (URL,))

    def refusal(self, authorization: str | None, *urls: str) -> tuple[int, str]:
        before = dict(self.used)
        with pytest.raises(Refused) as caught:
            self.admit(authorization, *urls)
        assert self.used == before, "a refused token is not used up"
        assert caught.value.args == (caught.value.reason,)
        assert (caught.value.retry_after is not None) == (caught.value.status == 503)
        return caught.value.status, caught.value.reason


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "clinic.json").write_bytes(key_set(public_jwk(ec_key(name="clinic"), "k1")))
    (folder / "sandbox.json").write_bytes(key_set(public_jwk(ec_key(name="sandbox"), "44823f3d")))
    return folder


@pytest.fixture
def server() -> Iterator[KeyServer]:
    keys = [public_jwk(key_for(algorithm), f"{algorithm}-key") for algorithm in ALGORITHMS]
    with KeyServer(key_set(public_jwk(ec_key(), "k1"), public_jwk(rsa_key(), "r1", alg="RS384"), *keys)) as server:
        yield server


@pytest.fixture
def door(server: KeyServer, folder: Path) -> Door:
    return Door(
        (
            Client(ISSUER, server.url, None, audiences=("https://own.example",)),
            Client(CLINIC, None, folder / "clinic.json", tenants=("clinic-7", "clinic-8")),
            Client(SANDBOX, None, folder / "sandbox.json"),
        ),
        server,
    )


EHR = Ehr(ISSUER)


@pytest.fixture
def clinic() -> Ehr:
    return Ehr(CLINIC, private=ec_key(name="clinic"))


# C55


def test_a_valid_token_is_let_in_as_its_client(door: Door) -> None:
    assert door.admit(EHR.token()) == Verified(door.clients[0], None)


def test_an_audience_may_be_a_list(door: Door) -> None:
    assert door.admit(EHR.token(aud=["https://elsewhere.example", URL])).client.issuer == ISSUER


def test_a_client_s_own_audience_is_good_too_and_for_no_other_client(door: Door, clinic: Ehr) -> None:
    assert door.admit(EHR.token(aud="https://own.example")).client.issuer == ISSUER
    assert door.refusal(clinic.token(aud="https://own.example", tenant="clinic-7")) == (401, "aud")


def test_an_rs384_key_is_as_good(door: Door) -> None:
    assert door.admit(Ehr(ISSUER, "r1", "RS384", rsa_key()).token()).client.issuer == ISSUER


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_on_the_list_verifies_with_a_key_that_fits(door: Door, algorithm: str) -> None:
    ehr = Ehr(ISSUER, f"{algorithm}-key", algorithm, key_for(algorithm))
    assert door.admit(ehr.token()).client.issuer == ISSUER


# C56


@pytest.mark.parametrize("authorization", [None, "", "Basic dTpw", "Bearer", "Bearer x", "Bearer a.b.c"])
def test_without_a_token_nobody_is_let_in_and_no_key_is_asked_for(door: Door, authorization: str | None) -> None:
    assert door.refusal(authorization)[0] == 401
    assert door.asked == []


# C58


def test_an_issuer_that_is_no_client_is_refused(door: Door) -> None:
    assert door.refusal(replace(EHR, issuer="https://other.example").token()) == (401, "issuer")
    assert door.asked == []


@pytest.mark.parametrize(
    "aud",
    [
        "https://cds.example.org/cds-services",
        "https://cds.example.org/cds-services/prior-auth-order-select",
        "https://cds.example.org",
        "https://evil.example/cds-services/prior-auth-order-sign",
        FEEDBACK,
    ],
)
def test_an_audience_of_another_service_or_of_discovery_is_refused(door: Door, aud: str) -> None:
    assert door.refusal(EHR.token(aud=aud)) == (401, "aud")


def test_feedback_may_be_signed_for_the_service_or_for_the_feedback_url(door: Door) -> None:
    assert door.admit(EHR.token(aud=URL, jti="1"), FEEDBACK, URL).client.issuer == ISSUER
    assert door.admit(EHR.token(aud=FEEDBACK, jti="2"), FEEDBACK, URL).client.issuer == ISSUER


# C59


def test_a_token_that_expired_an_hour_ago_is_refused(door: Door) -> None:
    assert door.refusal(EHR.token(iat=NOW - 3900, exp=NOW - 3600)) == (401, "expired")


@pytest.mark.parametrize(
    ("claim", "reason"), [("iss", "issuer"), ("aud", "aud"), ("exp", "exp"), ("iat", "iat"), ("jti", "jti")]
)
def test_each_claim_is_required(door: Door, claim: str, reason: str) -> None:
    assert door.refusal(EHR.token(**{claim: None})) == (401, reason)


@pytest.mark.parametrize("issuer", ["", 7, [ISSUER], {ISSUER: 1}, True, [[]]])
def test_an_issuer_is_text(door: Door, issuer: Any) -> None:
    assert door.refusal(EHR.token(iss=issuer)) == (401, "issuer")


def test_the_time_is_that_of_the_verdict_not_of_the_arrival(door: Door, server: KeyServer) -> None:
    server.free.clear()
    with ThreadPoolExecutor(1) as pool:
        refusal = pool.submit(door.refusal, EHR.token(iat=NOW - 300, exp=NOW))
        assert server.hanging.wait(15)
        door.now = NOW + 10
        server.free.set()
        assert refusal.result(15) == (401, "expired")


# C60


@pytest.mark.parametrize("ahead", [0.5, 2, 10])
def test_a_clock_a_little_ahead_is_forgiven(door: Door, ahead: float) -> None:
    assert door.admit(EHR.token(iat=NOW + ahead)).client.issuer == ISSUER


@pytest.mark.parametrize("ahead", [11, 600])
def test_a_clock_far_ahead_is_not(door: Door, ahead: float) -> None:
    assert door.refusal(EHR.token(iat=NOW + ahead, exp=NOW + 3600)) == (401, "ahead")


# C61


def test_a_token_counts_once(door: Door) -> None:
    token = EHR.token()
    door.admit(token)
    assert door.refusal(token) == (401, "replayed")


def test_a_token_signed_anew_with_a_used_jti_is_a_replay(door: Door) -> None:
    door.admit(EHR.token())
    assert door.refusal(EHR.token(exp=NOW + 301)) == (401, "replayed")


def test_a_jti_is_its_issuer_s_own(door: Door, clinic: Ehr) -> None:
    door.admit(EHR.token())
    assert door.admit(clinic.token(tenant="clinic-7")).client.issuer == CLINIC


def test_a_jti_is_remembered_for_as_long_as_its_token_could_be_let_in(door: Door) -> None:
    door.admit(EHR.token(exp=NOW + 300))
    assert door.used == {(ISSUER, "t1"): datetime.fromtimestamp(NOW + 310, UTC)}


def test_a_token_refused_for_another_reason_is_not_used_up(door: Door) -> None:
    token = EHR.token()
    assert door.refusal(token, FEEDBACK) == (401, "aud")
    assert door.admit(token).client.issuer == ISSUER


def test_of_the_same_token_sent_at_once_by_many_one_is_let_in(door: Door) -> None:
    token, start = EHR.token(), threading.Barrier(20)

    def enter(_: int) -> str:
        start.wait(15)
        try:
            return door.admit(token).client.issuer
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(enter, range(20))) == [ISSUER] + ["replayed"] * 19


@pytest.mark.parametrize("error", [OSError("t1"), ValueError("t1"), RuntimeError("t1")])
def test_where_used_tokens_cannot_be_remembered_nobody_is_let_in(door: Door, error: Exception) -> None:
    door.memory_fails = error
    assert door.refusal(EHR.token()) == (503, "replay-unknown")
    door.memory_fails = None
    assert door.admit(EHR.token()).client.issuer == ISSUER


# C62


def test_an_unknown_kid_makes_one_more_fetch_and_is_refused(door: Door) -> None:
    door.admit(EHR.token())
    assert [door.refusal(replace(EHR, kid=kid).token()) for kid in "xyz"] == [(401, "key")] * 3
    assert len(door.asked) == 2


def test_a_rotated_key_is_let_in_at_once(door: Door, server: KeyServer) -> None:
    door.admit(EHR.token())
    new = Ehr(ISSUER, "k2", private=ec_key(name="new"))
    server.body = key_set(public_jwk(new.private, "k2"))
    assert door.admit(new.token(jti="t2")).client.issuer == ISSUER
    assert door.refusal(EHR.token(jti="t3")) == (401, "key")


def test_two_hundred_unknown_kids_make_one_fetch(door: Door) -> None:
    tokens = [replace(EHR, kid=f"x{n}").token() for n in range(200)]
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(door.refusal, tokens)) == {(401, "key")}
    assert len(door.asked) == 1


def test_where_keys_cannot_be_had_nobody_is_let_in_and_nothing_is_disproved(door: Door, server: KeyServer) -> None:
    server.status = 500
    assert door.refusal(EHR.token()) == (503, "keys-unavailable")
    server.status = 200
    door.now += 5
    assert door.admit(EHR.token()).client.issuer == ISSUER


def test_one_client_s_failing_server_is_no_other_client_s_trouble(door: Door, server: KeyServer, clinic: Ehr) -> None:
    server.status = 500
    assert door.refusal(EHR.token()) == (503, "keys-unavailable")
    assert door.admit(clinic.token(tenant="clinic-7")).client.issuer == CLINIC


# C63


def test_the_client_s_own_jku_is_good(door: Door, server: KeyServer) -> None:
    assert door.admit(EHR.token({"jku": server.url})).client.issuer == ISSUER


@pytest.mark.parametrize(
    "jku", ["https://ehr.example.org.evil.example/jwks.json", "http://169.254.169.254/", "http://127.0.0.1:1/", ""]
)
def test_any_other_jku_is_refused_and_never_asked(door: Door, jku: str) -> None:
    assert door.refusal(EHR.token({"jku": jku})) == (401, "jku")
    assert door.asked == []


def test_another_client_s_jku_is_another_s(door: Door, server: KeyServer) -> None:
    other = Client("https://third.example", f"{server.url}?", None)
    doors = Door((door.clients[0], other), server)
    assert doors.refusal(Ehr("https://third.example").token({"jku": server.url})) == (401, "jku")


def test_pinned_keys_are_used_whatever_the_jku_and_nothing_is_asked(door: Door) -> None:
    sandbox = Ehr(SANDBOX, "44823f3d", private=ec_key(name="sandbox"))
    token = sandbox.token({"jku": "https://sandbox.cds-hooks.org/.well-known/jwks.json"})
    assert door.admit(token).client.issuer == SANDBOX
    assert door.asked == []


# C64


def test_further_claims_and_headers_are_no_matter(door: Door) -> None:
    token = EHR.token({"x-own": 1}, sub="https://ehr.example.org", nbf=NOW - 300, tenant="t", scope=["x"])
    assert door.admit(token) == Verified(door.clients[0], "t")


def test_a_typ_may_be_left_out(door: Door) -> None:
    assert door.admit(EHR.token({"typ": None})).client.issuer == ISSUER


# C65


@pytest.mark.parametrize("tenant", ["clinic-7", "clinic-8"])
def test_a_listed_tenant_is_let_in_by_its_name(door: Door, clinic: Ehr, tenant: str) -> None:
    assert door.admit(clinic.token(tenant=tenant)).tenant == tenant


@pytest.mark.parametrize("tenant", ["\ud800", "two\nlines", "", "x" * 5_000])
def test_a_tenant_that_cannot_be_kept_is_refused(door: Door, tenant: str) -> None:
    assert door.refusal(EHR.token(tenant=tenant)) == (401, "tenant")


@pytest.mark.parametrize("tenant", [None, "clinic-9", "clinic-70", "CLINIC-7", "", 7, ["clinic-7"], {}])
def test_no_tenant_and_another_one_are_known_and_may_not(door: Door, clinic: Ehr, tenant: Any) -> None:
    assert door.refusal(clinic.token(tenant=tenant)) == (403, "tenant")


def test_a_token_that_is_bad_otherwise_learns_nothing_of_tenants(door: Door, clinic: Ehr) -> None:
    assert door.refusal(clinic.token(aud="x")) == (401, "aud")
    assert door.refusal(replace(clinic, private=ec_key()).token()) == (401, "signature")


@pytest.mark.parametrize("tenant", [7, ["x"], {}])
def test_without_a_list_a_tenant_that_is_no_text_is_none(door: Door, tenant: Any) -> None:
    assert door.admit(EHR.token(tenant=tenant)).tenant is None


def test_the_sandbox_is_no_client_unless_it_is_listed(door: Door, server: KeyServer) -> None:
    production = Door(door.clients[:2], server)
    assert production.refusal(Ehr(SANDBOX, "44823f3d", private=ec_key(name="sandbox")).token()) == (401, "issuer")


# The gate itself


def test_a_gate_without_clients_lets_nobody_in(server: KeyServer) -> None:
    assert Door((), server).refusal(EHR.token()) == (401, "issuer")


def test_a_client_without_keys_makes_no_gate(server: KeyServer) -> None:
    with pytest.raises(ValueError, match="without keys"):
        Door((Client(ISSUER, None, None),), server)


def test_a_key_file_that_is_gone_makes_no_gate(server: KeyServer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Door((Client(ISSUER, None, tmp_path / "gone.json"),), server)


def test_the_clock_is_the_real_one_unless_another_is_given(folder: Path) -> None:
    client = Client(CLINIC, None, folder / "clinic.json")
    gate = Gate((client,), get=lambda _: b"", first_use=lambda *_: True)
    seconds = datetime.now(UTC).timestamp()
    token = Ehr(CLINIC, private=ec_key(name="clinic")).token(iat=seconds, exp=seconds + 300)
    assert gate.admit(token, [URL]).client == client
