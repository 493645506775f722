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
    | \b(?:[a-z]+)?toxicit(?:y|ies)\b
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
    \b(?:no|not|never|none|nor|neither|without|sans|den(?:y|ies|ied)|absen(?:ce|t)|free|negative|zero|nil|minimal
      |negligible|few|unlikely|rule[ds]?\ out|ro|suspected|possible|potential|risk|fear\w*|concern\w*|worr\w+|avoid\w*
      |prevent\w*|monitor\w*|screen\w*|surveillance|lack(?:s|ed|ing)?|if|in\ case|family|unrelated|anticipat\w*
      |precaution\w*|(?:rather|other)\ than|instead\ of
      |to\ (?:reduce|lessen|limit|lower|decrease|minimi[sz]e))\b
    """,
    re.VERBOSE,
)
# What stands right before a stem and makes it none, or only something that was talked of.
_DENIED_BEFORE = re.compile(
    r"""
    (?:\bnon-?\ ?
      |\b0\ (?:\w+\ ){0,2}
      |(?<!complained\ )(?<!complaining\ )(?<!complaints\ )\b(?:about|regarding|re:?)\ (?:\w+\ ){0,3}
      |\b(?:read|reading|heard|hearing|counsel\w*|educat\w*|warn\w*|inform\w*|discuss\w*|review\w*|ask\w*|learn\w*
         |assess\w*|evaluat\w*|check\w*|watch\w*|look\w*)[ ]
       (?:(?!due|because|secondary|stopped|had|has|having)\w+\ ){0,4})$
    """,
    re.VERBOSE,
)
_HEAD = r"(?:\ (?:effects?|reactions?|events?))?"
_DENIED_AFTER = re.compile(
    rf"""
    ^{_HEAD}\ ?(?:[:=-]\ ?)*(?:(?:was|were|is|are|did|does|has\ been|have\ been)\ )?
    (?:none|nil|zero|absent|denied|unlikely|excluded|ruled\ out|no?\ ?$|no?,|n/a|(?:(?:grade|score)\ )?0\b|never\b
      |minimal\b|negligible\b|(?:-\ ?)?free\b
      |not\b(?!\ (?:toler|manag|accept|bear|control|resolv|improv|respon|work|help|able)))
    """,
    re.VERBOSE,
)
# A harm that was only watched for, and one whose denial comes some words later.
_HARM = re.compile(r"intoleran|adverse|side|\w*toxicit")
_NO_HARM_AFTER = re.compile(
    rf"""
    ^{_HEAD}(?:
      [\ -](?:labs?|laborator\w+|monitor\w*|screen\w*|panels?|tests?|testing|check\w*|surveillance|assess\w*|evaluat\w*
        |work-?up|levels?|profiles?|counsel\w*|education|discuss\w*|review\w*|info\w*|leaflet|handout|questionnaire|form
        |log|diary|warnings?|precautions?|prevention|prophyla\w+|risks?|concerns?|fears?|potential|management)\b
      |(?:[^\w,]+\w+){{0,4}}?[^\w,]+(?<!not\ )(?:negative|normal|unremarkable|wnl)\b
      |(?:\W+\w+){{0,4}}?\W+(?:none|nil|absent|denied|excluded|ruled\ out
        |not\ (?:observed|seen|reported|documented|noted|present|found|a|an|the|due))\b)
    """,
    re.VERBOSE,
)
# A denied benefit denies nothing else, unless an "or" runs the denial on.
_NO_BENEFIT = re.compile(
    r"""
    \b(?:no|not|never|without|lack(?:s|ed|ing)?(?:\ of)?)[ ]
    (?:(?:any|much|clinical\w*|significant\w*|real|further|meaningful|adequate\w*|sufficient\w*|substantial\w*|well|fully
      |disease|symptom\w*|be|been|being)\ ){0,2}
    (?:improv\w*|respon[ds]\w*|benefit\w*|efficacy|effective\w*|relief|control\w*|work\w*|help\w*|success\w*
      |therapeutic\ effect)\b
    """,
    re.VERBOSE,
)
_RUN_ON = re.compile(r"\b(?:or|nor)\b")
_CLAUSE = re.compile(r"[.;!\n()]|\bbut\b|\bhowever\b|\balthough\b|\bthen\b")
_LONGEST = 2000  # characters; a longer text is a note, where a word no longer surely speaks of the treatment
_ANEW = re.compile(r"fail|inadequate|insufficient|lack|ineffective|not ")


_ASIDE = re.compile(rf"((?:{_STEM.pattern}){_HEAD})\ ?\(([^()]*)\)", re.VERBOSE)  # "intolerance (nausea) not present"


def read_outcome(text: str) -> Said | None:
    """`failed` where a stem of failure stands undenied, `denied` where each one is denied or in doubt, else None."""
    plain = re.sub(r"n't\b", " not", fold(text)).replace("cannot", "can not")
    plain = _STOPPED.sub("stopped", _OTHER_FAILURE.sub(" ", re.sub(r"[ \t]+", " ", plain)))
    plain = _ASIDE.sub(lambda aside: aside[0] if _STEM.search(aside[2]) else f"{aside[1]} {aside[2]}", plain)
    stems = [(clause, stem) for clause in _CLAUSE.split(plain) for stem in _STEM.finditer(clause)]
    if not stems:
        return None
    doubtful = "?" in plain or len(plain) > _LONGEST
    return "denied" if doubtful or all(_denied(clause, stem) for clause, stem in stems) else "failed"


def _denied(clause: str, stem: re.Match[str]) -> bool:
    before, after = clause[: stem.start()], clause[stem.end() :]
    if "," in before and _ANEW.match(stem.group()) and not _RUN_ON.search(before.rsplit(",", 1)[-1]):
        before = before.rsplit(",", 1)[-1]  # "no nausea, failed after 12 weeks" denies the nausea only
    if not _RUN_ON.search(clause):
        before = _NO_BENEFIT.sub(" ", before)
    if _DENIAL.search(before) or _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after):
        return True
    harm = _HARM.match(stem.group())
    return bool(harm and (stem.group().startswith("non") or _NO_HARM_AFTER.match(after)))
