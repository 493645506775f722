"""The card of a safety alert: what is dangerous, on what evidence. A card of its own, whatever the coverage says.

Words only: which alerts there are is decided before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cards.card import SUMMARY, Body, Reason, Topic
from cards.links import Page
from cards.markdown import bold, escape, paragraphs, section
from cards.plain import capital, cut, one_line
from cards.quote import cite, drug_name, order_line
from service.determination import Alert
from service.suggestion import Suggestion

_QUOTED = 6  # pieces of evidence; all of them are in the card's extension
DAILY = "daily-dosing"
WEEKLY = "Methotrexate is dosed weekly; this order reads as daily"


@dataclass(frozen=True, slots=True)
class Wording:
    """What an alert says: `lead` opens the summary, `detail` tells the danger and what to do."""

    lead: str
    detail: str


_WORDING = {
    DAILY: Wording(
        WEEKLY,
        "Taken every day, methotrexate has killed patients. Please check how often the order says to take it, "
        "and correct it before signing unless daily doses are truly meant.",
    ),
    "pregnancy": Wording(
        "Pregnancy on record",
        "Methotrexate can cause fetal death and malformations. Please confirm before signing whether the patient is "
        "pregnant.",
    ),
    "hypersensitivity": Wording(
        "Methotrexate allergy on record",
        "Please confirm before signing what the reaction was to: methotrexate itself, or another part of a product.",
    ),
    "liver-disease": Wording(
        "Liver disease on record", "Methotrexate can damage the liver. Please weigh this before signing."
    ),
    "alcoholism": Wording(
        "Alcohol use disorder on record",
        "Alcohol adds to the harm that methotrexate can do to the liver. Please weigh this before signing.",
    ),
    "immunodeficiency": Wording(
        "Immunodeficiency on record",
        "Methotrexate suppresses the immune system further. Please weigh this before signing.",
    ),
    "blood-dyscrasia": Wording(
        "Blood disorder on record",
        "Methotrexate suppresses the bone marrow. Please check the blood counts before signing.",
    ),
    "strength-unavailable": Wording(
        "Strength not made",
        "The product is not made in the strength that the order names. Please check the strength and the device.",
    ),
}

_INTENDED = Reason("dose-intended-and-verified", "The dose and its frequency are intended and verified")
_CORRECTING = Reason("order-will-be-corrected", "The order will be corrected")
_BENEFIT = Reason("benefit-outweighs-risk", "The benefit outweighs the risk for this patient")
_OUT_OF_DATE = Reason("record-out-of-date", "The record is out of date or wrong")
_MONITORED = Reason("risk-discussed-and-monitored", "The risk was discussed with the patient and is monitored")
_ABOUT_DOSE = (_INTENDED, _CORRECTING)
_ABOUT_PATIENT = (_BENEFIT, _OUT_OF_DATE, _MONITORED)
_ELSEWHERE = Reason("checked-elsewhere", "The chart was checked another way")
REASONS = (*_ABOUT_DOSE, *_ABOUT_PATIENT, _ELSEWHERE)


def safety_cards(
    order: str, drug: str, alerts: Iterable[Alert], page: Page, suggestions: Sequence[Suggestion] = ()
) -> list[Body]:
    """One card for each alert; the order, as a reference, and the alert stand in `extension.safety`. The one of daily
    dosing offers the weekly dose."""
    weekly = tuple(one for one in suggestions if one.kind == "weekly")
    return [_card(order, drug, alert, page, weekly if alert.code == DAILY else ()) for alert in alerts]


def _card(order: str, drug: str, alert: Alert, page: Page, suggestions: tuple[Suggestion, ...]) -> Body:
    words = _WORDING.get(alert.code) or Wording(_named(alert.code), "")
    told = {"order": order, **alert.as_contract()}
    return Body(
        order=order,
        kind=f"safety {alert.code}",
        topic=Topic.MEDICATION_SAFETY,
        summary=cut(f"{words.lead}: {drug_name(drug, 60)}", SUMMARY),
        detail=_detail(order, drug, alert, words),
        indicator=alert.severity,
        reasons=_ABOUT_DOSE if alert.code in (DAILY, "strength-unavailable") else _ABOUT_PATIENT,
        extension={"safety": _filled(told)},
        suggestions=suggestions,
        links=page.link(f"alert-{alert.code}"),
    )


def unchecked_card(order: str, drug: str, unchecked: Iterable[str]) -> Body:
    """That part of the chart could not be read, where no other card is about the order: silence reads as all clear."""
    lead = "Safety not fully checked, part of the chart could not be read"
    return Body(
        order=order,
        kind="safety unchecked",
        topic=Topic.MEDICATION_SAFETY,
        summary=cut(f"{lead}: {drug_name(drug, 60)}", SUMMARY),
        detail=paragraphs(
            [
                f"{bold(lead + '.')} No prior authorization policy governs this order.",
                section("Could not be read", [escape(text) for text in unchecked], most=_QUOTED),
                order_line(drug, order),
            ]
        ),
        indicator="info",
        reasons=(_ELSEWHERE,),
    )


def _named(code: str) -> str:
    """An alert without words of its own here, by its code."""
    return capital(cut(one_line(code.replace("-", " ")), 60)) or "Safety alert"


def _detail(order: str, drug: str, alert: Alert, words: Wording) -> str:
    return paragraphs(
        [
            f"{bold(escape(words.lead) + '.')} {words.detail}".rstrip(),
            escape(alert.says),
            section("On record", [quoted for one in alert.evidence if (quoted := cite([one]))], most=_QUOTED),
            order_line(drug, order),
        ]
    )


def _filled(value: object) -> object:
    """JSON without null and empty members (CDS Hooks 2.0.1: no member is null or empty)."""
    if isinstance(value, dict):
        pairs = ((key, _filled(inner)) for key, inner in value.items())
        return {key: inner for key, inner in pairs if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return [inner for one in value if (inner := _filled(one)) not in (None, "", [], {})]
    return value
