"""Keyed hashes: the same for the same parts, another for any others."""

from itertools import combinations

from service.store.keyed import Keyed

ONE, OTHER = Keyed(b"1" * 32), Keyed(b"2" * 32)


def test_the_same_parts_hash_alike_and_only_under_one_secret() -> None:
    assert ONE("patient", "a", "b") == Keyed(b"1" * 32)("patient", "a", "b")
    assert ONE("patient", "a", "b") != OTHER("patient", "a", "b")


def test_no_two_lists_of_parts_hash_alike() -> None:
    lists = [(), (None,), ("",), ("", ""), ("ab",), ("a", "b"), ("b", "a"), ("a", None, "b"), ("a-b",), ("+",), ("-",)]
    hashes = [ONE("patient", *parts) for parts in lists] + [ONE("order", "ab")]
    assert all(a != b for a, b in combinations(hashes, 2))


def test_any_text_that_json_can_hold_can_be_hashed() -> None:
    assert len(ONE("patient", "\ud800\x00")) == 64


def test_a_secret_is_not_told_by_its_keeper() -> None:
    assert "1" * 4 not in repr(ONE)
