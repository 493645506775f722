"""A filled form, checked against its Questionnaire and made anew of what the form asks: nothing else of it is kept.

Answers are refused, never repaired; every fault is told, by the linkId that it is at. Knows no order, no database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.fhir.elements import Json, text

DOCUMENT = 4 * 1024 * 1024  # bytes of one attachment, unpacked
TYPES = ("application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain")  # what a copy may be
_TITLE = 255
_ORIGIN = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/information-origin"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the answer at a linkId (None: with the response as a whole), for people."""

    link: str | None
    says: str


@dataclass(slots=True)
class _Check:
    """What is gathered while a response is read: its faults, and the option that each choice was answered with.
    `found` are the initial values by linkId, `author` the one who answers (a Reference)."""

    found: Mapping[str, str]
    author: Json
    faults: list[Fault] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)

    def fault(self, link: str | None, says: str) -> None:
        self.faults.append(Fault(link, says))


def filled(
    questionnaire: Json, given: Any, *, found: Mapping[str, str], subject: str, author: Json
) -> list[Json] | tuple[Fault, ...]:
    """The items of a response to a Questionnaire, each answer with its origin (Da Vinci DTR); or its faults.

    `subject` is the patient's reference: a response that names another patient is refused, as is one to other
    questions."""
    check = _Check(found, author)
    if not isinstance(given, dict) or given.get("resourceType") != "QuestionnaireResponse":
        return (Fault(None, "the answers must be a QuestionnaireResponse"),)
    _about(questionnaire, given, subject, check)
    items = _items(questionnaire.get("item", []), given.get("item"), check)
    return tuple(check.faults) if check.faults else items


def essence(items: Sequence[Json]) -> list[Json]:
    """The items without texts and documents: what criteria are answered by."""
    kept = []
    for item in items:
        answers = [a for a in item.get("answer", ()) if "valueBoolean" in a or "valueCoding" in a]
        inner = essence(item.get("item", ()))
        if answers or inner:
            kept.append(
                {"linkId": item["linkId"]}
                | ({"answer": [{k: v for k, v in a.items() if k != "extension"} for a in answers]} if answers else {})
                | ({"item": inner} if inner else {})
            )
    return kept


def _about(questionnaire: Json, given: Json, subject: str, check: _Check) -> None:
    if given.get("modifierExtension") or given.get("implicitRules"):
        check.fault(None, "the response carries a modifier that is not known")
    named = given.get("questionnaire")
    if named is not None and (not isinstance(named, str) or named.partition("|")[0] != questionnaire["url"]):
        check.fault(None, "the answers are to another form")
    about = given.get("subject")
    if about is not None and (not isinstance(about, dict) or about.get("reference") != subject):
        check.fault(None, "the answers are about another patient")


def _items(asked: Sequence[Json], given: Any, check: _Check) -> list[Json]:
    """The items of one level, in the form's order; what is not asked there is a fault."""
    by_link = _by_link(asked, given, check)
    found = []
    for item in asked:
        if not _enabled(item, check):
            if _says_anything(by_link.get(item["linkId"])):
                check.fault(item["linkId"], "is not asked beside what was chosen")
            continue
        if made := _item(item, by_link.get(item["linkId"], {}), check):
            found.append(made)
    return found


def _by_link(asked: Sequence[Json], given: Any, check: _Check) -> dict[str, Json]:
    links = {item["linkId"] for item in asked}
    found: dict[str, Json] = {}
    listed = [] if given is None else given
    if not isinstance(listed, list):
        check.fault(None, "the items must be a list")
        return found
    for one in listed:
        link = text(one, "linkId") if isinstance(one, dict) else None
        if link not in links or link is None:
            check.fault(None, "an item is no question of this form, or stands in another place")
        elif link in found:
            check.fault(link, "is answered twice")
        elif one.get("modifierExtension"):
            check.fault(link, "carries a modifier that is not known")
        else:
            found[link] = one
    return found


def _enabled(item: Json, check: _Check) -> bool:
    conditions = item.get("enableWhen", ())
    return all(check.chosen.get(one["question"]) == one["answerCoding"]["code"] for one in conditions)


def _says_anything(given: Json | None) -> bool:
    """Whether an item has an answer, or one below it has, however deep."""
    waiting: list[Any] = [given]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("answer"):
                return True
            inner = one.get("item")
            waiting += inner if isinstance(inner, list) else []
    return False


def _item(asked: Json, given: Json, check: _Check) -> Json | None:
    link, kind = asked["linkId"], asked["type"]
    said: Json = {"linkId": link, "text": asked["text"]}
    if kind == "group":
        inner = _items(asked.get("item", ()), given.get("item"), check)
        return said | {"item": inner} if inner else None
    answers = _answers(link, given, check)
    if kind == "display":
        if answers:
            check.fault(link, "is no question")
        return None
    if not answers:
        if asked.get("required"):
            check.fault(link, "needs an answer")
        return None
    if len(answers) > 1:
        check.fault(link, "takes one answer")
        return None
    value = _VALUES[kind](asked, answers[0], check)
    return said | {"answer": [_told(link, value, check)]} if value else None


def _answers(link: str, given: Json, check: _Check) -> list[Json]:
    listed = given.get("answer")
    if listed is None:
        listed = []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        check.fault(link, "has answers that cannot be read")
        return []
    if any(_says_anything({"item": one.get("item")}) for one in listed) or given.get("item"):
        check.fault(link, "has items below its answer that are not asked there")
    return [one for one in listed if set(one) - {"item", "extension", "id"}]


def _boolean(asked: Json, answer: Json, check: _Check) -> Json | None:
    value = answer.get("valueBoolean")
    if not isinstance(value, bool) or _other(answer, "valueBoolean"):
        check.fault(asked["linkId"], "takes yes or no")
        return None
    return {"valueBoolean": value}


def _text(asked: Json, answer: Json, check: _Check) -> Json | None:
    value = answer.get("valueString")
    if not isinstance(value, str) or _other(answer, "valueString"):
        check.fault(asked["linkId"], "takes a text")
        return None
    most = asked.get("maxLength")
    if most is not None and len(value) > most:
        check.fault(asked["linkId"], f"takes at most {most} characters")
        return None
    # A lone surrogate is no character, and a null is none that a database keeps.
    plain = value.encode("utf-8", "replace").decode().replace("\x00", " ").strip()
    return {"valueString": plain} if plain else None


def _coding(asked: Json, answer: Json, check: _Check) -> Json | None:
    given = answer.get("valueCoding")
    code = (text(given, "system"), text(given, "code"))
    options = [option["valueCoding"] for option in asked["answerOption"]]
    option = next((one for one in options if (one["system"], one["code"]) == code), None)
    if option is None or _other(answer, "valueCoding"):
        check.fault(asked["linkId"], "takes one of its options")
        return None
    check.chosen[asked["linkId"]] = option["code"]
    return {"valueCoding": option}


def _attachment(asked: Json, answer: Json, check: _Check) -> Json | None:
    given = answer.get("valueAttachment")
    link = asked["linkId"]
    if not isinstance(given, dict) or _other(answer, "valueAttachment") or "url" in given:
        check.fault(link, "takes a file, not an address")
        return None
    kind = (text(given, "contentType") or "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        check.fault(link, f"takes a file of {', '.join(TYPES)}")
        return None
    size = _size(given.get("data"))
    if not size or size > DOCUMENT:
        check.fault(link, f"takes a file of at most {DOCUMENT // 1024 // 1024} MB" if size else "holds no file")
        return None
    title = (text(given, "title") or "")[:_TITLE].encode("utf-8", "replace").decode().replace("\x00", " ")
    kept = {"contentType": kind, "data": given["data"], "size": size}
    return {"valueAttachment": kept | ({"title": title} if title else {})}


def _size(encoded: Any) -> int | None:
    """The bytes that base64 stands for; None where it is none."""
    if not isinstance(encoded, str):
        return None
    try:
        return len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        return None


def _other(answer: Json, own: str) -> bool:
    return any(name.startswith("value") and name != own for name in answer)


_VALUES = {"boolean": _boolean, "text": _text, "choice": _coding, "attachment": _attachment}


def _told(link: str, value: Json, check: _Check) -> Json:
    """An answer with where it comes from: the chart, the chart but changed, or the one who answers."""
    was = check.found.get(link)
    source = "manual" if was is None else "auto-server" if value.get("valueString") == was else "override"
    parts = [{"url": "source", "valueCode": source}, *_author(source, check.author)]
    return {"extension": [{"url": _ORIGIN, "extension": parts}], **value}


def _author(source: str, author: Json) -> Iterator[Json]:
    if source != "auto-server":
        yield {"url": "author", "extension": [{"url": "practitioner", "valueReference": author}]}
