"""What was asked of the EHR's FHIR server and failed. Knows names of queries and reasons, no answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.doctor.given import Given
from service.doctor.report import Note

_HINTS = (
    ("401", "The token was refused: lend one that outlives the call, issued for this FHIR server."),
    ("403", "Give the token the scope to read this type (patient/*.read, or user/*.read)."),
    ("404", "fhirServer must be the base URL that answers {type}?patient=…; check its path."),
    ("redirect", "Give the base URL that answers itself: the token follows no redirect."),
    ("origin", "Serve every page from the origin of fhirServer: the token goes nowhere else."),
)
_ELSE = "Send the list in prefetch, or make the server answer within the call's deadline."


def fetches(given: Given, fetched: Mapping[str, str]) -> Iterator[Note]:
    """The notes on queries that failed, by name."""
    for name, reason in fetched.items():
        said = given.quotes.sentence(reason)
        mend = next((hint for word, hint in _HINTS if word in said.casefold()), _ELSE)
        yield Note("look", "fetch-failed", _query(given, name), f"could not be had from fhirServer: {said}", mend)


def _query(given: Given, name: str) -> str:
    """A query without its values: the patient's id is one."""
    kind, search, parameters = name.partition("?")
    if not search:
        return given.quotes.reference(name)
    return f"{given.quotes.kind(kind)}?{given.quotes.key(parameters.partition('=')[0])}=…"
