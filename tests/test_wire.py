"""JSON in and out: exact, and refused in words that quote nothing."""

from decimal import Decimal

import pytest

from service.wire import decode, encode


@pytest.mark.parametrize("text", ["1.10", "7.500", "66.899999999999991", "12345678901234567890.123"])
def test_decimals_come_out_as_they_went_in(text: str) -> None:
    assert decode(text.encode()) == Decimal(text)
    assert encode(decode(f'{{"value":{text}}}'.encode())) == f'{{"value":{text}}}'.encode()


@pytest.mark.parametrize("body", [b"", b"{bad", b"NaN", b"\xff", b"[" * 5000 + b"]" * 5000, b"[1,]"])
def test_what_is_no_json_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not JSON, or nested too deep$"):
        decode(body)


def test_two_hundred_levels_are_read() -> None:
    assert decode(b"[" * 200 + b"]" * 200)
