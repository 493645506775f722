"""JSON in and out: exact, and refused in words that quote nothing."""

from decimal import Decimal

import pytest

from service.wire import Dense, decode, encode


@pytest.mark.parametrize("text", ["1.10", "7.500", "66.899999999999991", "12345678901234567890.123"])
def test_decimals_come_out_as_they_went_in(text: str) -> None:
    assert decode(text.encode()) == Decimal(text)
    assert encode(decode(f'{{"value":{text}}}'.encode())) == f'{{"value":{text}}}'.encode()


@pytest.mark.parametrize(
    "body", [b"", b"{bad", b"NaN", b"\xff", b"[" * 5000 + b"]" * 5000, b"[" * 99_999, b'{"a":' * 99_999, b"[1,]"]
)
def test_what_is_no_json_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not JSON, or nested too deep$"):
        decode(body)


def test_two_hundred_levels_are_read() -> None:
    assert decode(b"[" * 200 + b"]" * 200)


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e-999999999", "7." + "1" * 100_000, "1e400"])
def test_a_number_that_no_chart_can_mean_is_left_as_text(text: str) -> None:
    assert decode(f"[{text}]".encode()) == [text]


@pytest.mark.parametrize("text", ["1e399", "1." + "1" * 62])
def test_the_largest_and_the_longest_numbers_are_numbers(text: str) -> None:
    assert decode(text.encode()) == Decimal(text)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 700_000 + b"{}]",
        b"[" + b"1," * 700_000 + b"1]",
        b"[" + b'{"a":{}},' * 200_000 + b"{}]",
    ],
    ids=["objects", "numbers", "objects in objects"],
)
def test_more_values_than_its_bytes_should_hold_are_refused_before_they_are_read(body: bytes) -> None:
    with pytest.raises(Dense):
        decode(body)


def test_a_small_body_may_be_as_dense_as_it_likes() -> None:
    assert len(decode(b"[" + b"{}," * 5_000 + b"{}]")) == 5_001
