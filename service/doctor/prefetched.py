"""The prefetch, key by key as discovery asks for it: what came, and how the service takes it.

Reads answers, not charts: how many resources of which type, whole or not, and never what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from service.case import Answer, CouldNotAsk, Had
from service.doctor.body import called
from service.doctor.given import Given
from service.doctor.report import Note
from service.fhir.answers import read_answer, unreadable_in
from service.fhir.elements import Json, items, text
from service.hooks.discovery import KEYS, template

_REFERRED = frozenset({"Medication", "Practitioner", "PractitionerRole", "Organization"})
_SEVERE = ("error", "fatal")


def prefetched(given: Given) -> Iterator[Note]:
    """The notes on prefetch: each key that discovery asks for, then the keys that nobody asked for."""
    kinds = given.office.library.resources()
    extra = {k: v for k, v in given.request.prefetch.items() if k not in {KEYS[kind] for kind in kinds}}
    held = {key: _kinds(given, value) for key, value in extra.items()}
    missing = [kind for kind in kinds if KEYS[kind] not in given.request.prefetch]
    for kind in kinds:
        if kind not in missing:
            yield _came(given, kind, given.request.prefetch[KEYS[kind]])
    yield from _omitted(given, missing, held)
    for key, found in held.items():
        yield _unasked(given, key, extra[key], found, [*kinds, *_REFERRED])


def _came(given: Given, kind: str, value: Any) -> Note:
    at, answer = f"prefetch.{KEYS[kind]}", given.chart.answer(kind)
    listed = _kinds(given, value)
    others = Counter({k: n for k, n in listed.items() if k != kind})
    errors, mild = _issues(given, value)
    if listed.get(kind):
        return _had(at, kind, listed[kind], others, answer, errors)
    if isinstance(answer, Had) or (listed and not errors):
        said = f"holds no {kind}, but {_counted(others)}"
        mend = f"Answer {template(kind)} under this key."
        return Note(_grave(kind), "prefetch-other-type", at, said, mend)
    if errors:
        said = f"could not be asked: OperationOutcome {', '.join(errors)}"
        return Note(
            _grave(kind), "prefetch-failed", at, said, f"Mend what keeps the EHR from answering {template(kind)}."
        )
    if isinstance(answer, CouldNotAsk):
        return _nonsense(at, kind, value)
    return _nothing(at, kind, value, mild)


def _grave(kind: str) -> Any:
    """Without the Patient there is no answer (412); without another list its criteria stay unknown."""
    return "wrong" if kind == "Patient" else "look"


def _had(at: str, kind: str, count: int, others: Counter[str], answer: Answer, errors: list[str]) -> Note:
    beside = f", beside {_counted(others)}" if others else ""
    if errors:
        said = f"{count} {kind}{beside}, and an OperationOutcome {', '.join(errors)}: the list is not whole"
        return Note("look", "prefetch-not-whole", at, said, "Absence counts for nothing in a list that is not whole.")
    if isinstance(answer, Had) and answer.complete:
        return Note("fine", "prefetch-came", at, f"{count} {kind}{beside}, whole")
    said = f"{count} {kind}{beside}, not surely whole: {_why(answer)}"
    mend = "Send every page, or fhirServer and fhirAuthorization so that the service follows the next link."
    return Note("look", "prefetch-not-whole", at, said, mend)


def _why(answer: Answer) -> str:
    match answer:
        case CouldNotAsk(why):
            return why
        case Had(why=why) if why:
            return why
        case _:
            return "a next link, a total above what came, or types that were not asked for"


def _nonsense(at: str, kind: str, value: Any) -> Note:
    mend = (
        f"Send the answer of {template(kind)}: {'the Patient' if kind == 'Patient' else 'a searchset Bundle'}, or null."
    )
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        count = unreadable_in(value)
        said = f"{count} entries hold no resource that can be read" if count else "an empty page of a longer list"
        return Note(_grave(kind), "prefetch-unreadable", at, said, mend)
    if isinstance(value, dict) and "resource" in value:
        said, mend = "wraps the answer in `resource`, as CDS Hooks before 1.0 did", "Send the resource itself."
        return Note(_grave(kind), "prefetch-wrapped", at, said, mend)
    said = f"is {called(value)}, no FHIR resource" + (" (no resourceType)" if isinstance(value, dict) else "")
    return Note(_grave(kind), "prefetch-nonsense", at, said, mend)


def _nothing(at: str, kind: str, value: Any, mild: list[str]) -> Note:
    form = "null" if value is None else f"an OperationOutcome {', '.join(mild)}" if mild else "an empty list"
    if kind == "Patient":
        return Note("wrong", "prefetch-no-patient", at, f"{form}: there is no patient to evaluate", "Send the Patient.")
    return Note("fine", "prefetch-empty", at, f"{form}: read as 'asked, and nothing there'")


def _omitted(given: Given, missing: list[str], held: dict[str, Counter[str]]) -> Iterator[Note]:
    """Keys that were asked for and did not come: those that stand under another name, then the rest together."""
    absent = []
    for kind in missing:
        elsewhere = [given.quotes.key(key) for key, found in held.items() if found.get(kind)]
        if elsewhere:
            said = f"did not come under this name; {', '.join(elsewhere)} holds {kind}, read but not known to be whole"
            mend = f"Name the key {KEYS[kind]}, and answer {template(kind)} under it."
            yield Note("look", "prefetch-renamed", f"prefetch.{KEYS[kind]}", said, mend)
        else:
            absent.append(kind)
    if "Patient" in absent:
        said = "was not sent: without the Patient there is no answer (412), unless the FHIR server gives it"
        yield Note(
            "wrong", "prefetch-omitted", "prefetch.patient", said, f"Send {template('Patient')} as {KEYS['Patient']}."
        )
    rest = [kind for kind in absent if kind != "Patient"]
    if rest:
        said = (
            f"not sent: {', '.join(KEYS[kind] for kind in rest)}; read as 'could not be asked', not as 'nothing there'"
        )
        yield Note("look", "prefetch-omitted", "prefetch", said, _fetchable(given))


def _fetchable(given: Given) -> str:
    served = given.body.get("fhirServer") is not None
    ask = (
        "What a criterion reads of them is asked of fhirServer"
        if served
        else "Or send fhirServer, to be asked for them"
    )
    return f"Answer discovery's template of each key, with null where nothing is there. {ask}."


def _unasked(given: Given, key: str, value: Any, found: Counter[str], read: list[str]) -> Note:
    at = f"prefetch.{given.quotes.key(key)}"
    if not found:
        errors, _ = _issues(given, value)
        said = f"an OperationOutcome {', '.join(errors)}" if errors else "holds nothing that can be read"
        return Note("fine", "prefetch-unasked", at, f"nobody asked for it; {said}")
    wanted = [kind for kind in found if kind in read]
    tail = f"{' and '.join(wanted)} is read" if wanted else "none of it is read"
    return Note("fine", "prefetch-unasked", at, f"nobody asked for it; it holds {_counted(found)}, and {tail}")


def _kinds(given: Given, value: Any) -> Counter[str]:
    return Counter(given.quotes.kind(e.resource["resourceType"]) for e in read_answer(value).entries)


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "nothing"


def _issues(given: Given, value: Any) -> tuple[list[str], list[str]]:
    """The issues of the OperationOutcomes of an answer, as severity/code: those that say failure, and the others.
    An outcome in place of the data says failure whatever its severity."""
    alone = isinstance(value, dict) and value.get("resourceType") == "OperationOutcome"
    told = [
        (alone or text(i, "severity") in _SEVERE, _issue(given, i)) for o in _outcomes(value) for i in items(o, "issue")
    ]
    if alone and not told:
        return ["without an issue"], []
    return [said for bad, said in told if bad], [said for bad, said in told if not bad]


def _outcomes(value: Any) -> Iterator[Json]:
    if isinstance(value, dict) and value.get("resourceType") == "OperationOutcome":
        yield value
    entries = items(value, "entry") if isinstance(value, dict) else value if isinstance(value, list) else []
    for entry in entries:
        inner = entry.get("resource", entry) if isinstance(entry, dict) else None
        if isinstance(inner, dict) and inner.get("resourceType") == "OperationOutcome":
            yield inner


def _issue(given: Given, issue: Json) -> str:
    severity = text(issue, "severity")
    known = severity if severity in (*_SEVERE, "warning", "information") else "severity not known"
    return f"{known}/{given.quotes.code(issue.get('code'))}"
