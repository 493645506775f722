"""Safety cards."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards import override_reasons, render
from cards.card import Topic
from cards.safety import safety_cards
from service.determination import Alert, Evidence, NotEvaluated, SafetyNotice, Severity
from tests.cards.outcomes import DRUG, HOSTILE, ORDER, PAGE, POLICY, active, alert, empties

ALERTS: list[tuple[str, Severity, str, str]] = [
    ("daily-dosing", "critical", "Methotrexate is dosed weekly; this order reads as daily", "killed"),
    ("pregnancy", "critical", "Pregnancy on record", "fetal"),
    ("hypersensitivity", "critical", "Methotrexate allergy on record", "reaction"),
    ("liver-disease", "warning", "Liver disease on record", "liver"),
    ("alcoholism", "warning", "Alcohol use disorder on record", "liver"),
    ("immunodeficiency", "warning", "Immunodeficiency on record", "immune"),
    ("blood-dyscrasia", "warning", "Blood disorder on record", "marrow"),
    ("strength-unavailable", "warning", "Strength not made", "not made in the strength"),
]


@pytest.mark.parametrize(("code", "severity", "lead", "danger"), ALERTS)
def test_each_alert_has_its_words_and_its_severity(code: str, severity: Severity, lead: str, danger: str) -> None:
    found = alert(code, severity, says="Said by the policy")
    (body,) = safety_cards(ORDER, DRUG, [found], PAGE)
    assert (body.summary, body.indicator, body.topic) == (f"{lead}: {DRUG}", severity, Topic.MEDICATION_SAFETY)
    first, said, title, evidence, order = body.detail.split("\n\n")
    assert first.startswith(f"**{lead}.** ")
    assert danger in first
    assert (said, title) == ("Said by the policy", "**On record**")
    assert evidence == f"- 7 doses a week ({ORDER})"
    assert order == f"Order: {DRUG} ({ORDER})"
    assert body.extension == {"safety": {"order": ORDER, **found.as_contract()}}


def test_daily_dosing_says_that_the_drug_is_dosed_weekly_and_that_daily_doses_have_killed() -> None:
    (body,) = safety_cards(ORDER, DRUG, [alert("daily-dosing")], PAGE)
    assert "dosed weekly" in body.detail
    assert "Taken every day, methotrexate has killed patients" in body.detail


def test_an_alert_without_words_here_is_told_by_its_code_and_what_it_says() -> None:
    (body,) = safety_cards(ORDER, DRUG, [alert("renal-failure", "warning", says="The kidneys <fail>")], PAGE)
    assert body.summary == f"Renal failure: {DRUG}"
    assert body.detail.startswith("**Renal failure.**\n\nThe kidneys &lt;fail&gt;")


@pytest.mark.parametrize(("count", "more"), [(6, False), (7, True)])
def test_evidence_beyond_the_sixth_is_counted(count: int, more: bool) -> None:
    evidence = tuple(Evidence(f"Condition/{n}", "Condition.code", "seen") for n in range(count))
    (body,) = safety_cards(ORDER, DRUG, [alert("liver-disease", "warning", evidence=evidence)], PAGE)
    assert ("- and 1 more" in body.detail) is more


def test_reasons_to_override_fit_the_alert_and_keep_their_codes() -> None:
    codes = {a[0]: [r.code for r in safety_cards(ORDER, DRUG, [alert(a[0])], PAGE)[0].reasons] for a in ALERTS}
    assert codes["daily-dosing"] == codes["strength-unavailable"]
    assert codes["daily-dosing"] == ["dose-intended-and-verified", "order-will-be-corrected"]
    assert codes["pregnancy"] == ["benefit-outweighs-risk", "record-out-of-date", "risk-discussed-and-monitored"]


def test_members_that_would_be_empty_are_left_out() -> None:
    bare = Alert("pregnancy", "critical", (Evidence("Condition/x", "", ""),))
    (body,) = safety_cards(ORDER, "", [bare], PAGE)
    assert body.extension == {
        "safety": {
            "order": ORDER,
            "code": "pregnancy",
            "severity": "critical",
            "evidence": [{"reference": "Condition/x"}],
        }
    }
    (without,) = safety_cards(ORDER, "", [Alert("pregnancy", "critical", ())], PAGE)
    assert list(empties(without.extension)) == []
    assert "On record" not in without.detail.removeprefix("**Pregnancy on record.**")


@given(text=st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_no_chart_text_takes_effect(text: str) -> None:
    found = alert("pregnancy", says=text, evidence=(Evidence(text, text, text, text),))
    for body in safety_cards(text, text * 300, [found, alert(text or "x", "warning")], PAGE):
        assert 0 < len(body.summary) <= 139
        assert body.summary.isprintable()
        assert [line for line in body.detail.split("\n") if active(line)] == []


def test_words_are_not_shouted() -> None:
    for code, severity, *_ in ALERTS:
        (body,) = safety_cards(ORDER, DRUG, [alert(code, severity)], PAGE)
        assert not re.search(r"[A-Z]{4,}|!", body.summary + body.detail)


def test_an_order_of_which_only_safety_is_looked_at_says_what_could_not_be_read() -> None:
    notice = SafetyNotice(ORDER, DRUG, (), POLICY, ("AllergyIntolerance: refused <b>",))
    (card,) = render([notice], service_url=None, seed="s")
    assert (card["indicator"], "safety" in card.get("extension", {})) == ("info", False)
    assert "could not be read" in str(card["summary"])
    assert "- AllergyIntolerance: refused &lt;b&gt;" in str(card["detail"])


def test_beside_an_alert_what_could_not_be_read_needs_no_card() -> None:
    notice = SafetyNotice(ORDER, DRUG, (alert("daily-dosing", "critical"),), POLICY, ("AllergyIntolerance: refused",))
    assert [card["indicator"] for card in render([notice], service_url=None, seed="s")] == ["critical"]


def test_every_reason_that_a_card_offers_is_known_for_feedback() -> None:
    notices = [SafetyNotice(ORDER, DRUG, (alert(code, severity),), POLICY) for code, severity, *_ in ALERTS]
    notices.append(SafetyNotice(ORDER, DRUG, (), POLICY, ("x",)))
    cards = render([*notices, NotEvaluated(ORDER, DRUG, "x")], service_url=None, seed="s")
    offered = {(reason["system"], reason["code"]) for card in cards for reason in card["overrideReasons"]}  # type: ignore[attr-defined]
    assert offered <= override_reasons()
