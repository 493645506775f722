"""An Authorization header taken apart, or refused with a word."""

from typing import Any

import pytest

from service.auth.refused import Refused
from service.auth.token import read
from tests.auth.signing import part

GOOD = f"{part({'alg': 'ES384'})}.{part({'iss': 'a'})}.{part(b'signature')}"


def reason(authorization: str | None) -> str:
    with pytest.raises(Refused) as caught:
        read(authorization)
    assert (caught.value.status, caught.value.retry_after) == (401, None)
    return caught.value.reason


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_a_bearer_token_is_taken_apart(scheme: str) -> None:
    token = read(scheme + GOOD)
    assert (token.text, token.header, token.claims) == (GOOD, {"alg": "ES384"}, {"iss": "a"})


@pytest.mark.parametrize("authorization", [None, ""])
def test_no_header_is_no_token(authorization: str | None) -> None:
    assert reason(authorization) == "no-token"


@pytest.mark.parametrize(
    "authorization", ["Basic dTpw", GOOD, f"Bearer\t{GOOD}", f"Token {GOOD}", f" Bearer {GOOD}", " "]
)
def test_another_scheme_is_not_bearer(authorization: str) -> None:
    assert reason(authorization) == "not-bearer"


def padded(length: int) -> str:
    """A well-formed header of that many characters."""
    start = f"Bearer {GOOD}"
    return start + "A" * (length - len(start))


def test_a_header_of_8_kilobytes_is_read() -> None:
    assert read(padded(8192)).claims == {"iss": "a"}


def test_a_header_of_a_byte_more_is_too_long() -> None:
    assert reason(padded(8193)) == "too-long"


@pytest.mark.parametrize(
    "token",
    [
        *("", "a", "a.b", ".", "..", "٣.٣.٣", GOOD[:-12], "." + GOOD, "A" + GOOD, f'"{GOOD}"'),
        *(GOOD + more for more in (".", ".YQ", ".YQ.YQ", "=", "\n", f" {GOOD}", f",Bearer {GOOD}")),
        *(GOOD.replace(".", odd, 1) for odd in ("!.", "+.", "=.", " . ")),
    ],
)
def test_what_is_no_compact_jws_is_malformed(token: str) -> None:
    assert reason(f"Bearer {token}") == "malformed"


@pytest.mark.parametrize("broken", ["", "text", b"\xff", [], 7, None, "{", '{"a":1,"a":2}', '{"a":NaN}', "[" * 5000])
def test_a_part_that_is_no_one_json_object_is_malformed(broken: Any) -> None:
    assert reason(f"Bearer {part(broken)}.{part({})}.YQ") == "malformed"
    assert reason(f"Bearer {part({})}.{part(broken)}.YQ") == "malformed"
