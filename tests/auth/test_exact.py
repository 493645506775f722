"""One reading of a JSON object, or none."""

import pytest

from service.auth.exact import read_object


def test_an_object_is_read() -> None:
    assert read_object('{"iss": "é", "aud": ["a"], "n": {"x": 1}}'.encode()) == {
        "iss": "é",
        "aud": ["a"],
        "n": {"x": 1},
    }


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'"text"',
        b"null",
        b"{",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"exp": NaN}',
        b'{"exp": Infinity}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 100_000,
    ],
)
def test_anything_else_is_refused_in_words_that_quote_nothing(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not a JSON object$"):
        read_object(document)
