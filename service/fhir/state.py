"""The state of a plan: the one that its HIOS plan id carries, else the one where the patient lives.

Knows state names and codes only as a value set lists them; decides nothing by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, codings, items, span, text, texts
from service.terminology import Terminology

_SUBDIVISION = "urn:iso:std:iso:3166:-2"
_STATE_NAME = "urn:countersign:state-name"
_COUNTRY_NAME = "urn:countersign:country-name"
# CMS: five digits of the issuer, the state, three of the product, four of the component; a variant makes it 17.
_HIOS = re.compile(r"[0-9]{5}([A-Z]{2})[0-9]{7}(?:-[0-9]{2}|[0-9]{3})?")


@dataclass(frozen=True, slots=True)
class State:
    """A state's two letters, with where they stand; None where it is not known."""

    code: str | None = None
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


def of_plan(reference: str, coverage: Json, terms: Terminology) -> State | None:
    """The state in the HIOS plan ids of Coverage.class `plan` (reading 13); None where it carries no such id."""
    ids = {value: code for value in _plan_ids(coverage) if (code := _of_hios(value, terms))}
    states = sorted(set(ids.values()))
    if not states:
        return None
    if len(states) > 1:
        return State(remarks=(f"{reference} has plan ids of {' and '.join(states)}: the plan's state is not known",))
    said = f"{states[0]}, by the HIOS plan id {' and '.join(ids)}"
    return State(states[0], (Evidence(reference, "Coverage.class.value", said),))


def _plan_ids(coverage: Json) -> list[str]:
    plans = [g for g in items(coverage, "class") if any(c.code == "plan" for c in codings(child(g, "type")))]
    return [value.upper() for group in plans for value in texts(group, "value")]


def _of_hios(value: str, terms: Terminology) -> str | None:
    shape = _HIOS.fullmatch(value)
    return terms.value(_SUBDIVISION, f"US-{shape[1]}") if shape else None


def of_home(chart: Chart, on: date, terms: Terminology) -> State:
    """The state of the patient's current home address, flagged as such: of use `home`, else without a use and not for
    mail alone. Several that disagree, or one that cannot be read, leave it unknown."""
    current = [a for a in items(chart.patient, "address") if _current(a, on) and _domestic(a, terms)]
    homes = [a for a in current if (text(a, "use") or "").lower() == "home"] or [a for a in current if _for_any_use(a)]
    said = list(dict.fromkeys(state for a in homes if (state := text(a, "state"))))
    codes = {_code(state, terms) for state in said}
    if not codes or chart.patient is None:
        return State()
    code = codes.pop() if len(codes) == 1 else None
    if code is None:
        return State(remarks=(f"The home address does not tell one state ({' and '.join(said)})",))
    shown = f"{code}, by the patient's home address: the plan's own state is not on record"
    return State(code, (Evidence(chart.reference(chart.patient), "Patient.address.state", shown),))


def _for_any_use(address: Json) -> bool:
    return address.get("use") is None and text(address, "type") != "postal"


def _current(address: Json, on: date) -> bool:
    """Whether an address's period holds the day; one that cannot be read is not known to."""
    period = child(address, "period")
    start, end = span(period.get("start")), span(period.get("end"))
    if (start is None and period.get("start") is not None) or (end is None and period.get("end") is not None):
        return False
    return not (start and start.first > on) and not (end and end.last < on)


def _domestic(address: Json, terms: Terminology) -> bool:
    country = text(address, "country")
    return country is None or bool(terms.concepts(_COUNTRY_NAME, country.lower()))


def _code(said: str, terms: Terminology) -> str | None:
    plain = " ".join(said.split())
    subdivision = plain.upper() if len(plain) > 2 else f"US-{plain.upper()}"
    return terms.value(_SUBDIVISION, subdivision) or terms.value(_STATE_NAME, plain.lower())
