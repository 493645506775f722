"""The patient's age and the prescriber's specialties."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from service.fhir.person import read_age, read_prescriber
from service.terminology import load
from tests.fhir.synthetic import NUCC, ON, QUESTIONS, SERVER, SNOMED, any_resource, chart_of, coded

JSON = dict[str, Any]
RHEUMATOLOGY = coded(NUCC, "207RR0500X")
FAMILY = coded(NUCC, "207Q00000X", "Family medicine")


def ages(birth_date: Any, on: date = ON) -> tuple[int, int] | None:
    age = read_age(chart_of({"resourceType": "Patient", "id": "pat-1", "birthDate": birth_date}), on)
    return (age.least, age.most) if age else None


@pytest.mark.parametrize(
    ("birth_date", "on", "wanted"),
    [
        ("2008-03-11", ON, (17, 17)),
        ("2008-03-10", ON, (18, 18)),
        ("2008-03-09", ON, (18, 18)),
        ("2008-02-29", date(2026, 2, 28), (17, 17)),
        ("2008-02-29", date(2026, 3, 1), (18, 18)),
        ("2008-02-29", date(2028, 2, 29), (20, 20)),
        ("2008-03", ON, (17, 18)),
        ("2008-02", ON, (18, 18)),
        ("2008", ON, (17, 18)),
        ("2026-03-10", ON, (0, 0)),
        ("2026", ON, (0, 0)),
    ],
)
def test_an_age_is_counted_in_completed_years(birth_date: str, on: date, wanted: tuple[int, int]) -> None:
    assert ages(birth_date, on) == wanted


@pytest.mark.parametrize("birth_date", [None, "", "2026-03-11", "2027", "1895-03-10", "0001-01-01", "soon", 1970])
def test_a_birth_date_that_cannot_be_a_patients_gives_no_age(birth_date: Any) -> None:
    assert ages(birth_date) is None


def test_the_oldest_age_that_is_believed_is_130() -> None:
    assert ages("1896-03-10") == (130, 130)


def test_no_patient_on_record_gives_no_age() -> None:
    assert read_age(chart_of(), ON) is None


def test_the_evidence_of_an_age_shows_years_and_never_the_date_of_birth() -> None:
    age = read_age(chart_of({"resourceType": "Patient", "id": "pat-1", "birthDate": "1970-05-04"}), ON)
    assert age
    assert age.evidence.as_contract() == {"reference": "Patient/pat-1", "path": "Patient.birthDate", "text": "55 years"}


def role(identity: str, practitioner: str = "Practitioner/p", **more: Any) -> JSON:
    held = {"specialty": [RHEUMATOLOGY], "practitioner": {"reference": practitioner}}
    return {"resourceType": "PractitionerRole", "id": identity, **held, **more}


def person(identity: str = "p", **more: Any) -> JSON:
    return {"resourceType": "Practitioner", "id": identity, **more}


def order(requester: str | None = None, contained: tuple[JSON, ...] = ()) -> JSON:
    found: JSON = {"resourceType": "MedicationRequest", "id": "order-1", "contained": list(contained)}
    return found | ({"requester": {"reference": requester}} if requester else {})


def held(asked: JSON, *resources: JSON, user: str | None = None) -> tuple[list[str], list[str]]:
    chart = chart_of(*resources, drafts=(asked,), user=user)
    found = read_prescriber(asked, chart, load(), QUESTIONS.specialties, ON)
    return [s.concept for s in found.specialties], list(found.seen)


NOTHING: tuple[list[str], list[str]] = ([], [])
FOUND: tuple[list[str], list[str]] = (["rheumatology"], [])


def test_the_specialty_of_a_role_that_the_order_contains_counts() -> None:
    contained = (role("r", "#p"), person())
    assert held(order("#r", contained)) == FOUND
    assert held(order("#p", contained)) == FOUND


def test_a_contained_role_is_evidence_under_the_orders_name() -> None:
    asked = order("#r", (role("r", "#p"), person()))
    found = read_prescriber(asked, chart_of(drafts=(asked,)), load(), QUESTIONS.specialties, ON)
    assert found.specialties[0].evidence.as_contract() == {
        "reference": "MedicationRequest/order-1",
        "path": "PractitionerRole.specialty",
        "text": "Rheumatology (207RR0500X)",
    }


@pytest.mark.parametrize(
    ("requester", "named"),
    [
        ("Practitioner/p", "Practitioner/p"),
        (f"{SERVER}/Practitioner/p", "Practitioner/p"),
        ("Practitioner/p", f"{SERVER}/Practitioner/p/_history/2"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_every_role_that_names_the_practitioner_counts(requester: str, named: str, known: bool) -> None:
    people = (person(),) if known else ()
    family = role("a", named, specialty=[FAMILY])
    assert held(order(requester), family, role("b", named), *people) == (
        ["rheumatology"],
        ["Family medicine (207Q00000X)"],
    )


def test_a_role_as_requester_leads_to_the_practitioners_other_roles() -> None:
    assert held(order("PractitionerRole/a"), role("a", specialty=[FAMILY]), role("b")) == (
        ["rheumatology"],
        ["Family medicine (207Q00000X)"],
    )


def test_a_role_of_somebody_else_counts_for_nothing() -> None:
    assert held(order("Practitioner/p"), person(), role("a", "Practitioner/q")) == NOTHING
    assert held(order("Practitioner/p"), role("a", "https://other.example.org/fhir/Practitioner/p")) == NOTHING


def test_a_qualification_counts() -> None:
    rheumatologist = person(qualification=[{"code": coded(NUCC, "2080P0216X")}])
    assert held(order("Practitioner/p"), rheumatologist) == FOUND


@pytest.mark.parametrize(
    ("more", "counts", "why"),
    [
        ({"active": False}, False, "no longer active"),
        ({"active": True}, True, None),
        ({"period": {"end": "2026-03-09"}}, False, "has ended"),
        ({"period": {"end": "2026-03-10"}}, True, None),
        ({"period": {"end": "2026-03"}}, True, None),
        ({"period": {"start": "2026-03-10"}}, True, None),
        ({"period": {"start": "2026-03-11"}}, False, "has not begun"),
    ],
)
def test_a_role_counts_while_it_runs(more: JSON, counts: bool, why: str | None) -> None:
    assert held(order("Practitioner/p"), role("a", **more)) == (FOUND if counts else ([], [f"207RR0500X ({why})"]))


@pytest.mark.parametrize("user", ["Practitioner/p", "PractitionerRole/a"])
def test_the_users_specialty_counts_where_the_order_has_no_requester(user: str) -> None:
    assert held(order(), role("a"), user=user) == FOUND


@pytest.mark.parametrize("requester", ["Practitioner/unknown", "Organization/o", "PractitionerRole/unknown"])
def test_the_users_specialty_counts_where_nothing_is_on_record_of_the_requesters(requester: str) -> None:
    office = {"resourceType": "Organization", "id": "o"}
    assert held(order(requester), role("a"), office, user="Practitioner/p") == FOUND


def test_the_users_specialty_does_not_count_beside_another_specialty_of_the_requester() -> None:
    family = role("b", "Practitioner/q", specialty=[FAMILY])
    assert held(order("Practitioner/q"), role("a"), family, user="Practitioner/p") == (
        [],
        ["Family medicine (207Q00000X)"],
    )


def test_a_degree_is_no_specialty_on_record() -> None:
    degree = {"code": coded("http://terminology.hl7.org/CodeSystem/v2-0360", "MD")}
    asked, doctor = order("Practitioner/q"), person("q", qualification=[degree])
    assert held(asked, doctor) == NOTHING
    assert held(asked, doctor, role("a"), user="Practitioner/p") == FOUND


def test_an_order_without_requester_or_user_has_nothing_on_record() -> None:
    assert held(order(), role("a")) == NOTHING


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ((NUCC, "207RR0500X"), ["rheumatology"]),
        ((NUCC, "207N00000X"), ["dermatology"]),
        ((NUCC, "207rh0003x"), ["oncology-hematology"]),
        ((SNOMED, "419472004"), ["rheumatology"]),
        ((SNOMED, "394592004"), ["oncology-hematology"]),
        ((NUCC, "207VX0201X"), []),
        ((NUCC, "2085R0001X"), []),
        ((NUCC, "207ND0101X"), []),
        ((SNOMED, "419815003"), []),
        ((NUCC, "363L00000X"), []),
        ((NUCC, "207Q00000X"), []),
    ],
)
def test_a_specialty_is_known_by_its_code(code: tuple[str, str], wanted: list[str]) -> None:
    assert held(order("#r", (role("r", "#p", specialty=[coded(*code)]),)))[0] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Rheumatology", "rheumatology"),
        ("RHEUMATOLOGIST", "rheumatology"),
        ("Pediatric Rheumatology", "rheumatology"),
        ("Paediatric rheumatology", "rheumatology"),
        ("Internal Medicine - Rheumatology", "rheumatology"),
        ("Dermatology Physician", "dermatology"),
        ("Hematology/Oncology", "oncology-hematology"),
        ("Haematology", "oncology-hematology"),
        ("Medical Oncology", "oncology-hematology"),
        ("Hematology & Oncology", "oncology-hematology"),
        ("Radiation Oncology", None),
        ("Surgical Oncology", None),
        ("Gynecologic Oncology", None),
        ("Dermatopathology", None),
        ("Hematopathology", None),
        ("Mohs surgery, dermatology", None),
        ("Rheumatology nurse practitioner", None),
        ("Oncology pharmacy", None),
        ("Not a dermatologist", None),
        ("Former rheumatologist", None),
        ("Internal Medicine", None),
    ],
)
def test_a_specialty_in_words_counts_only_where_every_word_fits(text: str, wanted: str | None) -> None:
    found, seen = held(order("#r", (role("r", "#p", specialty=[{"text": text}]),)))
    assert found == ([wanted] if wanted else [])
    assert seen == ([] if wanted else [text])


def test_words_do_not_overrule_a_code_that_names_another_specialty() -> None:
    for code in ("207Q00000X", "2085R0001X"):
        assert held(order("#r", (role("r", "#p", specialty=[coded(NUCC, code, "Rheumatology")]),)))[0] == []


def test_words_count_beside_a_local_code() -> None:
    assert held(order("#r", (role("r", "#p", specialty=[coded("urn:local", "77", "Rheumatology")]),))) == FOUND


PRESCRIBERS = any_resource("PractitionerRole", "id", "active", "period", "specialty", "practitioner", "contained")


@given(
    any_resource("MedicationRequest", "id", "requester", "contained"),
    PRESCRIBERS,
    any_resource("Practitioner", "id", "qualification", "active"),
    any_resource("Patient", "birthDate"),
)
def test_any_json_never_raises(asked: JSON, a_role: JSON, someone: JSON, patient: JSON) -> None:
    chart = chart_of(a_role, someone, {**patient, "id": "pat-1"}, drafts=(asked,), user="Practitioner/p")
    read_prescriber(asked, chart, load(), QUESTIONS.specialties, ON)
    read_age(chart, ON)


@pytest.mark.parametrize(
    ("birth_date", "text"),
    [
        ("2026-03-10", "0 years"),
        ("2025-03-10", "1 year"),
        ("2024-03-10", "2 years"),
        ("2008", "17 to 18 years (the birth date on record is partial)"),
        ("2008-02", "18 years"),
    ],
)
def test_an_age_is_said_in_years(birth_date: str, text: str) -> None:
    age = read_age(chart_of({"resourceType": "Patient", "id": "pat-1", "birthDate": birth_date}), ON)
    assert age
    assert age.evidence.text == text


@pytest.mark.parametrize(
    ("specialty", "text"),
    [
        (
            {"coding": [{"system": NUCC, "code": "207RR0500X", "display": "Shown"}], "text": "Said"},
            "Shown (207RR0500X)",
        ),
        ({"coding": [{"system": NUCC, "code": "207RR0500X"}], "text": "Said"}, "Said (207RR0500X)"),
        ({"coding": [{"system": NUCC, "code": "207RR0500X"}]}, "Rheumatology (207RR0500X)"),
        ({"text": "Rheumatology"}, "Rheumatology"),
    ],
)
def test_a_specialty_is_said_by_its_display_else_its_text_else_its_title(specialty: JSON, text: str) -> None:
    asked = order("Practitioner/p")
    for user, whose in ((None, ""), ("Practitioner/p", ", of the user who is signed in")):
        ordered = order() if user else asked
        chart = chart_of(role("a", specialty=[specialty]), drafts=(ordered,), user=user)
        found = read_prescriber(ordered, chart, load(), QUESTIONS.specialties, ON)
        assert [s.evidence.text for s in found.specialties] == [text + whose]


def test_a_code_of_a_specialty_that_is_not_asked_for_is_not_overruled_by_words() -> None:
    asked = order("#r", (role("r", "#p", specialty=[coded(SNOMED, "394582007", "Rheumatology")]),))
    chart = chart_of(drafts=(asked,))
    assert [s.concept for s in read_prescriber(asked, chart, load(), QUESTIONS.specialties, ON).specialties] == [
        "dermatology"
    ]
    assert read_prescriber(asked, chart, load(), frozenset({"rheumatology"}), ON).specialties == ()


def test_a_reference_that_reaches_somebody_is_not_the_same_as_one_that_reaches_nobody() -> None:
    elsewhere = "https://other.example.org/fhir/Practitioner/p"
    assert held(order(elsewhere), person(), role("a", "Practitioner/p")) == NOTHING
    assert held(order("#p", ()), person("#p"), role("a", "Practitioner/p")) == NOTHING


@pytest.mark.parametrize(
    ("practitioner", "qualification", "why"),
    [
        ({"active": False}, {}, "no longer active"),
        ({"active": True}, {"period": {"end": "2026-03-10"}}, None),
        ({}, {"period": {"end": "2026-03-09"}}, "has ended"),
        ({}, {"period": {"start": "2026-03-11"}}, "has not begun"),
        ({}, {"period": {"start": "2026-03-10"}}, None),
        ({"active": False}, {"period": {"end": "2026-03-09"}}, "no longer active"),
    ],
)
def test_a_qualification_counts_while_it_and_its_practitioner_do(
    practitioner: JSON, qualification: JSON, why: str | None
) -> None:
    doctor = person(qualification=[{"code": RHEUMATOLOGY, **qualification}], **practitioner)
    assert held(order("Practitioner/p"), doctor) == (([], [f"207RR0500X ({why})"]) if why else FOUND)
    assert held(order(), doctor, user="Practitioner/p") == (([], [f"207RR0500X ({why})"]) if why else FOUND)


def test_a_qualification_is_evidence_of_its_practitioner() -> None:
    doctor = person(qualification=[{"code": RHEUMATOLOGY}])
    for asked, resources, reference in (
        (order("Practitioner/p"), (doctor,), "Practitioner/p"),
        (order("#p", (doctor,)), (), "MedicationRequest/order-1"),
    ):
        found = read_prescriber(asked, chart_of(*resources, drafts=(asked,)), load(), QUESTIONS.specialties, ON)
        evidence = [(s.evidence.reference, s.evidence.path) for s in found.specialties]
        assert evidence == [(reference, "Practitioner.qualification.code")]


@pytest.mark.parametrize(
    ("said", "counts"), [("Rheumatology", True), ("Doctor of Medicine", False), ("", False), (None, False)]
)
def test_a_degree_tells_a_specialty_by_its_text_alone(said: str | None, counts: bool) -> None:
    code = coded("http://terminology.hl7.org/CodeSystem/v2-0360", "MD", said)
    code["coding"][0]["display"] = "Rheumatology"
    doctor = person("q", qualification=[{"code": code}])
    assert held(order("Practitioner/q"), doctor) == (FOUND if counts else NOTHING)
    dermatologist = role("a", specialty=[coded(NUCC, "207N00000X")])
    beside = held(order("Practitioner/q"), doctor, dermatologist, user="Practitioner/p")
    assert beside == (FOUND if counts else (["dermatology"], []))


def test_a_role_whose_practitioner_is_known_is_not_that_of_an_unknown_one() -> None:
    elsewhere = "https://other.example.org/fhir/Practitioner/p"
    for named in (elsewhere, "#p"):
        assert held(order("Practitioner/p"), person(), role("a", named)) == NOTHING
    assert held(order("#gone"), role("a", "#gone")) == NOTHING


def sought(asked: JSON, *resources: JSON, user: str | None = None) -> list[str]:
    """What the reading of the prescriber would have fetched."""
    chart = chart_of(*resources, user=user)
    read_prescriber(asked, chart, load(), QUESTIONS.specialties, ON)
    return list(chart.inquiry.sought)


def test_nothing_is_sought_where_a_specialty_that_is_asked_for_is_on_record() -> None:
    assert sought(order("Practitioner/p"), role("r"), person(), user="Practitioner/u") == []


def test_a_requester_that_was_not_sent_is_sought_with_the_roles_and_the_user_too() -> None:
    roles = "PractitionerRole?practitioner=Practitioner/"
    wanted = ["Practitioner/p", f"{roles}p", "Practitioner/u", f"{roles}u"]
    assert sought(order("Practitioner/p"), user="Practitioner/u") == wanted


def test_the_roles_are_sought_of_a_role_that_names_another_specialty_and_the_user_is_not() -> None:
    found = sought(order("PractitionerRole/r"), role("r", specialty=[FAMILY]), person(), user="Practitioner/u")
    assert found == ["PractitionerRole?practitioner=Practitioner/p"]


def test_nobody_is_sought_for_an_organization_or_for_a_contained_practitioner() -> None:
    assert sought(order("Organization/o")) == []
    assert sought(order("#p", (person(),))) == []


def test_a_requester_that_was_not_sent_is_sought_also_where_the_users_specialty_counts() -> None:
    by_user = (person("u"), role("ru", "Practitioner/u"))
    wanted = ["Practitioner/p", "PractitionerRole?practitioner=Practitioner/p"]
    assert sought(order("Practitioner/p"), *by_user, user="Practitioner/u") == wanted


def test_the_practitioner_of_a_role_that_counts_is_not_missed() -> None:
    assert sought(order("#r", (role("r"),))) == []
    assert sought(order("PractitionerRole/r"), role("r")) == []
