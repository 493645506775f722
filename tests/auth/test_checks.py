"""The two tables, line by line: what passes just so, and what just fails."""

from pathlib import Path
from typing import Any

import pytest

from service.auth.checks import CLAIMS, HEADER, Call, hold
from service.auth.clients import Client
from service.auth.refused import Refused
from tests.auth.signing import NOW, URL, Ehr

FETCHED = Client("https://ehr.example.org", "https://ehr.example.org/jwks.json", None)
PINNED = Client("https://ehr.example.org", None, Path("jwks.json"))
DAY = 24 * 3600


def header(client: Client = FETCHED, **changed: Any) -> str | None:
    try:
        hold(HEADER, Ehr().header() | changed, client)
    except Refused as refused:
        return _told(refused)
    return None


def claims(now: float = NOW, audiences: tuple[str, ...] = (URL,), without: str = "", **changed: Any) -> str | None:
    told = {name: value for name, value in (Ehr().claims() | changed).items() if name != without}
    try:
        hold(CLAIMS, told, Call(audiences, now))
    except Refused as refused:
        return _told(refused)
    return None


def _told(refused: Refused) -> str:
    assert (refused.status, refused.retry_after, str(refused)) == (401, None, refused.reason)
    return refused.reason


@pytest.mark.parametrize("typ", ["JWT", "jwt", None])
def test_a_typ_is_jwt_or_absent(typ: str | None) -> None:
    assert header(typ=typ) is None


@pytest.mark.parametrize("typ", ["at+jwt", "JOSE", "", 7, ["JWT"]])
def test_a_token_of_another_kind_is_no_client_s(typ: Any) -> None:
    assert header(typ=typ) == "typ"


@pytest.mark.parametrize("crit", [[], ["exp"], ["b64"], None, "b64"])
def test_nothing_is_understood_that_must_be(crit: Any) -> None:
    assert header(crit=crit, b64=True) == "crit"


@pytest.mark.parametrize(
    "alg",
    ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "ES256K", "EdDSA", "es384", " ES384", None, 7, ["ES384"]],
)
def test_an_algorithm_off_the_list_is_refused(alg: Any) -> None:
    assert header(alg=alg) == "alg"


@pytest.mark.parametrize("kid", [None, "", 7, ["k1"], {"k1": 1}, True])
def test_a_kid_must_be_text(kid: Any) -> None:
    assert header(kid=kid) == "kid"


def test_a_jku_may_be_the_client_s_own_or_absent() -> None:
    assert header(jku=FETCHED.jwks_url) is None
    assert header(jku=None) is None


@pytest.mark.parametrize(
    "jku",
    [
        "https://ehr.example.org/jwks.json/",
        "https://ehr.example.org/jwks.json?",
        "https://EHR.example.org/jwks.json",
        "https://ehr.example.org:443/jwks.json",
        "http://ehr.example.org/jwks.json",
        "https://ehr.example.org.evil.example/jwks.json",
        "https://ehr.exаmple.org/jwks.json",
        "http://169.254.169.254/",
        "",
        7,
        ["https://ehr.example.org/jwks.json"],
    ],
)
def test_any_other_jku_is_refused(jku: Any) -> None:
    assert header(jku=jku) == "jku"


def test_where_keys_are_pinned_a_jku_is_never_fetched_and_may_say_anything() -> None:
    assert header(PINNED, jku="https://sandbox.cds-hooks.org/.well-known/jwks.json") is None


@pytest.mark.parametrize("claim", ["exp", "iat", "jti", "aud"])
def test_a_claim_that_is_missing_or_null_is_refused(claim: str) -> None:
    assert claims(without=claim) == claim
    assert claims(**{claim: None}) == claim


@pytest.mark.parametrize("value", [str(NOW), [NOW], True, {}, -1, 253402300800, float("inf"), 10**400])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_time_must_be_a_number_of_seconds(claim: str, value: Any) -> None:
    assert claims(**{claim: value}) == claim


def test_a_null_nbf_is_no_time() -> None:
    assert claims(nbf=None) == "nbf"


def test_times_may_have_fractions() -> None:
    assert claims(iat=NOW + 0.5, exp=NOW + 300.25, nbf=NOW - 0.5) is None


@pytest.mark.parametrize("jti", ["a", "x" * 256, "urn:uuid:0f0e", "Ünï"])
def test_a_jti_may_be_any_text_of_up_to_256_characters(jti: str) -> None:
    assert claims(jti=jti) is None


@pytest.mark.parametrize("jti", ["", "x" * 257, 7, ["a"], True, "a\0", "a\n", "\ud800"])
def test_a_jti_that_is_empty_long_or_no_plain_text_is_refused(jti: Any) -> None:
    assert claims(jti=jti) == "jti"


@pytest.mark.parametrize(("ahead", "reason"), [(0.5, None), (2, None), (10, None), (11, "ahead"), (600, "ahead")])
def test_iat_may_be_ten_seconds_ahead(ahead: float, reason: str | None) -> None:
    assert claims(iat=NOW + ahead, exp=NOW + 3600) == reason


@pytest.mark.parametrize(("ahead", "reason"), [(-300, None), (10, None), (11, "early")])
def test_nbf_may_be_ten_seconds_ahead(ahead: int, reason: str | None) -> None:
    assert claims(nbf=NOW + ahead) == reason


@pytest.mark.parametrize(
    ("late", "reason"), [(9, None), (9.9, None), (10, "expired"), (11, "expired"), (3600, "expired")]
)
def test_a_token_counts_until_ten_seconds_after_exp(late: float, reason: str | None) -> None:
    assert claims(now=NOW + late, iat=NOW - 300, exp=NOW) == reason


@pytest.mark.parametrize(
    ("length", "reason"),
    [(-1, "lifetime"), (0, "lifetime"), (1, None), (DAY - 1, None), (DAY, None), (DAY + 1, "lifetime")],
)
def test_a_token_lives_up_to_a_day_and_no_less_than_a_moment(length: int, reason: str | None) -> None:
    assert claims(iat=NOW, exp=NOW + length) == reason


@pytest.mark.parametrize("aud", [URL, [URL], ["https://elsewhere.example", URL], "https://own.example"])
def test_an_audience_may_be_one_of_several(aud: Any) -> None:
    assert claims(aud=aud, audiences=(f"{URL}/feedback", URL, "https://own.example")) is None


@pytest.mark.parametrize(
    "aud",
    [
        *("", [], {}, 7, [[URL]], [URL, 7], [URL, None], {URL: 1}),
        *(f"{URL}/", f"{URL}/feedback", URL.upper(), f" {URL}", URL[:-1], ["https://elsewhere.example"]),
    ],
)
def test_any_other_audience_is_refused(aud: Any) -> None:
    assert claims(aud=aud) == "aud"


def test_without_an_audience_of_ours_none_is_good() -> None:
    assert claims(audiences=()) == "aud"
