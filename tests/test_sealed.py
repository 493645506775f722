"""The token of a form, and what is sealed under it."""

import pytest

from service.sealed import mark, new_token, seal, unseal


def test_what_is_sealed_is_had_by_its_token() -> None:
    token = new_token()
    assert unseal(token, seal(token, {"patient": "Müller", "n": [1]})) == {"patient": "Müller", "n": [1]}


def test_another_token_opens_nothing() -> None:
    sealed = seal(new_token(), {"patient": "x"})
    with pytest.raises(ValueError, match="another token"):
        unseal(new_token(), sealed)


def test_neither_token_nor_content_stands_in_what_is_kept() -> None:
    token = new_token()
    sealed = seal(token, {"patient": "Chalmers"})
    assert b"Chalmers" not in sealed
    assert token.encode() not in sealed
    assert token not in mark(token)


def test_no_two_tokens_are_alike_and_each_has_256_bits() -> None:
    found = {new_token() for _ in range(1000)}
    assert len(found) == 1000
    assert {len(token) for token in found} == {43}
    assert len({mark(token) for token in found}) == 1000
