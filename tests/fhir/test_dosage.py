"""Dosage instructions put together: steps, sums, and what leaves the whole dose unknown."""

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.dose import BodySurface, Dose, Unit
from service.fhir.dosage import read_dose
from service.fhir.wording import vocabulary

JSON = dict[str, Any]
PATH = "MedicationStatement.dosage"
BODY = BodySurface(Fraction("1.5"), ())


def instruction(mg: Any = 15, per_week: int = 1, sequence: Any = None, unit: str = "mg", **members: Any) -> JSON:
    found: JSON = {
        "doseAndRate": [{"doseQuantity": {"value": mg, "unit": unit}}],
        "timing": {"repeat": {"frequency": per_week, "period": 1, "periodUnit": "wk"}},
        **members,
    }
    return found if sequence is None else {**found, "sequence": sequence}


def read(*instructions: Any, body: BodySurface | None = None) -> Dose:
    return read_dose(instructions, product=None, body=body, reference="MedicationStatement/1", path=PATH)


def test_no_instruction_is_no_dose() -> None:
    assert read() == Dose(unknown="no dosage instruction")


def test_instructions_that_run_together_are_summed() -> None:
    assert read(instruction(10), instruction(5, 2)).weekly("mg") == 20
    assert read(instruction(10, sequence=1), instruction(5, 2, sequence=1)).weekly("mg") == 20


def test_of_instructions_that_follow_each_other_the_highest_counts() -> None:
    stepped = read(instruction(10, sequence=1), instruction(15, sequence=2))
    assert (stepped.weekly("mg"), len(stepped.steps)) == (15, 2)


def test_an_instruction_without_a_sequence_runs_with_every_step() -> None:
    assert read(instruction(10, sequence=1), instruction(15, sequence=2), instruction(5)).weekly("mg") == 20


def test_instructions_in_different_units_are_brought_to_one() -> None:
    mixed = read(instruction(15), instruction(10, unit="mg/m2"), body=BODY)
    assert mixed.weekly("mg", BODY.area) == 30
    assert mixed.weekly("mg") is None


def test_one_that_cannot_be_read_leaves_the_whole_dose_unknown_and_says_which() -> None:
    dose = read(instruction(10), instruction(10, unit="mg/kg"))
    assert (dose.steps, dose.weekly("mg")) == ((), None)
    assert dose.unknown is not None
    assert dose.unknown.startswith("instruction 2: ")


def test_evidence_numbers_the_instructions() -> None:
    paths = [e.path for e in read(instruction(10), instruction(5)).evidence]
    assert paths == [f"{PATH}[0].doseAndRate.doseQuantity", f"{PATH}[1].doseAndRate.doseQuantity"]


def test_the_count_is_summed_over_what_runs_together_whatever_is_known_of_the_doses() -> None:
    assert read(instruction(5, 2), instruction(5, 2)).most_per_week == 4
    assert read(instruction(5, 2), instruction(5, 3)).most_per_week == 5
    assert read(instruction(5, 2, 1), instruction(5, 3, 2)).most_per_week == 3
    assert read(instruction(0, 2), {"text": "three times a week"}, {"text": "as directed"}).most_per_week == 5
    assert read({"text": "as directed"}).most_per_week is None


def test_the_count_disregards_caps_and_as_needed() -> None:
    cap = {"numerator": {"value": 5, "unit": "mg"}, "denominator": {"value": 1, "unit": "wk"}}
    dose = read(instruction(5, 5, asNeededBoolean=True, maxDosePerPeriod=cap))
    assert (dose.weekly("mg"), dose.most_per_week) == (5, 5)


def test_a_contradiction_of_one_instruction_is_one_of_the_order() -> None:
    dose = read(instruction(5), instruction(5, 5, text="once weekly"))
    assert (dose.contradicted, dose.steps, dose.most_per_week) == (True, (), 6)


SIMPLE = st.builds(
    instruction, st.integers(1, 100), st.integers(1, 9), st.none() | st.integers(1, 3), st.sampled_from(["mg", "mg/m2"])
)


@given(
    st.lists(SIMPLE, min_size=1, max_size=5).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found)))
)
def test_the_order_of_instructions_never_matters(pair: tuple[list[JSON], list[JSON]]) -> None:
    first, second = (read(*found, body=BODY) for found in pair)
    units: tuple[Unit, ...] = ("mg", "mg/m2")
    for unit in units:
        assert first.weekly(unit, BODY.area) == second.weekly(unit, BODY.area)
    assert first.most_per_week == second.most_per_week


@given(st.lists(SIMPLE, min_size=1, max_size=5), SIMPLE)
def test_a_longer_list_never_lowers_the_weekly_dose(found: list[JSON], more: JSON) -> None:
    shorter, longer = read(*found), read(*found, more)
    before, after = shorter.weekly("mg", BODY.area), longer.weekly("mg", BODY.area)
    assert before is not None
    assert after is not None
    assert after >= before
    assert (longer.most_per_week or 0) >= (shorter.most_per_week or 0)


@given(st.integers(1, 30), st.integers(1, 6))
def test_splitting_a_weekly_dose_into_parts_never_changes_it(mg: int, parts: int) -> None:
    whole = read(instruction(mg * parts)).weekly("mg")
    assert read(instruction(mg, parts)).weekly("mg") == whole
    assert read(*[instruction(mg)] * parts).weekly("mg") == whole


NAMES = st.sampled_from(
    sorted(
        vocabulary(
            """
            text patientInstruction timing repeat code coding sequence doseAndRate doseQuantity doseRange low high value
            unit type maxDosePerPeriod numerator denominator frequency period periodUnit dayOfWeek asNeededBoolean
            modifierExtension
            """
        )
    )
)
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=4)
    | st.sampled_from(["mg", "wk", "QD"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(NAMES, ANY, max_size=6) | ANY, max_size=3))
def test_any_json_is_read(found: list[Any]) -> None:
    dose = read(*found, body=BODY)
    assert (dose.steps == ()) is (dose.unknown is not None)
