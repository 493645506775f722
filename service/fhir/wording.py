"""Plain text, read conservatively: folding, whole words, and the words and signs that make a mention doubtful.

Knows English, but no drug, no diagnosis and no FHIR: what is looked for is always passed in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_MARKS = str.maketrans({"®": " ", "™": " ", "’": "'", "`": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "⁄": "/"})
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_POSSESSIVE = re.compile(r"'s\b", re.IGNORECASE)
_SLASHED = re.compile(r"\b(?:(r)|(w)) ?/ ?o(?:ut)?\b", re.IGNORECASE)  # "r/o" rules out, "w/o" is without
# Anything but letters, figures and plain punctuation; and what stands for a "no" or for an empty box or field.
_SIGN = re.compile(r"[^\w\s,;:.()\[\]/+&%'\"-]|\(\s*-+\s*\)|\[\s*\]|\(\s*\)|[-:]\s*(?:$|[,;)])", re.ASCII)


def vocabulary(listed: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_TOKEN.findall(listed))


_BEFORE_A_MEDICINE = vocabulary(
    """
    no not never without non from than instead replaces replacing replace like unlike similar versus vs before after
    with while on taking during stop stopped discontinue discontinued avoid previous previously prior former formerly
    failed for equivalent alternative substitute if or
    """
)
_REACH = 4  # how many words before a medicine's name are looked at: "no known allergy to …"
_AFTER_A_MEDICINE = re.compile(
    r"\W*(?:(?:is|was|has been)\s+)?(?:not\s+(?:available|covered)|unavailable|discontinued|stopped|equivalent"
    r"|substitute|alternative)"
)
_GENERIC = re.compile(r"\W*(?:(?:is|was|has been)\s+)?generic\b")
_CLAUSES = re.compile(r"[;.\n:](?!\d)|\s-+\s")


def plain(text: str) -> str:
    """The text without accents, possessives and trademark signs; hyphens and dashes alike; "r/o" and "w/o" as words."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text.translate(_MARKS))
        text = "".join(c for c in parts if not unicodedata.combining(c))
    if "/" in text:
        text = _SLASHED.sub(_unslashed, text)
    return _POSSESSIVE.sub("", text.replace("`", "'")) if "'" in text or "`" in text else text


def _unslashed(slashed: re.Match[str]) -> str:
    word = "ro" if slashed[1] else "without"
    return word.upper() if slashed[0].isupper() else word


def signed(text: str) -> bool:
    """Whether a sign leaves a text in doubt: a question mark, "≥", "(-)", an empty box, a field left empty."""
    return _SIGN.search(plain(text)) is not None


def fold(text: str) -> str:
    """The plain text in lower case."""
    return plain(text).lower()


def spoken(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, in their case."""
    return tuple(_TOKEN.findall(plain(text)))


def tokens(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, in lower case."""
    return tuple(_TOKEN.findall(fold(text)))


def runs(phrase: tuple[str, ...], words: tuple[str, ...]) -> tuple[range, ...]:
    """Where a phrase stands in a text, word by word."""
    size = len(phrase)
    starts = range(len(words) - size + 1) if size else range(0)
    return tuple(range(n, n + size) for n in starts if words[n : n + size] == phrase)


def outside(places: Iterable[range], words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that stand in none of the places."""
    taken = {n for place in places for n in place}
    return tuple(word for n, word in enumerate(words) if n not in taken)


def names_in(names: Iterable[str], text: str) -> bool:
    """Whether one of `names` is in the text as a whole word, in whatever case, hyphenated to no other word."""
    return _any_of(tuple(names)).search(fold(text)) is not None


def plainly_named(names: Iterable[str], text: str, *, brand: bool = True) -> bool:
    """Whether a medicine is named, and each time as the medicine meant: not denied, compared, or taken beside it; a
    brand also not as what a generic stands for."""
    folded = fold(text)
    found = tuple(_any_of(tuple(names)).finditer(folded))
    return bool(found) and not any(_hedged(folded, match, brand) for match in found)


@lru_cache(maxsize=256)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    spelt = (r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", fold(name))) for name in names)
    return re.compile(rf"(?<!\w)(?<![a-z]-)(?:{'|'.join(spelt) or '(?!)'})(?!\w)(?!-[a-z])")


def _hedged(folded: str, match: re.Match[str], brand: bool) -> bool:
    clause = _CLAUSES.split(folded[: match.start()])[-1]
    before = _TOKEN.findall(clause)[-_REACH:]
    after = _AFTER_A_MEDICINE.match(folded, match.end()) or (brand and _GENERIC.match(folded, match.end()))
    return not _BEFORE_A_MEDICINE.isdisjoint(before) or bool(after) or "?" in folded
