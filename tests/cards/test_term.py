"""Approval periods and referrals in words."""

from dataclasses import replace
from datetime import date

from cards.term import approval_section, referral_section, short_approval, short_referral
from service.determination import Referral
from tests.cards.outcomes import YEAR

HALF = replace(YEAR, months=6, end=date(2026, 9, 9), basis="6 months; no renewal date ahead is known")


def test_an_approval_tells_its_last_day_and_line() -> None:
    assert short_approval(YEAR, "medicaid") == "12 months, through 2027-03-09, Medicaid"
    assert short_approval(replace(YEAR, months=1), "him") == "1 month, through 2027-03-09, Health Insurance Marketplace"
    assert approval_section(YEAR, "medicaid") == (
        "**Approval period (Medicaid)**: 2026-03-10 through 2027-03-09; 12 months"
    )


def test_a_period_set_by_a_date_names_no_months() -> None:
    assert short_approval(replace(YEAR, months=None), "commercial") == "through 2027-03-09, commercial"


def test_an_unknown_line_lists_the_period_of_each() -> None:
    by_line = {"commercial": HALF, "medicaid": YEAR}
    assert short_approval(by_line, None) == "through 2026-09-09 or 2027-03-09, by line of business"
    assert approval_section(by_line, None).splitlines() == [
        "**Approval period by line of business. The member's line of business is not known**",
        "",
        "- Commercial: 2026-03-10 through 2026-09-09; 6 months; no renewal date ahead is known",
        "- Medicaid: 2026-03-10 through 2027-03-09; 12 months",
    ]


def test_no_approval_says_nothing() -> None:
    assert short_approval(None, "medicaid") == approval_section(None, "medicaid") == ""


def test_a_referral_names_the_policies_of_the_line() -> None:
    one = Referral("Not listed: <b>gout</b>", {"medicaid": ("CP.PMN.16", "CP.PMN.255")})
    assert short_referral(one) == "decided under CP.PMN.16 or CP.PMN.255, Medicaid"
    assert referral_section(one) == (
        "**Policies that decide such a use**\n\n- Medicaid: CP.PMN.16, CP.PMN.255\n\n"
        "Not listed: &lt;b&gt;gout&lt;/b&gt;"
    )


def test_a_referral_of_an_unknown_line_names_the_policies_of_each() -> None:
    every = Referral("Not listed", {"commercial": ("CP.CPA.09",), "him": ("HIM.PA.154",), "medicaid": ("CP.PMN.53",)})
    assert short_referral(every) == "decided under CP.CPA.09, HIM.PA.154 or CP.PMN.53, by line of business"
    assert "- Health Insurance Marketplace: HIM.PA.154\n- Medicaid: CP.PMN.53" in referral_section(every)


def test_a_referral_without_policies_still_says_that_another_decides() -> None:
    assert short_referral(None) == short_referral(Referral("x", {})) == "another policy decides"
    assert referral_section(None) == ""
