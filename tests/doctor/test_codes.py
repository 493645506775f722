"""Codes that no value set knows."""

import pytest

from tests.doctor.desk import JSON, note, notes, request

ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def coded(*codings: JSON, text: str | None = None, times: int = 1) -> JSON:
    body = request()
    concept: JSON = {"coding": list(codings)} | ({"text": text} if text else {})
    for n in range(times):
        resource = {
            "resourceType": "Condition",
            "id": f"x{n}",
            "subject": {"reference": "Patient/pat-1"},
            "code": concept,
        }
        body["prefetch"]["conditions"]["entry"].append({"resource": resource})
    return body


LOCAL: JSON = {"system": "urn:oid:1.2.3", "code": "4711", "display": "Murgatroyd"}


def test_a_local_code_is_told_with_its_count_and_without_its_words() -> None:
    found = note(coded(LOCAL, times=3), "code-strange")
    assert found.at == "Condition.code"
    assert found.says == "urn:oid:1.2.3|4711 (3 times): the system is local, or not one that this service reads"


@pytest.mark.parametrize(
    ("coding", "said"),
    [
        ({"code": "M06.9"}, "(no system)|M06.9 (once): the coding has no system"),
        ({"system": "HTTPS://hl7.org/fhir/sid/ICD-10-CM", "code": "Z1"}, "written otherwise than its URI"),
    ],
)
def test_missing_and_misspelt_systems_are_said_as_such(coding: JSON, said: str) -> None:
    assert said in note(coded(coding), "code-strange").says


def test_a_local_code_beside_one_that_was_understood_is_no_concern() -> None:
    assert notes(coded(LOCAL, {"system": ICD, "code": "M06.9"}), "code-strange") == []
    assert notes(coded(LOCAL, text="Rheumatoid arthritis"), "code-strange") == []


def test_known_systems_under_other_uris_are_told_with_what_they_were_taken_for() -> None:
    found = note(coded({"system": "urn:oid:2.16.840.1.113883.6.90", "code": "M06.9"}), "system-alias")
    assert found.at == "urn:oid:2.16.840.1.113883.6.90"
    assert found.says == f"taken for {ICD} (1 codings)"


def test_codes_of_known_systems_in_no_list_are_for_the_record() -> None:
    found = note(coded({"system": ICD, "code": "I10"}), "code-unlisted")
    assert found.level == "fine"
    assert f"{ICD}|I10 (once)" in found.says


def test_a_concept_in_words_alone_is_told_without_them() -> None:
    found = note(coded(text="Murgatroyd"), "code-none")
    assert found.says.startswith("no code in 1,")


def test_the_most_frequent_codes_come_first_and_the_rest_is_counted() -> None:
    body = coded({"system": "urn:x", "code": "often"}, times=2)
    for n in range(11):
        more = coded({"system": "urn:x", "code": f"c{n}"})["prefetch"]["conditions"]["entry"][-1]["resource"]
        body["prefetch"]["conditions"]["entry"].append({"resource": more | {"id": f"y{n}"}})
    found = notes(body, "code-strange")
    assert found[0].says.startswith("urn:x|often (2 times)")
    assert found[-1].says == "2 more codes of systems that are not read"
    assert len(found) == 11


def test_medications_allergies_and_measures_are_looked_at_and_other_observations_are_not() -> None:
    body = request()
    subject, concept = {"reference": "Patient/pat-1"}, {"coding": [LOCAL]}
    vital, lab = ([{"coding": [{"code": code}]}] for code in ("vital-signs", "laboratory"))
    for key, kind, more in (
        ("medicationStatements", "MedicationStatement", {"subject": subject, "medicationCodeableConcept": concept}),
        ("allergies", "AllergyIntolerance", {"patient": subject, "code": concept}),
        ("observations", "Observation", {"subject": subject, "code": concept, "category": vital}),
        ("observations", "Observation", {"subject": subject, "code": concept, "category": lab}),
        ("observations", "Observation", {"subject": subject, "category": vital, "code": LOINC}),
    ):
        body["prefetch"][key].setdefault("entry", []).append({"resource": {"resourceType": kind, **more}})
    found = {n.at: n.says for n in notes(body, "code-strange")}
    assert set(found) == {"MedicationStatement.medication", "AllergyIntolerance.code", "Observation.code"}
    assert "(once)" in found["Observation.code"]


LOINC: JSON = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}, LOCAL]}
