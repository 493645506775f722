"""A stage group ("IA" … "IVA2") read off a Condition's stages, or off a text that says it surely.

Knows the shape of stage groups, and that other staging systems of lymphomas (Ann Arbor, Lugano) say none; which group
a policy wants is not known here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.fhir.elements import Coding, Json, child, code_of, codings, items, label, text
from service.fhir.wording import outside, runs, signed, tokens, vocabulary
from service.terminology import Terminology
from service.terminology.lookup import SNOMED, canonical

ELSEWHERE = "lymphoma-staging"
STAGING = "stage-group-staging"
_GROUP = re.compile(r"(?:yp|yc|c|p)?(?:(iv|4)(a[12]?|b)?|(iii|ii|i|3|2|1)([ab])?)")
_PARTS = re.compile(r"(IV|I{1,3})([AB])?([12])?")
_APART = re.compile(r"\b(iv|4|i{1,3}|[123]) ([ab][12]?)\b")
_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_TNM = re.compile(r"(?:yp|yc|c|p)?(?:[tnmb][0-4x][a-d]?)+")
_STAGE = vocabulary("stage staged stages group")
_BETWEEN = vocabulary("group clinical pathologic pathological ajcc iscl eortc tnmb tnm")
_SYSTEM = tokens("American Joint Committee on Cancer")
_SKIN = tokens("cutaneous T-cell lymphoma")
# Words that may stand beside a stage group in the text of a stage.
_BESIDE = (
    _STAGE
    | _BETWEEN
    | vocabulary(
        """
        of and the edition 7th 8th version v7 v8 7 8 qualifier value finding disease prognostic anatomic mycosis
        fungoides sezary syndrome mf ss ctcl at diagnosis current early advanced patch patches plaque plaques tumors
        tumours erythroderma erythrodermic folliculotropic skin
        """
    )
)
# The same beside a stage in the text of a diagnosis; any other word may be of another disease, or a denial.
_BESIDE_IN_A_DIAGNOSIS = _BESIDE | vocabulary(
    """
    a an with on after for to is has in by patient pt known confirmed dx icd 10 cm unspecified site sites multiple nos
    extensive limited generalized localized bsa body surface area refractory recurrent relapsed treatment therapy
    """
)
# Words of the kind of a stage; a bare "lymphoma" is Ann Arbor's unless the skin's own staging is named beside it.
_KIND = _BESIDE | vocabulary(
    """
    staging system classification method tumor tumour neoplasm malignant cancer manual uicc type procedure observable
    entity grouping pathology 9th v9 9
    """
)
_SKINS_OWN = vocabulary("cutaneous skin iscl eortc tnmb mycosis sezary mf")
_PART = vocabulary("tumor tumour t n m b skin node nodes nodal blood patch patches plaque plaques")


@dataclass(frozen=True, slots=True)
class Staged:
    """A stage group, or null where what is there disagrees or cannot be read; `says` quotes it."""

    group: str | None
    says: str


def stage_of(condition: Json, terms: Terminology) -> Staged | None:
    """The stage on a Condition: the last listed, unless two staging systems disagree; null where there is none. A
    stage of another or of an unknown kind answers nothing, and can only disagree."""
    entries = [e for e in items(condition, "stage") if child(e, "summary")]
    if not entries:
        return None
    own = [e for e in entries if _of_groups(e, terms)]
    if not own:
        return Staged(None, _quoted(entries[-1]))
    last = _finest(_groups(child(own[-1], "summary"), terms))
    system = _system(own[-1])
    told = {_system(e): _finest(_groups(child(e, "summary"), terms)) for e in own}
    others = {group for named, group in told.items() if system and named and named != system and group}
    group = _finest({last, *others}) if last else None
    beside = [_groups(child(e, "summary"), terms) for e in entries if e not in own]
    return Staged(group if all(_finest({group, *g}) for g in beside) else None, _quoted(own[-1]))


def stage_in(said: str, beside: Iterable[str]) -> Staged | None:
    """The stage that the text of a diagnosis says after the word "stage"; null where it says none. It is read where
    every word is of a stage, or one of `beside`: the diagnosis's names and the medicines'."""
    words = _words(said)
    found = _after_stage(words)
    if not found:
        return None
    rest = outside([place for phrase in (_SYSTEM, _SKIN) for place in runs(phrase, words)], words)
    allowed = _BESIDE_IN_A_DIAGNOSIS.union(*(tokens(name) for name in beside))
    unread = [word for word in rest if not (_normal(word) or _TNM.fullmatch(word) or word.isdigit())]
    part = any(word in _STAGE and words[n - 1] in _PART for n, word in enumerate(words) if n)
    sure = allowed.issuperset(unread) and not part and not signed(said)
    return Staged(_finest(found) if sure else None, said)


def _of_groups(entry: Json, terms: Terminology) -> bool:
    """Whether a stage is of no other kind than the stage groups: its type is theirs by code or by every word."""
    kinds = items(entry, "type")
    coded = [c for kind in kinds for c in codings(kind)]
    if any(ELSEWHERE in terms.concepts(c.system, c.code) for c in (*coded, *codings(child(entry, "summary")))):
        return False
    said = [s for kind in kinds if (s := text(kind, "text"))] + [c.display for c in coded if c.display]
    unsaid = [c for c in coded if c.code and not c.display and STAGING not in terms.concepts(c.system, c.code)]
    return all(_kind_of_groups(words) for words in said) and (not unsaid or any(text(k, "text") for k in kinds))


def _kind_of_groups(said: str) -> bool:
    words = tokens(said)
    rest = outside(runs(_SYSTEM, words), words)
    own = _KIND | vocabulary("lymphoma lymphomas cutaneous t cell") if not _SKINS_OWN.isdisjoint(rest) else _KIND
    return own.issuperset(word for word in rest if not _TNM.fullmatch(word)) and not signed(said)


def _quoted(entry: Json) -> str:
    summary, kind = label(child(entry, "summary")), label(child(entry, "type"))
    return f"{summary} by {kind}" if kind else summary


def _system(entry: Json) -> str:
    """The staging system of an entry: its type, else the code system of its summary, else none that is said."""
    kind = child(entry, "type")
    coded = next((c.system for c in codings(child(entry, "summary")) if c.system), "")
    return code_of(kind) or (text(kind, "text") or "").lower() or coded


def _groups(summary: Json, terms: Terminology) -> set[str]:
    """The groups of a stage's codes and words; none where one of its texts leaves a doubt."""
    said = [s for s in (text(summary, "text"), *(c.display for c in codings(summary))) if s]
    if not all(map(_plain, said)):
        return set()
    coded = {group for coding in codings(summary) for group in _of_coding(coding, terms)}
    return coded.union(*(_whole(s) for s in said[:1]))


def _of_coding(coding: Coding, terms: Terminology) -> set[str]:
    """A code's verified group, else what its display says, else a local code that is the group itself."""
    value = terms.value(coding.system, coding.code)
    if value and _PARTS.fullmatch(value):
        return {value}
    if found := _whole(coding.display):
        return found
    local = canonical(coding.system) != SNOMED and not coding.code.isdigit()
    return _whole(coding.code) if local else set()


def _plain(said: str) -> bool:
    """Whether every word of a stage's text is a group, or leaves it as plain as it is."""
    words = _words(said)
    rest = outside(runs(_SYSTEM, words), words)
    unread = [word for word in rest if not (_normal(word) or _TNM.fullmatch(word))]
    return _BESIDE.issuperset(unread) and not signed(said)


def _whole(said: str) -> set[str]:
    """The groups in the text of a stage, where it is plain."""
    words = _words(said)
    if not _plain(said):
        return set()
    if len(words) == 1:
        return _only(_normal(words[0]))
    lettered = {g for word in words for g in _only(_normal(word)) if g[-1] in "AB12" and not word.isdigit()}
    return _after_stage(words) | lettered


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
