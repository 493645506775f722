"""What came back for a question: a prefetch value or a search's answer, read into resources and one of three answers.

"Nothing there", "could not ask" and "had" are kept apart (CDS Hooks 2.0, prefetch). Knows no resource type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from service.case import Answer, CouldNotAsk, Had, NothingThere
from service.fhir.elements import Json, items, number, text

NAMED = "urn:countersign:"  # what the service names of its own, beside a chart
_PARTIAL = "further pages could not be read"


class Entry(NamedTuple):
    """A resource, and the absolute URL or urn:uuid that its Bundle gives it."""

    url: str | None
    resource: Json


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and the resources that came with it (also beside an error: they are real, the list is not whole)."""

    answer: Answer
    entries: tuple[Entry, ...] = ()


def read_answer(value: Any) -> Answered:
    """A prefetch value of any shape: null, a Bundle, a single resource, a list, an OperationOutcome, or nonsense."""
    match value:
        case None:
            return Answered(NothingThere())
        case {"resourceType": "Bundle"}:
            return _bundle(value)
        case {"resourceType": "OperationOutcome"}:
            return Answered(CouldNotAsk("the EHR answered with an error"))
        case {"resourceType": str()}:
            return Answered(Had(), (Entry(None, value),))
        case list():
            return _listed(value)
        case _:
            return Answered(CouldNotAsk("what the EHR sent is no FHIR resource"))


def entries_of(bundle: Any) -> Iterator[Entry]:
    """The entries of a Bundle that hold a resource (or are one)."""
    for entry in items(bundle, "entry"):
        if (resource := _resource(entry)) is not None:
            url = text(entry, "fullUrl")
            yield Entry(None if url and url.startswith(NAMED) else url, resource)  # nobody else's is under our name


def unreadable_in(bundle: Any) -> int:
    """How many entries of a Bundle hold no resource that can be read."""
    entry = bundle.get("entry") if isinstance(bundle, dict) else None
    listed = entry if isinstance(entry, list) else [] if entry is None else [entry]
    return sum(not isinstance(e, dict) or _resource(e) is None for e in listed)


def _resource(entry: Json) -> Json | None:
    found = entry if "resourceType" in entry else entry.get("resource")
    return found if isinstance(found, dict) and isinstance(found.get("resourceType"), str) else None


def _bundle(bundle: Json) -> Answered:
    entries = tuple(entries_of(bundle))
    outcomes = [e.resource for e in entries if e.resource["resourceType"] == "OperationOutcome"]
    nested = [read_answer(e.resource) for e in entries if e.resource["resourceType"] == "Bundle"]
    own = tuple(e for e in entries if e.resource["resourceType"] not in ("OperationOutcome", "Bundle"))
    found = (*own, *(entry for part in nested for entry in part.entries))
    if any(failed(outcome) for outcome in outcomes):
        return Answered(CouldNotAsk("the EHR answered with an error"), found)
    if unreadable_in(bundle):
        return Answered(CouldNotAsk("entries of the EHR's answer could not be read"), found)
    if nested:
        return Answered(worst([*(part.answer for part in nested), _had(own, bundle)]), found)
    return Answered(_had(own, bundle), found)


def _had(found: tuple[Entry, ...], bundle: Json) -> Answer:
    if found:
        return Had(complete=False, why=_PARTIAL) if _more(bundle, _matches(bundle)) else Had()
    return CouldNotAsk("the EHR's answer is not whole") if _more(bundle, 0) else NothingThere()


def _listed(values: list[Any]) -> Answered:
    parts = [read_answer(v["resource"] if isinstance(v, dict) and "resource" in v else v) for v in values]
    return Answered(worst(part.answer for part in parts), tuple(entry for part in parts for entry in part.entries))


def failed(outcome: Json) -> bool:
    """Whether an OperationOutcome among entries says failure: all but one of information and warnings does (reading,
    section 15)."""
    told = [(text(issue, "severity") or "").lower() for issue in items(outcome, "issue")]
    return not told or any(severity not in ("information", "warning") for severity in told)


def _matches(bundle: Json) -> int:
    modes = [text(e.get("search"), "mode") for e in items(bundle, "entry")]
    return sum(mode in (None, "match") for mode in modes)


def _more(bundle: Json, had: int) -> bool:
    if any((text(link, "relation") or "").lower() == "next" for link in items(bundle, "link")):
        return True
    total = number(bundle, "total")
    return bundle.get("total") is not None and (total is None or total > had)


def worst(answers: Iterable[Answer]) -> Answer:
    """One answer of several: could not ask, before not whole, before had, before nothing there."""
    listed = list(answers)
    failed = next((a for a in listed if isinstance(a, CouldNotAsk)), None)
    if failed:
        return failed
    had = [a for a in listed if isinstance(a, Had)]
    return next((a for a in had if not a.complete), Had()) if had else NothingThere()
