"""The card of a determination."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.coverage import coverage_card
from service.determination import Determination, Evidence, Referral, Result, Status
from tests.cards.outcomes import DRUG, HOSTILE, PAGE, POLICY, active, alert, determination, finding

DAILY = "Methotrexate is dosed weekly; this order reads as daily"
texts = st.one_of(st.text(), st.sampled_from(HOSTILE), st.lists(st.sampled_from(HOSTILE), max_size=3).map("\n".join))


@pytest.mark.parametrize(
    ("status", "indicator", "summary"),
    [
        (Status.APPROVABLE, "info", f"Approvable: {DRUG} – 12 months, through 2027-03-09, Medicaid"),
        (
            Status.DOCUMENTATION_NEEDED,
            "warning",
            f"Documentation needed: {DRUG} – Chart note on why tablets can't be swallowed (I.B.6)",
        ),
        (Status.NOT_MET, "warning", f"Not met: {DRUG} – Criterion I.B.7 (I.B.7)"),
        (Status.REFER, "info", f"Refer: {DRUG} – decided under CP.PMN.53, Medicaid"),
    ],
)
def test_each_status_has_its_indicator_and_summary(status: Status, indicator: str, summary: str) -> None:
    told = determination(status)
    body = coverage_card(told, PAGE)
    assert (body.indicator, body.summary) == (indicator, summary)
    assert body.extension == {"determination": told.as_contract()}


@pytest.mark.parametrize("status", Status)
def test_the_detail_opens_with_status_drug_use_and_line_and_ends_with_order_and_policy(status: Status) -> None:
    first, *_, order, policy = coverage_card(determination(status), PAGE).detail.split("\n\n")
    assert re.match(rf"\*\*[A-Z][a-z ]+:\*\* {DRUG}, for rheumatoid arthritis, Medicaid\. [A-Z]", first)
    assert order == f"Order: {DRUG} (MedicationRequest/mtx-1)"
    assert re.fullmatch(r"Policy CP\.PHAR\.134, revision 2025-11(, section I\.B)?; evaluated on 2026-03-10\.", policy)


def test_what_to_do_comes_before_what_is_met() -> None:
    needed = coverage_card(determination(Status.DOCUMENTATION_NEEDED), PAGE).detail
    assert needed.index("**What is missing**") < needed.index("**Met**")
    failed = coverage_card(
        determination(Status.NOT_MET, referral=Referral("r", {"medicaid": ("CP.PMN.53",)})), PAGE
    ).detail
    assert failed.index("**What is not met**") < failed.index("**Policies that decide") < failed.index("**Met**")


def test_remarks_and_what_could_not_be_read_are_told() -> None:
    detail = coverage_card(determination(remarks=("inferred",), unread=("Condition/x could not be read",)), PAGE).detail
    assert "**Also noted**\n\n- Inferred" in detail
    assert "**Could not be read**\n\n- Condition/x could not be read" in detail


@pytest.mark.parametrize(("count", "more"), [(12, False), (13, True)])
def test_long_lists_of_what_could_not_be_read_are_counted(count: int, more: bool) -> None:
    detail = coverage_card(determination(unread=tuple(f"Condition/{n}" for n in range(count))), PAGE).detail
    assert ("- and 1 more" in detail) is more


@pytest.mark.parametrize("status", Status)
def test_daily_dosing_opens_summary_and_detail_and_the_status_follows(status: Status) -> None:
    plain, warned = (coverage_card(determination(status, safety=s), PAGE) for s in ((), (alert(),)))
    assert re.match(rf"{DAILY}\. (Approvable|Documentation needed|Not met|Refer): Jylamvo", warned.summary)
    assert warned.detail.startswith(f"**{DAILY}. Please check the frequency before signing.**\n\n**")
    assert warned.indicator == plain.indicator
    assert DAILY not in plain.summary + plain.detail


def test_other_alerts_are_pointed_at_and_do_not_open_the_card() -> None:
    body = coverage_card(determination(safety=(alert("liver-disease", "warning"), alert("pregnancy"))), PAGE)
    assert body.summary.startswith("Approvable: ")
    opening, beside, *_ = body.detail.split("\n\n")
    assert opening.startswith("**Approvable:**")
    assert beside == "**Safety:** see also the alert for liver disease, pregnancy."


def test_daily_dosing_is_not_pointed_at_where_the_card_opens_with_it() -> None:
    assert "see also" not in coverage_card(determination(safety=(alert(),)), PAGE).detail
    both = coverage_card(determination(safety=(alert(), alert("pregnancy"))), PAGE).detail
    assert "see also the alert for pregnancy." in both


def test_an_open_product_and_an_unknown_line_are_said() -> None:
    detail = coverage_card(determination(product=None, line=None, drug="methotrexate", indication_name=""), PAGE).detail
    assert detail.startswith("**Approvable:** methotrexate (product not settled), line of business not known. ")


def test_a_drug_text_without_its_brand_is_told_with_the_product() -> None:
    body = coverage_card(determination(drug="methotrexate 2 mg/mL"), PAGE)
    assert body.summary.startswith("Approvable: Jylamvo, methotrexate 2 mg/mL – ")
    assert body.detail.startswith("**Approvable:** Jylamvo, methotrexate 2 mg/mL, for ")


@pytest.mark.parametrize("safety", [(), (alert(),)])
@pytest.mark.parametrize("status", Status)
def test_the_summary_keeps_to_139_characters_and_still_tells_a_fact(status: Status, safety: tuple[object, ...]) -> None:
    body = coverage_card(determination(status, drug="Jylamvo " + "x" * 292, safety=safety), PAGE)
    assert len(body.summary) <= 139
    assert re.search(r"Jylamvo x+… – \S", body.summary)


def test_a_long_drug_leaves_room_for_the_fact_beside_the_dosing_warning() -> None:
    told = determination(Status.DOCUMENTATION_NEEDED, drug="Jylamvo " + "x" * 292, safety=(alert(),))
    summary = coverage_card(told, PAGE).summary
    assert summary.endswith("Documentation needed: Jylamvo xxxxxxxxxxxxxxxxxxx… – Chart note on why tablets ca…")
    assert len(summary) == 139


@pytest.mark.parametrize(("length", "cut"), [(24, False), (25, True)])
def test_a_summary_of_139_is_whole_and_of_140_is_cut(length: int, cut: bool) -> None:
    lacking = finding("I.B.6", Result.UNKNOWN, missing="y" * 65)
    told = determination(Status.DOCUMENTATION_NEEDED, findings=(lacking,), missing=("I.B.6",))
    summary = coverage_card(replace(told, drug="Jylamvo" + " " + "x" * (length + 9)), PAGE).summary
    assert len(summary) == 139
    assert ("…" in summary) is cut


@pytest.mark.parametrize("status", Status)
@given(text=texts)
def test_no_chart_text_takes_effect(status: Status, text: str) -> None:
    body = coverage_card(_saying(determination(status), text), PAGE)
    assert 0 < len(body.summary) <= 139
    assert body.summary.isprintable()
    lines = body.detail.split("\n")
    assert [(line, found) for line in lines if (found := active(line))] == []


def _saying(told: Determination, text: str) -> Determination:
    """A determination with `text` in every place that a chart, an operator or a document fills."""
    seen = Evidence(text, text, text, text)
    results = [r for r in Result if r is not Result.NOT_APPLICABLE]
    beside = tuple(finding(f"I.C.{n}", r, seen, reads=text, remarks=(text,)) for n, r in enumerate(results))
    lacking = finding("I.B.6", Result.UNKNOWN, seen, reads=text, missing=text, remarks=(f"{text}!",))
    failed = finding("I.B.7", Result.NOT_MET, seen, reads=text, remedy=text)
    return replace(
        told,
        order=text,
        drug=text,
        policy=replace(POLICY, id=text, version=text),
        findings=(lacking, failed, *beside),
        missing=("I.B.6", text),
        unmet=("I.B.7",),
        asks=(text,) if len(text) % 2 else (),
        referral=Referral(text, {text: (text,), "medicaid": (text,)}),
        safety=(alert(text, "warning"),),
        indication_name=text,
        remarks=(text,),
        unread=(text,),
    )
