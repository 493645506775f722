"""The words that may stand beside a plain amount and a plain rate without changing either.

An allow-list: any other word that is left over makes an instruction unsure. Knows English and no drug's dose."""

from __future__ import annotations

import re

from service.fhir.wording import vocabulary

_TAKING = vocabulary(
    """
    take takes taken taking give gives given inject injects injected injection administer administers administered
    swallow drink use using patient pt to be should must will please it this the a an by via through per route mouth
    oral orally po sc sq subq subcut subcutaneous subcutaneously sub q im intramuscular intramuscularly under skin into
    in on of as with at is are for dose dosage dosing frequency amount total sig directions only measured measure
    """
)
_THINGS = vocabulary(
    """
    medication medicine medicines drug chemotherapy caution
    solution liquid suspension sodium injectable prefilled auto injector autoinjector pen syringe dosing provided device
    thigh abdomen stomach belly arm site empty
    food water meal milk breakfast dinner supper lunch morning evening night bedtime am pm hs noon
    """
)
_CONDITIONS = vocabulary(
    """
    indication indications rheumatoid arthritis ra psoriasis psoriatic pso psa plaque juvenile idiopathic polyarticular
    pjia jia acute lymphoblastic leukemia leukaemia all lymphoma mycosis fungoides hodgkin non nhl severe active
    disease joint pain inflammation
    """
)
_ORDINARY = _TAKING | _THINGS | _CONDITIONS

# Whole phrases whose words would be doubtful alone.
PHRASES = re.compile(
    r"\bwith\s+or\s+without\s+(?:food|meals?)\b|\bwithout\s+food\b|\bon\s+the\s+same\s+(?:week)?day\b(?=\s+(?:each|every|of"
    r"\s+the)\s+week\b)|\(?\bsame\s+day\s+(?:each|every|of\s+(?:the|each))\s+week\b\)?"
    r"|\bon\s+the\s+same\s+day\b|\bas\s+(?:a|one)\s+single\s+dose\b|\b(?:as\s+)?a\s+single(?=\s+weekly\s+dose)"
    r"|\bsingle\s+dose\b|\ball\s+at\s+once\b|\bone\s+dose\s+of\b|\bwith\s+(?:a\s+full\s+glass|8\s*oz|\d\s+ounces)\s+of"
    r"\s+water\b|\bnot\s+for\s+daily\s+use\b|\bthis\s+is\s+a\s+weekly\s+medic(?:ation|ine)\b|\bweekly\s+dosing\s+only\b"
    r"|\b(?:do\s+not\s+drink|avoid(?:\s+drinking)?|no)\s+alcohol\b|\bavoid\s+(?:direct\s+)?(?:sun(?:light)?"
    r"(?:\s+exposure)?|pregnancy)\b|\b(?:do\s+not\s+(?:use|take)|not)\s+if\s+(?:you\s+are\s+)?pregnant\b|\band\s+no\s+other\s+days\b"
    r"|\b(?:do\s+not|don't)\s+(?:crush|chew|share|freeze|shake)\b|\bonly(?=\s+(?:one|1)\s+day\b)"
)
_WORD = re.compile(r"[a-z0-9']+|[^\sa-z0-9'|.,;:()\[\]/\"!=-]")


def only_ordinary(rest: str, names: frozenset[str]) -> bool:
    """Whether what is left of a folded text, "|" for what is accounted for, holds nothing but ordinary words, and the
    medicine's own `names`."""
    return names.issuperset(word for word in _WORD.findall(rest) if word not in _ORDINARY)
