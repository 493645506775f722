"""Any JSON at all, built of the members that a reader looks at."""

from typing import Any

from hypothesis import strategies as st

from tests.fhir.synthetic import JSON

_SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.decimals() | st.text("aZ09-#/|é ", max_size=6)


def anything(members: str, words: str) -> st.SearchStrategy[Any]:
    """JSON of these members (names apart by spaces) and, beside any scalar, these words."""
    names, said = st.sampled_from(members.split()), st.sampled_from(words.split())
    return st.recursive(
        _SCALARS | said,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4),
        max_leaves=10,
    )


def resources(kind: str, members: str, words: str) -> st.SearchStrategy[JSON]:
    """A resource of a type whose members hold any JSON."""
    inner = anything(members, words)
    optional = dict.fromkeys(members.split(), inner)
    return st.fixed_dictionaries({"resourceType": st.just(kind)}, optional=optional)
