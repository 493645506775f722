"""The card of a determination: its status first, then what to do about it, then what it stands on.

The determination itself goes into the card's extension as the contract has it; the words may change freely."""

from __future__ import annotations

from typing import assert_never

from cards.card import SUMMARY, Body, Indicator, Reason, Topic
from cards.criteria import missing, others, remarks, shortest_missing, unmet
from cards.links import Page, form_link
from cards.markdown import LONGEST, bold, escape, paragraphs, section
from cards.nearest import nearest_way
from cards.plain import cut, line_name, one_line
from cards.quote import drug_name, order_line
from cards.safety import DAILY, WEEKLY
from cards.term import approval_section, referral_section, short_approval, short_referral
from service.determination import Determination, Status

_SHOWN = 12  # list items of remarks and of what could not be read
_LEADS = {
    Status.APPROVABLE: "Approvable",
    Status.DOCUMENTATION_NEEDED: "Documentation needed",
    Status.NOT_MET: "Not met",
    Status.REFER: "Refer",
}
REASONS = (
    Reason("documentation-will-follow", "The documentation will follow"),
    Reason("documentation-in-chart", "The documentation is in the chart already"),
    Reason("clinically-urgent", "The treatment is urgent"),
    Reason("patient-pays", "The patient pays for the drug"),
    Reason("disagree-with-criterion", "The criterion does not fit this patient"),
)


def coverage_card(told: Determination, page: Page, form: str | None = None) -> Body:
    """The one card about an order's coverage; `extension.determination` is the contract's object. `form` is the address
    at which what is missing can be filled in, or what was answered no can be answered anew."""
    return Body(
        order=told.order,
        kind="coverage",
        topic=Topic.PRIOR_AUTHORIZATION,
        summary=_summary(told),
        detail=_detail(told, page),
        indicator=_indicator(told.status),
        reasons=REASONS,
        extension={"determination": told.as_contract()},
        suggestions=told.suggestions,
        links=(*form_link(form, told.status is not Status.DOCUMENTATION_NEEDED), *page.link(told.pathway)),
    )


def _indicator(status: Status) -> Indicator:
    match status:
        case Status.APPROVABLE | Status.REFER:
            return "info"
        case Status.DOCUMENTATION_NEEDED | Status.NOT_MET:
            return "warning"
    assert_never(status)


def _reads_daily(told: Determination) -> bool:
    return any(alert.code == DAILY for alert in told.safety)


def _summary(told: Determination) -> str:
    """Warning, status, drug, and in the room that is left the most useful fact (CDS Hooks: under 140 characters)."""
    daily = _reads_daily(told)
    warning = f"{WEEKLY}. " if daily else ""
    lead = f"{warning}{_LEADS[told.status]}: "
    fact, more = _fact(told)
    tail = f" (+{more} more)" if more else ""
    said = f" – {one_line(fact)}" if fact else ""
    room = SUMMARY - len(lead) - len(tail)
    drug = drug_name(told.drug, max(room - len(said), 28 if daily else 44), told.product)
    return f"{lead}{drug}{cut(said, room - len(drug))}{tail}"


def _fact(told: Determination) -> tuple[str, int]:
    """The most useful fact in plain text, and how many more there are of its kind."""
    match told.status:
        case Status.APPROVABLE:
            return short_approval(told.approval, told.line), 0
        case Status.DOCUMENTATION_NEEDED:
            return shortest_missing(told)
        case Status.NOT_MET:
            return _first_unmet(told), max(len(told.unmet) - 1, 0)
        case Status.REFER:
            return short_referral(told.referral), 0
    assert_never(told.status)


def _first_unmet(told: Determination) -> str:
    found = next((f for f in told.findings if f.id in told.unmet), None)
    if found is None:
        return ""
    return f"{found.reads} ({found.id})" if found.reads else found.id


def _detail(told: Determination, page: Page) -> str:
    return paragraphs(
        [
            bold(f"{WEEKLY}. Please check the frequency before signing.") if _reads_daily(told) else "",
            _opening(told),
            nearest_way(told, page),
            _beside(told),
            section("What is missing", missing(told, page)),
            section("What is not met", unmet(told, page)),
            approval_section(told.approval, told.line),
            referral_section(told.referral),
            others(told, page),
            section("Also noted", remarks(told, page), most=_SHOWN),
            section("Could not be read", [escape(text) for text in told.unread], most=_SHOWN),
            order_line(told.drug, told.order),
            _footer(told),
        ]
    )


def _opening(told: Determination) -> str:
    """The status in a sentence, with the product, the diagnosis and the line of business."""
    named = escape(drug_name(told.drug, LONGEST, told.product))
    drug = named if told.product else f"{named} (product not settled)"
    use = f", for {escape(told.indication_name)}" if told.indication_name else ""
    line = f", {line_name(told.line)}" if told.line else ", line of business not known"
    return f"{bold(_LEADS[told.status] + ':')} {drug}{use}{line}. {_meaning(told)}"


def _meaning(told: Determination) -> str:
    match told.status:
        case Status.APPROVABLE:
            return "The policy's criteria are met on the evidence below."
        case Status.DOCUMENTATION_NEEDED:
            return "The policy's criteria cannot be settled until what is missing is documented."
        case Status.NOT_MET:
            return "What is on record does not meet the policy."
        case Status.REFER:
            return "This policy does not decide the use."
    assert_never(told.status)


def _beside(told: Determination) -> str:
    """That other alerts stand on cards of their own: no status hides them."""
    codes = [escape(alert.code.replace("-", " ")) for alert in told.safety if alert.code != DAILY]
    return f"{bold('Safety:')} see also the alert for {', '.join(codes)}." if codes else ""


def _footer(told: Determination) -> str:
    section_ref = f", section {escape(told.pathway)}" if told.pathway else ""
    revision = f"{escape(told.policy.id)}, revision {escape(told.policy.version)}"
    return f"Policy {revision}{section_ref}; evaluated on {told.evaluated_on.isoformat()}."
