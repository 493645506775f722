"""What a status reason says of a treatment: that it failed or was not tolerated, plainly and not denied.

Reads English text only (reading, sections 7 and 15); knows no drug and no FHIR. In doubt nothing was said."""

from __future__ import annotations

import re
from typing import Literal

from service.fhir.wording import fold

Said = Literal["failed", "denied"]

_DEGREE = r"(?:(?:very|fully|sufficiently|adequately|clinically|well)\ )?"
_STEM = re.compile(
    rf"""
    \bfail\w*
    | \b(?:inadequate|insufficient)\ (?:\w+\ )?response\b
    | \black\ of\ (?:\w+\ )?efficacy\b
    | \bineffective\w*
    | \bnot\ {_DEGREE}(?:effective\b|tolerat\w*)
    | \bintoleran\w*
    | \badverse\b
    | \bside[ -]?effects?\b
    | toxicit(?:y|ies)\b
    """,
    re.VERBOSE,
)
# "fail-" that says nothing of the treatment: an organ's failure, an errand or a transmission that failed.
_OTHER_FAILURE = re.compile(
    r"""
    \b(?:heart|cardiac|renal|kidney|liver|hepatic|respiratory|organ|marrow|delivery|transmission|fax|payment|claim
      |authori[sz]ation|system|network|e-?prescri\w+)\ fail\w*
    | \bfail\w*\ (?:of\ )?(?:the\ )?(?:prior|authori[sz]ation|delivery|transmission|fax|payment|claim|appointment
      |pick-?up|follow-?up)\b
    | \bfail\w*\ to\ (?!respond|improve|achieve|control|reach|tolerate|work|show\ (?:a\ )?(?:response|benefit))
    """,
    re.VERBOSE,
)
_STOPPED = re.compile(
    r"\b(?:not|never|no longer) (?:be |been |being )?"
    r"(?:continu|resum|restart|renew|refill|take|taking|taken|use|using)\w*"
)
_DENIAL = re.compile(
    r"""
    \b(?:no|not|never|none|nor|neither|without|den(?:y|ies|ied)|absence|free|negative|unlikely|rule[ds]?\ out
      |suspected|possible|potential|risk|fear|concern\w*|worr\w+|avoid\w*|prevent\w*|monitor\w*|if|in\ case|family)\b
    """,
    re.VERBOSE,
)
_DENIED_AFTER = re.compile(
    r"""
    ^(?:\ (?:effects?|reactions?|events?))?(?:\ ?[:=-])?\ ?(?:(?:was|were|is|are|has\ been|have\ been)\ )?
    (?:none|absent|denied|unlikely|excluded|ruled\ out|no\ ?$
      |not\ (?:observed|seen|reported|documented|noted|present|found))
    """,
    re.VERBOSE,
)
_CLAUSE = re.compile(r"[.;!\n()]|\bbut\b|\bhowever\b|\balthough\b|\bthen\b")
_ANEW = re.compile(r"fail|inadequate|insufficient|lack|ineffective|not ")


def read_outcome(text: str) -> Said | None:
    """`failed` where a stem of failure stands undenied, `denied` where each one is denied or in doubt, else None."""
    plain = re.sub(r"n't\b", " not", fold(text)).replace("cannot", "can not")
    plain = _STOPPED.sub("stopped", _OTHER_FAILURE.sub(" ", re.sub(r"[ \t]+", " ", plain)))
    verdicts = [_denied(clause, stem) for clause in _CLAUSE.split(plain) for stem in _STEM.finditer(clause)]
    if not verdicts:
        return None
    return "denied" if all(verdicts) or "?" in plain else "failed"


def _denied(clause: str, stem: re.Match[str]) -> bool:
    before = clause[: stem.start()]
    if "," in before and _ANEW.match(stem.group()) and not re.search(r"\b(?:or|nor)\b", before.rsplit(",", 1)[-1]):
        before = before.rsplit(",", 1)[-1]  # "no nausea, failed after 12 weeks" denies the nausea only
    after = clause[stem.end() :]
    return bool(_DENIAL.search(before) or _DENIED_AFTER.match(after))
