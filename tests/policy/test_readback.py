"""The read-back: the value that both its forms are made from, and its markdown line by line."""

from importlib.resources import files

import pytest

from service.policy import library
from service.policy.outline import leaves
from service.policy.readback import ReadBack, Row, read_back, readback

FOLDER = files("service.policy") / "documents" / "CP.PHAR.134"
INJECTABLES = "otrexup, rasuvo, reditrex"
DOSE = "attested within 30 days; failing refers as dose"


def lines(version: str = "2025-11") -> list[str]:
    text = (FOLDER / f"{version}.toml").read_text(encoding="utf-8")
    return readback(library.read(text, version)).split("\n")


def told(version: str = "2025-11") -> ReadBack:
    text = (FOLDER / f"{version}.toml").read_text(encoding="utf-8")
    return read_back(library.read(text, version))


@pytest.mark.parametrize("version", ["2024-11", "2025-11"])
def test_the_value_holds_every_clause_once_in_the_policys_order(version: str) -> None:
    policy = library.load().revision("CP.PHAR.134", version).policy
    for section, outline in zip(told(version).sections, policy.outlines, strict=True):
        rows = [(row.ref, row.says, row.reads, row.asks) for row in section.rows if not row.group]
        nodes = [clause for item in outline.items for clause in leaves(item)]
        assert rows == [(clause.ref, clause.says, clause.reads(), clause.question or "") for clause in nodes]


@pytest.mark.parametrize(
    "row",
    [
        Row("I.A.3", "any of the next under I.A.3", group=True),
        Row(
            "I.A.3.b",
            "Oral solution: the patient has not turned 19",
            "at most 18 completed years on the evaluation date",
            "Is the patient still younger than 19 on the day of this order?",
            "only for xatmep, jylamvo; failing refers as age",
            depth=1,
        ),
    ],
)
def test_a_row_is_a_clause_or_what_joins_those_under_a_number(row: Row) -> None:
    (found,) = (one for section in told().sections for one in section.rows if one.ref == row.ref)
    assert found == row


def test_the_depth_of_a_row_is_that_of_its_number_in_the_outline() -> None:
    depths = {row.ref: row.depth for section in told().sections for row in section.rows}
    deep = ("I.C.5", "II.A.3.c", "II.A.3.c.iv", "II.A.3.c.iv.1", "I.C.note")
    assert [depths[ref] for ref in deep] == [0, 1, 2, 3, 0]


def test_of_two_rows_with_one_number_the_first_has_the_anchor() -> None:
    shared = [row for section in told().sections for row in section.rows if row.ref == "II.A.3"]
    assert [(row.group, row.anchored) for row in shared] == [(True, True), (False, False)]
    for section in told().sections:
        anchors = [row.ref for row in section.rows if row.anchored]
        assert len(set(anchors)) == len(anchors)
        assert set(anchors) == {row.ref for row in section.rows}


def test_lists_have_an_anchor_each_and_alerts_one_for_each_code() -> None:
    listings = {listing.anchor: listing for listing in told().listings}
    assert list(listings) == ["approval", "referral", "alerts", "products", "labels", "alternatives", "codes"]
    rules = told().document.alert
    anchors = [entry.anchor for entry in listings["alerts"].entries]
    assert [anchor for anchor in anchors if anchor] == [
        f"alert-{code}" for code in dict.fromkeys(r.code for r in rules)
    ]
    assert len(anchors) == len(rules)


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (0, "# CP.PHAR.134, revision 2025-11"),
        (1, ""),
        (
            2,
            "Methotrexate: Otrexup, Rasuvo, RediTrex, Xatmep, Jylamvo. In force from 2025-11-01, "
            "for commercial, him, medicaid.",
        ),
        (4, ""),
        (5, "## I.A Polyarticular juvenile idiopathic arthritis"),
        (6, ""),
        (7, f"For polyarticular-jia; listed with {INJECTABLES}, xatmep, jylamvo."),
        (8, ""),
        (9, "All of:"),
        (10, ""),
        (11, "| clause | in our words | as the machine reads it | as the prescriber is asked | conditions |"),
        (12, "| --- | --- | --- | --- | --- |"),
        (15, "| **I.A.3** | **any of the next under I.A.3** | | | |"),
        (-1, ""),
        (-2, "- J9260: Methotrexate sodium injection, 50 mg"),
    ],
)
def test_the_revision_opens_and_ends_as_it_should(number: int, line: str) -> None:
    assert lines()[number] == line


def test_a_rebuilt_revision_says_so_and_the_others_do_not() -> None:
    assert lines("2024-11")[4].startswith("Rebuilt: ")
    assert [line for line in lines() if line.startswith("Rebuilt")] == []
    assert lines()[3].startswith("Source: ")
    assert lines()[3].split(". Digest of the document: ")[1].strip("`.").isalnum()


@pytest.mark.parametrize(
    ("clause", "conditions"),
    [
        ("I.A.1", "failing refers as stage"),
        ("I.A.2", ""),
        ("I.A.3.a", f"only for {INJECTABLES}; failing refers as age"),
        ("I.A.4", f"only for {INJECTABLES}; lifted for him members in IL from 2026-01-01 (IL HB 5395)"),
        ("I.B.7", DOSE),
        ("II.A.3.a.i", f"only for {INJECTABLES} and polyarticular-jia; only if the dose goes up; {DOSE}"),
    ],
)
def test_a_clauses_conditions_are_all_told(clause: str, conditions: str) -> None:
    (line,) = (line for line in lines() if line.startswith(f"| {clause} |"))
    assert line.endswith(f" | {conditions} |")


def test_what_a_clause_is_not_for_is_told() -> None:
    text = (FOLDER / "2025-11.toml").read_text(encoding="utf-8")
    old = 'ref = "I.A.2"\n'
    assert old in text
    changed = library.read(text.replace(old, f'{old}unless = {{ product = ["xatmep"] }}\n', 1), "changed")
    (line,) = (line for line in readback(changed).split("\n") if line.startswith("| I.A.2 |"))
    assert line.endswith(" | not for xatmep |")


@pytest.mark.parametrize(
    "line",
    [
        "| **II.A.3** | **all of the next under II.A.3** | | | |",
        "| **II.A.3.b.ii** | **any of the next under II.A.3.b.ii, and II.A.3.b.ii.note** | | | |",
        "- 12 months: I.A, I.B, I.C, I.D, I.E, I.F, II.A; medicaid, him; otrexup, rasuvo, reditrex, xatmep, jylamvo "
        "(I.A to I.F, II.A: approval duration)",
        "- 6 months or to the renewal date, the longer: I.A, I.B, I.C, I.D, I.E, I.F, II.A; commercial; "
        "otrexup, rasuvo, reditrex (I.A, I.B, II.A: approval duration)",
        "- 12 months or the duration requested, the shorter: I.A, I.B, I.C, I.D, I.E, I.F, II.A; commercial; "
        "xatmep, jylamvo (I.A to I.F, II.A: approval duration)",
        "- off-label: commercial CP.CPA.09; him HIM.PA.154; medicaid CP.PMN.53",
        "- on formulary: commercial CP.CPA.190; him HIM.PA.33; medicaid CP.PMN.255",
        "- off formulary: commercial CP.CPA.190; him HIM.PA.103; medicaid CP.PMN.16",
        "- a label change counts for 6 months, where an operator names it",
        "- hypersensitivity (critical): An allergy to methotrexate is on record; "
        "on every order of the drug (Appendix C)",
        "- liver-disease (warning): Liver disease is on record: the injectables are contraindicated; "
        "only for otrexup, rasuvo, reditrex (Appendix C)",
        "- RediTrex (prefilled syringe): 15 mg/0.6 mL, 20 mg/0.8 mL, 25 mg/mL",
        "- Xatmep (oral solution): 2.5 mg/mL, bottles of 60 mL and 120 mL",
        "- otrexup, polyarticular-jia: 10 mg/m² under the skin once a week; at most 20 mg a week",
        "- otrexup, rheumatoid-arthritis: 7.5 mg under the skin once a week; at most 30 mg a week; adults",
        "- xatmep, polyarticular-jia: 10 mg/m² by mouth once a week; at most 30 mg/m² a week; up to 18 years",
        "- methotrexate injection, rheumatoid-arthritis: 7.5 mg under the skin once a week; at most 30 mg per week",
        "- J8611: Jylamvo, 2.5 mg",
    ],
)
def test_what_stands_beside_the_clauses_is_told_in_a_line(line: str) -> None:
    assert lines().count(line) == 1


def test_alerts_tell_their_threshold_and_what_they_are_not_for() -> None:
    told = [line for line in lines() if line.startswith(("- daily-dosing", "- pregnancy"))]
    assert " at 5 or more doses a week; on every order of the drug (" in told[0]
    assert told[1].endswith("; only for otrexup, rasuvo, reditrex (Appendix C)")
    assert "; only for xatmep, jylamvo; not for acute-lymphoblastic-leukemia, " in told[2]


@pytest.mark.parametrize(
    "title",
    [
        "Approval durations",
        "Other uses (I.G, II.B, III)",
        "Safety alerts (never criteria)",
        "Products",
        "Labels: regimen and maximum",
        "Therapeutic alternatives",
        "Billing codes (informational)",
    ],
)
def test_a_title_stands_between_empty_lines(title: str) -> None:
    told = lines()
    place = told.index(f"## {title}")
    assert (told[place - 1], told[place + 1]) == ("", "")
    assert told[place + 2].startswith("- ")


def test_continued_therapy_names_no_diagnoses_of_its_own() -> None:
    told = lines()
    place = told.index("## II.A Continued therapy")
    assert told[place + 1 : place + 3] == ["", "All of:"]
