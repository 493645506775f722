"""A stage group ("IA" … "IVA2") read off a Condition's stages, or off a text that says it surely.

Knows the shape of stage groups; which group a policy wants is not known here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.fhir.elements import Coding, Json, child, code_of, codings, items, label, text
from service.fhir.wording import DOUBTS, tokens, vocabulary
from service.terminology import Terminology
from service.terminology.lookup import SNOMED, canonical

_GROUP = re.compile(r"(?:yp|yc|c|p)?(?:(iv|4)(a[12]?|b)?|(iii|ii|i|3|2|1)([ab])?)")
_PARTS = re.compile(r"(IV|I{1,3})([AB])?([12])?")
_APART = re.compile(r"\b(iv|4|i{1,3}|[123]) ([ab][12]?)\b")
_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_TNM = re.compile(r"(?:yp|yc|c|p)?(?:[tnmb][0-4x][a-d]?)+")
_STAGE = vocabulary("stage staged stages group")
_BETWEEN = vocabulary("group clinical pathologic pathological ajcc iscl eortc tnmb tnm")
# Words that may stand beside a stage group in the text of a stage.
_BESIDE = (
    _STAGE
    | _BETWEEN
    | vocabulary(
        """
        american joint committee on cancer the of and edition 7th 8th version v7 v8 7 8 qualifier value finding disease
        prognostic anatomic mycosis fungoides sezary syndrome mf ss at diagnosis current
        """
    )
)
_MOVED = vocabulary(
    """
    to through progressed progression initial initially originally original upstaged downstaged restaged least between
    beyond until now
    """
)


@dataclass(frozen=True, slots=True)
class Staged:
    """A stage group, or null where what is there disagrees or cannot be read; `says` quotes it."""

    group: str | None
    says: str


def stage_of(condition: Json, terms: Terminology) -> Staged | None:
    """The stage on a Condition: the last listed, unless two staging systems disagree; null where there is none."""
    entries = [e for e in items(condition, "stage") if child(e, "summary")]
    if not entries:
        return None
    says = label(child(entries[-1], "summary"))
    last = _finest(_groups(child(entries[-1], "summary"), terms))
    systems = {_system(e): _finest(_groups(child(e, "summary"), terms)) for e in entries}
    own = _system(entries[-1])
    others = {group for system, group in systems.items() if own and system and system != own and group}
    return Staged(_finest({last, *others}) if last else None, says)


def stage_in(said: str) -> Staged | None:
    """The stage that a plain text says after the word "stage"; null where it says none."""
    words = _words(said)
    found = _after_stage(words)
    if not found:
        return None
    doubtful = "?" in said or not (DOUBTS | _MOVED).isdisjoint(words)
    return Staged(None if doubtful else _finest(found), said)


def _system(entry: Json) -> str:
    """The staging system of an entry: its type, else the code system of its summary, else none that is said."""
    kind = child(entry, "type")
    coded = next((c.system for c in codings(child(entry, "summary")) if c.system), "")
    return code_of(kind) or (text(kind, "text") or "").lower() or coded


def _groups(summary: Json, terms: Terminology) -> set[str]:
    coded = {group for coding in codings(summary) for group in _of_coding(coding, terms)}
    said = text(summary, "text")
    return coded | (_whole(said) if said else set())


def _of_coding(coding: Coding, terms: Terminology) -> set[str]:
    """A code's verified group, else what its display says, else a local code that is the group itself."""
    value = terms.value(coding.system, coding.code)
    if value and _PARTS.fullmatch(value):
        return {value}
    if found := _whole(coding.display):
        return found
    local = canonical(coding.system) != SNOMED and not coding.code.isdigit()
    return _whole(coding.code) if local else set()


def _whole(said: str) -> set[str]:
    """The groups in the text of a stage, where every other word leaves them as plain as they are."""
    words = _words(said)
    if len(words) == 1:
        return _only(_normal(words[0]))
    marked = _after_stage(words)
    rest = [word for word in words if not _normal(word) and not _TNM.fullmatch(word)]
    if "?" in said or not set(rest) <= _BESIDE:
        return set()
    lettered = {g for word in words for g in _only(_normal(word)) if g[-1] in "AB12" and not word.isdigit()}
    return marked | lettered


def _words(said: str) -> tuple[str, ...]:
    """The words of a text, a number and its letter in one ("IV A", "IV-A")."""
    return tuple(_APART.sub(r"\1\2", " ".join(tokens(said))).split())


def _after_stage(words: tuple[str, ...]) -> set[str]:
    """The groups that follow the word "stage", also one after another ("stage IA-IIA")."""
    found: set[str] = set()
    following = False
    for word in words:
        group = _normal(word)
        if following and group:
            found.add(group)
        following = word in _STAGE or (following and (bool(group) or word in _BETWEEN))
    return found


def _normal(word: str) -> str | None:
    match = _GROUP.fullmatch(word)
    if match is None:
        return None
    number, letters = (match[1], match[2]) if match[1] else (match[3], match[4])
    return _ROMAN.get(number, number.upper()) + (letters or "").upper()


def _only(group: str | None) -> set[str]:
    return {group} if group else set()


def _finest(groups: Iterable[str | None]) -> str | None:
    """The one group that says all of them ("I" and "IA" are "IA"); null where two disagree."""
    known = sorted({g for g in groups if g}, key=len, reverse=True)
    return known[0] if known and all(_holds(known[0], other) for other in known) else None


def _holds(finest: str, other: str) -> bool:
    mine, theirs = _PARTS.fullmatch(finest), _PARTS.fullmatch(other)
    return bool(mine and theirs) and all(
        b is None or a == b
        for a, b in zip(mine.groups(), theirs.groups(), strict=True)  # type: ignore[union-attr]
    )
