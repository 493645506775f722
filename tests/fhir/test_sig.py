"""The text of an instruction: plain forms are read, anything else is not, and daily is always told."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.sig import Sig, Unit, read_sig


def amount(sig: Sig) -> str:
    return ", ".join(f"{value} {unit}" for value, unit in sig.amounts)


@pytest.mark.parametrize(
    ("text", "said", "a_week"),
    [
        ("Take 15 mg by mouth once weekly", "15 mg", "1"),
        ("15 mg once a week", "15 mg", "1"),
        ("15 mg every week", "15 mg", "1"),
        ("15 mg each week, on the same day", "15 mg", "1"),
        ("15 mg per week", "15 mg", "1"),
        ("15 mg/week", "15 mg", "1"),
        ("Weekly: 15mg", "15 mg", "1"),
        ("15 MG QWEEK", "15 mg", "1"),
        ("15 mg q.w.", "15 mg", "1"),
        ("15 milligrams every 7 days", "15 mg", "1"),
        ("15 mg every 7 (seven) days", "15 mg", "1"),
        ("15 mg 1 (one) time each week", "15 mg", "1"),
        ("15 mg on Mondays", "15 mg", "1"),
        ("15 mg every Monday at 8 am", "15 mg", "1"),
        ("15 mg weekly on Monday", "15 mg", "1"),
        ("15 mg once weekly at bedtime", "15 mg", "1"),
        ("15 mg once weekly for 12 weeks", "15 mg", "1"),
        ("15 mg once weekly with or without food", "15 mg", "1"),
        ("2.5 mg twice weekly", "5/2 mg", "2"),
        ("2.5 mg two times a week", "5/2 mg", "2"),
        ("2.5 mg 3x/week", "5/2 mg", "3"),
        ("2.5 mg three times weekly", "5/2 mg", "3"),
        ("2.5 mg on Mon, Wed and Sun", "5/2 mg", "3"),
        ("2.5 mg Mon-Fri", "5/2 mg", "5"),
        ("2.5 mg every Monday and every Thursday", "5/2 mg", "2"),
        ("2.5 mg 5 days a week", "5/2 mg", "5"),
        ("2.5 mg daily", "5/2 mg", "7"),
        ("2.5 mg once every day", "5/2 mg", "7"),
        ("2.5 mg every morning", "5/2 mg", "7"),
        ("2.5 mg p.o. b.i.d.", "5/2 mg", "14"),
        ("2.5 mg every 12 hours", "5/2 mg", "14"),
        ("15 mg every other day", "15 mg", "7/2"),
        ("15 mg every 2 weeks", "15 mg", "1/2"),
        ("15 mg every other week", "15 mg", "1/2"),
        ("10 mg/m2 once weekly", "10 mg/m2", "1"),
        ("10 mg/m² once weekly", "10 mg/m2", "1"),
        ("10 mg/m^2 per week", "10 mg/m2", "1"),
        ("10 mg per m2/week", "10 mg/m2", "1"),
        ("7.5 mL by mouth once a week", "15/2 mL", "1"),
        ("7.5 mL (15 mg) once a week", "15/2 mL, 15 mg", "1"),
        ("10 to 15 mg once weekly", "15 mg", "1"),
        ("10-15 mg weekly", "15 mg", "1"),
        ("Inject 1 syringe (15 mg) once weekly", "15 mg", "1"),
        ("10 mg, 1 tab(s), Oral, qWeek, 1 tabs", "10 mg", "1"),
        ("15 mg a week", "15 mg", "1"),
        ("15 mg 1 x week", "15 mg", "1"),
        ("15 mg 1/week", "15 mg", "1"),
        ("15 mg one (1) time per week", "15 mg", "1"),
        ("15 mg once (1 time) a week", "15 mg", "1"),
        ("15 mg every 7th day", "15 mg", "1"),
        ("15 mg qMonday", "15 mg", "1"),
        ("15 mg q. week", "15 mg", "1"),
        ("15 mg once weekly for 4 doses", "15 mg", "1"),
        ("15 mg weekly x 4 doses", "15 mg", "1"),
        ("15 mg once a week for up to 28 days", "15 mg", "1"),
        ("15 mg weekly. Dispense 4", "15 mg", "1"),
        ("15 mg weekly. Disp: 30 mL, Refills: 3", "15 mg", "1"),
        ("15 mg = 7.5 mL, PO, qWeek, # 30 mL, 0 Refill(s)", "15 mg, 15/2 mL", "1"),
        ("7.5 mL (15 mg) of 2 mg/mL oral solution by mouth once weekly", "15/2 mL, 15 mg", "1"),
        ("15 mg once weekly. Take folic acid 1 mg daily.", "15 mg", "1"),
        ("15 mg once weekly. Take folic acid on the other days.", "15 mg", "1"),
        ("15 mg once weekly. Do not drink alcohol", "15 mg", "1"),
        ("15 mg once weekly. Avoid sun exposure. Do not use if pregnant", "15 mg", "1"),
        ("15 mg once weekly. Start on Monday", "15 mg", "1"),
        ("15 mg once weekly into the thigh", "15 mg", "1"),
        ("15 mg once weekly for rheumatoid arthritis", "15 mg", "1"),
        ("20 mg BID. Refills: 2", "20 mg", "14"),
        ("15 mg three times a week. Dispense 4", "15 mg", "3"),
    ],
)
def test_plain_forms_are_read(text: str, said: str, a_week: str) -> None:
    sig = read_sig(text)
    assert amount(sig) == said
    assert sig.rate == Fraction(a_week)


@pytest.mark.parametrize(
    "text",
    [
        "15 mg once weekly. Do NOT take daily.",
        "15 mg once weekly (not daily)",
        "15 mg once weekly, never every day",
        "Do not take this medicine every day. 15 mg once weekly",
    ],
)
def test_a_denial_of_daily_is_not_daily(text: str) -> None:
    fifteen: tuple[tuple[Fraction, Unit], ...] = ((Fraction(15), "mg"),)
    assert read_sig(text) == Sig(fifteen, Fraction(1), Fraction(1), None, said=fifteen, most=Fraction(1))


@pytest.mark.parametrize(
    "text",
    [
        "Take as directed",
        "15 mg once weekly as directed",
        "10 mg then 15 mg weekly",
        "10 or 15 mg weekly",
        "15 mg weekly, split in two",
        "15 mg weekly in 2 divided doses",
        "15 mg weekly, taper",
        "15 mg weekly, increase by 2.5 mg",
        "15 mg q12h x 3 doses weekly",
        "15 mg once weekly, folic acid 1 mg daily and 20 mg Thursday",
        "15 mg once weekly starting 2026-03-10",
        "Week 1: 15 mg weekly",
        "1,000 mg weekly",
        ".5 mg weekly",
        "0.3 mg/kg weekly",
        "15 mg biweekly",
        "15 mg every other Monday",
        "15 mg on Monday",
        "7.5 mg every morning and every evening",
        "7.5 mg in the morning and 7.5 mg at night weekly",
        "if well, 15 mg weekly",
        "15 mg weekly?",
        "15 mg weekly x 2",
        "15 mg at bedtime",
        "2 pens (15 mg each) weekly",
        "fifteen milligrams weekly",
        "Take 2.5 mg tablets once weekly",
        "15 mg and 5 mg weekly",
        "20 mg bi-weekly",
        "20 mg semi-weekly",
        "20 mg tri-weekly",
        "20 mg bis weekly",
        "20 mg twice on Mondays",
        "Take 20 mg twice, once weekly",
        "20 mg several times weekly",
        "20 mg a couple times weekly",
        "20 mg weekly (M, Th)",
        "20 mg weekly (M/Th)",
        "20 mg weekly on Tu and F",
        "15 mg on M/W/F weekly",
        "20 mg weekly b.i.w.",
        "15 mg TIW weekly",
        "15 mg BD weekly",
        "15 mg TDS weekly",
        "20 mg weekly and Thursday",
        "20 mg weekly, also on Thursday",
        "20 mg weekly as well as on Thursday",
        "20 mg weekly, again on Thursday",
        "15 mg with each meal once weekly",
        "20 mg weekly in each arm",
        "20 mg weekly at 2 sites",
        "15 mg on weekdays weekly",
        "15 mg weekly on weekends",
        "15 mg x 3 days weekly",
        "15 mg for 7 days weekly",
        "15 mg x 3 doses weekly",
        "15 mg weekly, dispense 3 weekly",
        "20 mg x BSA weekly",
        "20 mg (per kg) weekly",
        "15 mg weekly (wrong)",
        "15 mg weekly, verify",
        "15 mg weekly (confirm with MD)",
        "15 mg weekly [pending]",
        "Patient taking differently: 15 mg weekly",
        "15 mg weekly, uptitrate",
        "15 mg weekly, advance as tolerated",
        "15 mg weekly, adjust dose",
        "15 mg weekly, see attached schedule",
        "20 mg weekly, doubled",
        "15 mg weekly; do not take weekly",
        "15 mg weekly, morphine",
    ],
)
def test_an_unsure_text_gives_neither_amount_nor_rate(text: str) -> None:
    sig = read_sig(text)
    assert (sig.amounts, sig.rate) == ((), None)


@pytest.mark.parametrize(
    "text",
    [
        "once weekly",
        "Take 6 tablets (15 mg) once weekly",
        "2 tablets once weekly",
        "Inject 15 mg/0.4 mL weekly",
        "7.5 mg, 7.5 mg weekly",
        "15 to 10 mg weekly",
        "0 mg weekly",
    ],
)
def test_a_plain_rate_stands_where_the_amount_is_not_plain(text: str) -> None:
    assert (read_sig(text).amounts, read_sig(text).rate) == ((), 1)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("daily", 7),
        ("every day as directed", 7),
        ("each morning", 7),
        ("every evening", 7),
        ("nightly", 7),
        ("at bedtime", 7),
        ("QD", 7),
        ("q.d.", 7),
        ("BID", 14),
        ("TID", 21),
        ("QID", 28),
        ("every 6 hours", 28),
        ("every 4 to 6 hours", 42),
        ("three times a day", 21),
        ("5x/day", 35),
        ("2.5 mg daily, tapering", 7),
        ("daily except Sunday", 7),
        ("daily, starting Monday", 7),
        ("daily. Weekly blood tests.", 7),
        ("daily; CBC every week", 7),
        ("daily; avoid sun exposure", 7),
        ("not more than 15 mg daily", 7),
        ("do not crush, daily", 7),
        ("daily, not weekly", 7),
        ("2.5 mg daily for 5 days every 4 weeks", 7),
        ("1 tab daily for 7 days every 2 weeks", 7),
        ("everyday", 7),
        ("1 tablet a day", 7),
        ("one a day", 7),
        ("1x/d", 7),
        ("2.5 mg/d", 7),
        ("2.5 mg/24h", 7),
        ("1 tab per 24 hours", 7),
        ("1 tab OD", 7),
        ("1 tab bd", 14),
        ("1 tab tds", 21),
        ("1 tab qds", 28),
        ("1 tab q hs", 7),
        ("1 tab hs", 7),
        ("1 tab qdaily", 7),
        ("daily except weekends", 7),
        ("daily for a week", 7),
        ("daily, follow up in a week", 7),
        ("2.5 mg daily. Take folic acid weekly", 7),
        ("2.5 mg daily with folic acid once weekly", 7),
        ("folic acid weekly, methotrexate 2.5 mg daily", 7),
        ("2.5 mg, folic acid 1 mg daily", 7),
        ("2.5 mg daily, 15 mg a week", 7),
        ("daily. Dispense weekly", 7),
        ("1 tab daily. Refill weekly", 7),
        ("1 tab daily. Weigh weekly", 7),
    ],
)
def test_daily_words_are_told_with_or_without_an_amount(text: str, count: int) -> None:
    sig = read_sig(text)
    assert sig.daily
    assert sig.count == count


@pytest.mark.parametrize(
    "text",
    [
        "weekly, not daily",
        "every Monday morning",
        "once weekly, every evening",
        "daily on Monday",
        "15 mg once weekly, folic acid 1 mg daily",
        "every 2 days",
        "every 48 hours",
        "five times a week",
        "as directed",
        "",
    ],
)
def test_daily_words_beside_a_weekday_or_weekly_are_not(text: str) -> None:
    assert read_sig(text).daily is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("four times a week", 4),
        ("five times a week", 5),
        ("4-5 times weekly", 5),
        ("every weekday", 5),
        ("1 tab weekdays", 5),
        ("1 tab M-F", 5),
        ("x5/week", 5),
        ("5 x week", 5),
        ("BID on Mon, Wed, Fri", 6),
        ("BID three days a week", 6),
    ],
)
def test_the_highest_count_is_told(text: str, count: int) -> None:
    assert read_sig(text).count == count


@given(st.text() | st.from_regex(r"[a-z0-9 .,/()-]{0,80}", fullmatch=True))
def test_any_text_is_read(text: str) -> None:
    sig = read_sig(text)
    assert sig.rate is None or sig.rate > 0
    assert all(value > 0 for value, _ in sig.amounts)


@given(st.integers(1, 9999), st.integers(0, 99), st.sampled_from(["mg", "mL", "mg/m2"]))
def test_each_number_is_read_as_written(whole: int, hundredths: int, unit: Unit) -> None:
    sig = read_sig(f"Take {whole}.{hundredths:02} {unit} once weekly")
    assert sig.amounts == ((whole + Fraction(hundredths, 100), unit),)


def test_a_text_that_goes_on_and_on_is_no_plain_instruction() -> None:
    spaced = "Take 15 mg once weekly".ljust(999) + "."
    assert read_sig(spaced).rate == 1
    assert read_sig(f"{spaced}.").rate is None
    assert read_sig("Take 15 mg daily. " + "Drink water. " * 500).daily == "daily"
