"""One dosage instruction: its structure and its text, beside each other (READING, sections 9 and 15).

Text is read where the structure says no rate, and never overrules it: plainly contradicted, nothing is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from service.case import Product
from service.determination import Evidence
from service.dose import BodySurface, Part, say
from service.fhir.dose_and_rate import Said, read_dose_and_rate
from service.fhir.elements import Json, child, flag, items, number, text
from service.fhir.sig import Sig, read_sig
from service.fhir.timing import Timing, in_words, read_timing
from service.fhir.units import Amount, Unread, days_in, measure, read_quantity

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
    """A text of the instruction: where it stands, what it says, and its amount where that can be reckoned."""

    path: str
    quoted: str
    sig: Sig
    amount: Amount | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """All that was read of the instruction, before it is weighed."""

    dose: Said | Unread | None
    timing: Timing
    texts: tuple[_Text, ...]

    @property
    def told(self) -> bool:
        """Whether the rate, if any, is the structure's: then the text is not read for one."""
        return self.timing.rate is not None or self.timing.fault is not None

    @property
    def rate(self) -> Fraction | None:
        if self.timing.rate or self.timing.fault:
            return self.timing.rate.most if self.timing.rate else None
        found = {one.sig.rate for one in self.texts if one.sig.count is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def spoken(self) -> Amount | None:
        """The amount of the texts, where they are read for it at all, and say one."""
        found = {one.amount for one in self.texts if one.sig.amounts}
        return found.pop() if len(found) == 1 and self.dose is None and not self.told else None

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
    found = _Reading(read_dose_and_rate(json, product, body), timing, tuple(_texts(json, timing, product)))
    clashes = tuple(dict.fromkeys(_clashes(found)))
    part = _part(json, found, product)
    why = _fault(json) or timing.fault or (_contradiction(clashes) if clashes else None)
    why = why or (part.why if isinstance(part, Unread) else None)
    seen = _seen(part, found) if isinstance(part, Part) and why is None else clashes or _unseen(why or "", found)
    counts = [count for count in (timing.count, *(one.sig.count for one in found.texts)) if count is not None]
    return Instruction(
        part=part if isinstance(part, Part) and why is None else None,
        why=why,
        clash=bool(clashes) or timing.clash,
        sequence=number(json, "sequence"),
        evidence=tuple(Evidence(reference, f"{path}.{at}" if at else path, says) for at, says in seen),
        count=max(counts, default=None),
        daily=tuple(Evidence(reference, f"{path}.{at}", says) for at, says in _daily(found)),
        remarks=tuple(_remarks(json, part, product, body)),
    )


def _texts(json: Json, timing: Timing, product: Product | None) -> Iterator[_Text]:
    """The instruction's text (else the one for the patient), and the words of its timing's code."""
    named = next((name for name in ("text", "patientInstruction") if text(json, name)), "text")
    own = ((named, words) for words in (text(json, named),) if words)
    for path, words in (*own, *(("timing.code", words) for words in timing.words)):
        quoted, sig = " ".join(words.split()), read_sig(words)
        yield _Text(path, quoted if len(quoted) <= _QUOTED else f"{quoted[:_QUOTED]}…", sig, _amount(sig, product))


def _amount(sig: Sig, product: Product | None) -> Amount | None:
    """The amount of a text; said in mg and in mL, it must be the same."""
    found = [measure(value, unit, product) for value, unit in sig.amounts]
    read = [one for one in found if isinstance(one, Amount)]
    agree = len(read) == len(found) and len({(one.mg, one.per_m2) for one in read}) == 1
    return read[0] if agree else None


def _clashes(found: _Reading) -> Iterator[tuple[str, str]]:
    """Where a plain rate or a plain amount of a text is not the structure's: the structure, then the text."""
    rate, dose = found.timing.rate, found.dose
    for one in found.texts:
        if rate and one.sig.rate is not None and not rate.least <= one.sig.rate <= rate.most:
            amount = f"{dose.says}, " if isinstance(dose, Said) else ""
            yield rate.path, f"the structure says {amount}{in_words(rate.most)}"
            yield one.path, f'the text says "{one.quoted}"'
        if isinstance(dose, Said) and one.amount and _differs(one.amount, dose):
            yield dose.path, f"the structure says {dose.says}"
            yield one.path, f'the text says "{one.quoted}"'


def _differs(amount: Amount, dose: Said) -> bool:
    """Milligrams beside milligrams (however they were given), or mg/m2 beside mg/m2; the one never beside the other."""
    for own, all_said in (
        (amount.mg, [a.mg for a in dose.every if a.mg is not None]),
        (amount.per_m2, [a.per_m2 for a in dose.every if a.per_m2 is not None]),
    ):
        if own is not None and all_said and not min(all_said) <= own <= max(all_said):
            return True
    return False


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
        lacking = "how often it is taken" if rate is None else "the dose"
        unclear = f"; its text does not say surely {lacking}" if found.texts and not found.told else ""
        return Unread(f"no {'rate' if rate is None else 'dose'} is given{unclear}")
    cap = _cap(json, product)
    if isinstance(cap, Unread):
        return cap
    return Part(amount.mg, amount.per_m2, rate, cap.mg if cap else None, cap.per_m2 if cap else None)


def _cap(json: Json, product: Product | None) -> Amount | Unread | None:
    """maxDosePerPeriod as an amount a week (FHIR R4: a ratio of an amount to a time)."""
    if json.get("maxDosePerPeriod") is None:
        return None
    ratios = items(json, "maxDosePerPeriod")
    most = read_quantity(child(ratios[0], "numerator"), product) if len(ratios) == 1 else Unread("not one ratio")
    span = child(ratios[0], "denominator") if ratios else {}
    length, unit = number(span, "value"), days_in(text(span, "code") or text(span, "unit"))
    if isinstance(most, Unread) or not length or length < 0 or unit is None:
        return Unread(f"its maxDosePerPeriod cannot be read ({most.why if isinstance(most, Unread) else 'no period'})")
    weeks = 7 / (length * unit)
    mg, per_m2 = (None if one is None else one * weeks for one in (most.mg, most.per_m2))
    return Amount(mg, per_m2, most.says)


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
    for one in found.texts:
        if one.sig.daily:
            yield one.path, f'"{one.quoted}": {one.sig.daily} {_MARK}'


def _remarks(json: Json, part: Part | Unread, product: Product | None, body: BodySurface | None) -> Iterator[str]:
    if flag(json, "asNeededBoolean") or child(json, "asNeededCodeableConcept"):
        yield "to be taken as needed: counted as if always taken"
    if isinstance(part, Part) and product and product.id and product.strength_mg:
        one, strength = part.single("mg", body.area if body else None), Fraction(product.strength_mg)
        if one is not None and (one / strength).denominator != 1:
            yield f"{say(one)} mg takes no whole number of devices of {say(strength)} mg"
