"""Whether a text says that a disease relapsed, came back or is refractory.

Reads English text only, and only what is plain: a word that may put the relapse in doubt, or give it to another
disease, is any word not listed here. Knows no FHIR and no policy: the names of the disease are passed in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.fhir.indication import RELAPSE, joins_relapse
from service.fhir.wording import outside, runs, signed, tokens, vocabulary

# Words that say nothing by themselves, and would be doubtful alone.
_PHRASES = tuple(
    tokens(phrase)
    for phrase in (
        *("non-Hodgkin lymphoma", "non-Hodgkin's lymphoma", "non-Hodgkins lymphoma", "NHL", "and/or", "R/R"),
        *("high grade", "low grade", "double hit", "triple hit", "not otherwise specified", "biopsy proven"),
        *("ALK negative", "ALK positive", "CD30 positive", "CD20 positive", "EBV positive", "heavily pretreated"),
        *("prior therapy", "prior therapies", "prior treatment", "prior treatments", "prior lines", "prior line"),
        *("prior chemotherapy", "previous therapy", "previous treatment", "CAR-T", "hyper-CVAD", "R-CHOP"),
    )
)
_DISEASE = vocabulary(
    """
    lymphoma lymphomas disease b t nk cell cells large small diffuse follicular mantle marginal zone burkitt malt
    mucosa associated lymphoid tissue nodal extranodal splenic peripheral angioimmunoblastic anaplastic cutaneous skin
    mediastinal thymic intravascular primary secondary cns central nervous system germinal center centre gcb abc
    activated aggressive indolent lymphoblastic lymphoplasmacytic enteropathy intestinal hepatosplenic nasal type nos
    unspecified transformed mature plasmablastic malignant cd30 dlbcl fl mcl mzl ptcl aitl alcl bl hgbl hgbcl pmbcl
    pcnsl grade stage site sites lymph node nodes head face neck abdominal intra thoracic intrathoracic intrapelvic
    axilla upper lower limb inguinal region spleen solid organ multiple bone marrow
    """
)
_THERAPY = vocabulary(
    """
    therapy therapies treatment treatments treated chemotherapy chemoimmunotherapy immunotherapy radiation radiotherapy
    phototherapy regimen regimens line lines cycle cycles transplant transplantation autologous allogeneic stem sct asct
    hsct bmt rchop chop cvp dhap ice gdp epoch systemic topical
    """
)
_AROUND = vocabulary(
    """
    a an the of and in with w is has on to after post following since within patient pt diagnosis diagnosed dx icd 10
    cm known confirmed current currently now active chronic severe progressive early late first second third fourth
    1st 2nd 3rd 4th month months year years week weeks multiply
    """
)
_BESIDE = RELAPSE | _DISEASE | _THERAPY | _AROUND
_NUMBER = re.compile(r"x?[1-9]\d*|i{1,3}[ab]?|iv[ab]?[12]?|[1-4][ab]")


def says_relapse(said: str, names: Iterable[str], medicines: Iterable[str]) -> bool:
    """Whether a text says relapsed, recurrent or refractory, with every other word one of the disease itself, of its
    grade, stage or site, or of the therapy before: `names` are the disease's, `medicines` may stand beside it."""
    words = tokens(said)
    phrases = (*_PHRASES, *map(tokens, (*names, *medicines)))
    rest = outside([place for phrase in phrases for place in runs(phrase, words)], words)
    plain = all(word in _BESIDE or _NUMBER.fullmatch(word) or joins_relapse(rest, n) for n, word in enumerate(rest))
    return not RELAPSE.isdisjoint(rest) and plain and not signed(said)


def mentions_relapse(said: str) -> bool:
    """Whether a word of relapse is in the text, denied or not."""
    return not RELAPSE.isdisjoint(tokens(said))
