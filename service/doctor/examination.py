"""The examination of one request, chapter by chapter. A chapter that fails is said to, and stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from types import MappingProxyType

from service.decide import Office, Unavailable
from service.determination import Outcome
from service.doctor.body import open_body
from service.doctor.codes import codes
from service.doctor.coverages import coverages
from service.doctor.decided import answer, at, decided, outcomes
from service.doctor.drafts import drafts
from service.doctor.envelope import envelope
from service.doctor.fetches import fetches
from service.doctor.given import Given, lay_out
from service.doctor.orders import orders
from service.doctor.prefetched import prefetched
from service.doctor.prescribers import prescribers
from service.doctor.report import Chapter, Note, Report
from service.doctor.resources import resources

_CHAPTERS: tuple[tuple[str, str, Callable[[Given], Iterable[Note]]], ...] = (
    ("drafts", "The draft orders", drafts),
    ("prefetch", "The prefetch, as discovery asks for it", prefetched),
    ("resources", "Resources: unread, set aside, repaired", resources),
    ("codes", "Codes", codes),
    ("orders", "Medication and dose of each order", orders),
    ("coverage", "Coverage and line of business", coverages),
    ("prescriber", "Specialty of the prescriber", prescribers),
)
_NO_FETCHES: Mapping[str, str] = MappingProxyType({})


def examine(body: bytes, office: Office, today: date, fetched: Mapping[str, str] = _NO_FETCHES) -> Report:
    """All that is odd about the hook request in `body`. `fetched` names the queries to the EHR's FHIR server that
    failed, with the fixed reason of each. Never raises, whatever the body."""
    try:
        return _examined(body, office, today, fetched)
    except Exception as error:  # the doctor's own fault: its kind is told, never its message, which may quote
        note = Note("wrong", "doctor-failed", "the doctor", f"failed on this request ({type(error).__name__})")
        return Report("not known", (Chapter("body", "The body", (note,)),))


def _examined(body: bytes, office: Office, today: date, fetched: Mapping[str, str]) -> Report:
    found, notes = open_body(body)
    if found is None:
        return Report("400, the body is no hook request", (Chapter("body", "The body", notes),))
    given = lay_out(found, office, today)
    request = Chapter("request", "The request", (*notes, *noted(partial(envelope, given))))
    listed = [Chapter(name, title, noted(partial(read, given))) for name, title, read in _CHAPTERS]
    told, criteria = _decided(given)
    failed = Chapter("fetching", "The EHR's FHIR server", noted(partial(fetches, given, fetched)))
    decision = Chapter("criteria", "What is decided, and what would settle the rest", criteria)
    return Report(told, (request, *listed, failed, decision))


def noted(read: Callable[[], Iterable[Note]]) -> tuple[Note, ...]:
    """The notes of a chapter, or the one note that it failed."""
    try:
        return tuple(read())
    except Exception as error:  # see `examine`
        said = f"failed on this chapter ({type(error).__name__}); what it would have said is not known"
        return (Note("look", "doctor-failed", "the doctor", said),)


def _decided(given: Given) -> tuple[str, tuple[Note, ...]]:
    """The service's answer, and the notes on it; a request that is refused is not decided."""
    if given.refused is not None:
        said = f"the service refuses the request ({given.quotes.sentence(at(given))}): nothing is decided"
        return answer(given, ()), (Note("fine", "not-decided", "the request", said),)
    try:
        found: tuple[Outcome, ...] | Unavailable = outcomes(given)
    except Exception as error:  # the service answers 500 here
        said = f"the service fails on this request ({type(error).__name__}): it answers 500"
        return "500", (Note("wrong", "service-failed", "the request", said),)
    return answer(given, found), noted(partial(decided, given, found))
