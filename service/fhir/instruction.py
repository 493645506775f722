"""One dosage instruction: its structure and its text, beside each other (reading, section 9 and 15).

Text is read where the structure says no rate, and never overrules it: plainly contradicted, nothing is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from service.case import Product
from service.determination import Evidence
from service.dose import BodySurface, Part, say
from service.fhir.clash import amount_clashes, is_a_weeks, rate_clashes, spoken_amount, uncounted
from service.fhir.dose_and_rate import Said, read_dose_and_rate, read_maximum
from service.fhir.elements import Json, child, flag, items, number, text
from service.fhir.sig import Sig, read_sig
from service.fhir.timing import Rate, Timing, in_words, read_timing
from service.fhir.units import Amount, Unread
from service.fhir.wording import tokens

_CODE: Literal["timing.code"] = "timing.code"
_MARK = "(read from the instruction's text)"
_QUOTED = 200  # characters of a text that evidence quotes


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction as read: its part, else `why` there is none. `clash`: it plainly contradicts itself. `count`
    and `daily` serve the daily-dosing alert: the highest doses a week that it says, and what says every day."""

    part: Part | None
    why: str | None
    clash: bool
    sequence: Fraction | None
    evidence: tuple[Evidence, ...]
    count: Fraction | None
    daily: tuple[Evidence, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of the instruction: where it stands, what it says, its amount where that can be reckoned, and whether it
    speaks of several devices or tablets that cannot be."""

    path: str
    quoted: str
    sig: Sig
    amount: Amount | None
    uncounted: bool

    @property
    def coded(self) -> bool:
        return self.path == _CODE


@dataclass(frozen=True, slots=True)
class _Reading:
    """All that was read of the instruction, before it is weighed. `asides` are texts that count for the alert alone."""

    dose: Said | Unread | None
    timing: Timing
    texts: tuple[_Text, ...]
    asides: tuple[_Text, ...] = ()

    @property
    def told(self) -> bool:
        """Whether the rate, if any, is the structure's: then the text is not read for one."""
        return self.timing.rate is not None or self.timing.fault is not None

    @property
    def coded(self) -> Fraction | None:
        """The rate that the words of the timing's code say, where they say one."""
        found = {one.sig.rate for one in self.texts if one.coded and one.sig.count is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def rate(self) -> Fraction | None:
        """Doses a week. The words of a code go before a text that is unsure, unless that says more."""
        if self.told:
            return self.timing.rate.most if self.timing.rate else None
        if any(one.uncounted for one in self.texts):
            return None
        speaking = [one.sig for one in self.texts if one.sig.count is not None or one.sig.unsure]
        found = {sig.rate for sig in speaking if not (sig.unsure and self.coded and (sig.most or 0) <= self.coded)}
        return found.pop() if len(found) == 1 else None

    @property
    def spoken(self) -> Amount | None:
        """The amount of the texts, where they are read for it at all, and say one."""
        speaking = [one for one in self.texts if one.sig.said or one.sig.unsure]
        found = {(one.amount.mg, one.amount.per_m2) if one.amount else None for one in speaking}
        return speaking[0].amount if len(found) == 1 and self.dose is None and not self.told else None

    @property
    def source(self) -> _Text | None:
        """The text that what is read from text was read from."""
        plain = [one for one in self.texts if one.sig.amounts or one.sig.rate is not None]
        return plain[0] if plain and not self.told else None


def read_instruction(
    json: Json, *, product: Product | None, body: BodySurface | None, reference: str, path: str
) -> Instruction:
    """Read one FHIR R4 Dosage; any JSON may stand in it."""
    timing = read_timing(child(json, "timing"))
    dose, asides = read_dose_and_rate(json, product, body), tuple(_asides(json))
    found = _Reading(dose, timing, tuple(_texts(json, timing, product)), asides)
    clashes = tuple(dict.fromkeys(_clashes(found, product)))
    part = _part(json, found, product)
    why = _fault(json) or timing.fault or (_contradiction(clashes) if clashes else None)
    why = why or (part.why if isinstance(part, Unread) else None)
    seen = _seen(part, found) if isinstance(part, Part) and why is None else clashes or _unseen(why or "", found)
    counts = (timing.count, *(one.sig.count for one in (*found.texts, *asides)))
    return Instruction(
        part=part if isinstance(part, Part) and why is None else None,
        why=why,
        clash=bool(clashes) or timing.clash,
        sequence=number(json, "sequence"),
        evidence=tuple(Evidence(reference, f"{path}.{at}" if at else path, says) for at, says in seen),
        count=max((count for count in counts if count is not None), default=None),
        daily=tuple(Evidence(reference, f"{path}.{at}", says) for at, says in _daily(found)),
        remarks=tuple(_remarks(json, part, product, body)),
    )


def _texts(json: Json, timing: Timing, product: Product | None) -> Iterator[_Text]:
    """The instruction's text and the one for the patient, and the words of its timing's code."""
    own = ((name, text(json, name)) for name in ("text", "patientInstruction"))
    for path, words in (*own, *((_CODE, words) for words in timing.words)):
        if words:
            yield _read(path, words, product)


def _read(path: str, words: str, product: Product | None) -> _Text:
    quoted, sig = " ".join(words.split()), read_sig(words, _names(product))
    short = quoted if len(quoted) <= _QUOTED else f"{quoted[:_QUOTED]}…"
    return _Text(path, short, sig, spoken_amount(sig, product), uncounted(sig, product))


def _names(product: Product | None) -> frozenset[str]:
    """What a text may call the medicine: its names, or the first word of its own; never a number of it."""
    named = (*product.names, *tokens(product.drug)[:1]) if product else ()
    return frozenset(name for name in named if name.isalpha())


def _asides(json: Json) -> Iterator[_Text]:
    for concept in items(json, "additionalInstruction"):
        if words := text(concept, "text"):
            yield _read("additionalInstruction", words, None)


def _clashes(found: _Reading, product: Product | None) -> Iterator[tuple[str, str]]:
    """Where a plain rate or a plain amount of a text is not the structure's: the structure, then the text."""
    dose = found.dose if isinstance(found.dose, Said) else None
    coded = Rate(found.coded, found.coded, _CODE) if found.coded and not found.told else None
    rate = found.timing.rate
    for one in found.texts:
        if dose and rate and is_a_weeks(one.sig, dose, rate, product):
            continue
        against = rate or (coded if one.sig.daily and not one.coded else None)
        if against and rate_clashes(one.sig, against):
            amount = f"{dose.says}, " if dose else ""
            yield against.path, f"the structure says {amount}{in_words(against.most)}"
            yield one.path, f'the text says "{one.quoted}"'
        if dose and amount_clashes(one.sig, dose, product):
            yield dose.path, f"the structure says {dose.says}"
            yield one.path, f'the text says "{one.quoted}"'


def _contradiction(clashes: tuple[tuple[str, str], ...]) -> str:
    return f"text and structure disagree: {'; '.join(says for _, says in clashes)}"


def _fault(json: Json) -> str | None:
    """What keeps the instruction from being read at all."""
    if json.get("modifierExtension") or child(json, "timing").get("modifierExtension"):
        return "it carries a modifier that this service does not know"
    if json.get("sequence") is not None and number(json, "sequence") is None:
        return "its sequence is no number"
    for name, most in (("timing", 1), ("doseAndRate", None)):
        given = json.get(name)
        listed = given if isinstance(given, list) else [] if given is None else [given]
        if len(items(json, name)) != len(listed) or (most and len(listed) > most):
            return f"its {name} cannot be read"
    return None


def _part(json: Json, found: _Reading, product: Product | None) -> Part | Unread:
    if isinstance(found.dose, Unread):
        return found.dose
    amount, rate = found.dose or found.spoken, found.rate
    if rate is None or amount is None:
        return Unread(_lacking(found, rate=rate is None, dose=amount is None))
    cap = read_maximum(json, product)
    if isinstance(cap, Unread):
        return cap
    return Part(amount.mg, amount.per_m2, rate, cap.mg if cap else None, cap.per_m2 if cap else None)


def _lacking(found: _Reading, *, rate: bool, dose: bool) -> str:
    missing = " and ".join(word for word, lacks in (("no dose", dose), ("no rate", rate)) if lacks)
    surely = " and ".join(word for word, lacks in (("the dose", dose), ("how often it is taken", rate)) if lacks)
    unclear = f"; its text does not say surely {surely}" if found.texts and not found.told else ""
    return f"{missing} is given{unclear}"


def _seen(part: Part, found: _Reading) -> Iterator[tuple[str, str]]:
    """What the part stands on: "30.1 mg once a week = 30.1 mg per week"; what a text said is quoted and marked."""
    source, how_often = found.source, in_words(part.per_week)
    amount = found.dose.says if isinstance(found.dose, Said) else found.spoken.says if found.spoken else ""
    total = " or ".join(
        f"{say(week)} {unit} per week"
        for unit, own in (("mg", part.mg), ("mg/m2", part.per_m2))
        if own is not None and (week := part.weekly("mg" if unit == "mg" else "mg/m2", None)) is not None
    )
    capped = ", up to the maximum a period" if part.cap_mg is not None or part.cap_per_m2 is not None else ""
    says = f"{amount} {how_often}{capped} = {total}" if total else f"{amount} {how_often}{capped}"
    if isinstance(found.dose, Said):
        yield found.dose.path, says
        if source:
            yield source.path, f'"{source.quoted}": {how_often} {_MARK}'
    elif source:
        yield source.path, f'"{source.quoted}": {says} {_MARK}'


def _unseen(why: str, found: _Reading) -> Iterator[tuple[str, str]]:
    """What is there, where it could not be read."""
    given = f"{found.dose.says}: {why}" if isinstance(found.dose, Said) else why
    yield "timing" if found.timing.fault else "doseAndRate" if found.dose else "", given
    for one in found.texts:
        yield one.path, f'"{one.quoted}"'


def _daily(found: _Reading) -> Iterator[tuple[str, str]]:
    yield from found.timing.daily
    for one in (*found.texts, *found.asides):
        if one.sig.daily:
            yield one.path, f'"{one.quoted}": {one.sig.daily} {_MARK}'


def _remarks(json: Json, part: Part | Unread, product: Product | None, body: BodySurface | None) -> Iterator[str]:
    if flag(json, "asNeededBoolean") or child(json, "asNeededCodeableConcept"):
        yield "to be taken as needed: counted as if always taken"
    if isinstance(part, Part) and product and product.id and product.strength_mg:
        one, strength = part.single("mg", body.area if body else None), Fraction(product.strength_mg)
        if one is not None and (one / strength).denominator != 1:
            yield f"{say(one)} mg takes no whole number of devices of {say(strength)} mg"
