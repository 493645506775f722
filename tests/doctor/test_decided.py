"""What would be decided, and what would settle the rest."""

from tests.doctor.desk import examined, note, notes, order_of, request


def test_a_decision_is_told_by_status_policy_and_pathway() -> None:
    assert examined(request()).answer == "200, MedicationRequest/order-1: approvable"
    said = note(request(), "approvable").says
    assert said == "approvable by CP.PHAR.134 2025-11 on 2026-03-10: pathway I.B, diagnosis rheumatoid-arthritis"


def test_each_missing_criterion_is_told_with_what_it_reads() -> None:
    body = request(change={"conditions": [], "requester": "none"})
    specialty, swallowing = notes(body, "criterion-unknown")
    assert swallowing.at == "MedicationRequest/order-1 I.B.6"
    assert swallowing.mend == "Read from Condition; else from a QuestionnaireResponse that answers linkId I.B.6."
    assert specialty.mend.startswith("Read from PractitionerRole or Practitioner; else")


def test_a_list_that_was_not_sent_is_said_beside_what_reads_it() -> None:
    body = request(change={"conditions": []}, drop=["conditions"])
    assert "Read from Condition (not sent by the EHR);" in note(body, "criterion-unknown").mend


def test_a_missing_diagnosis_and_an_open_product_go_first() -> None:
    assert "reasonCode" in note(request(change={"reason": [], "conditions": []}), "diagnosis-unknown").mend
    assert note(request(change={"medication": {"codes": ["rxnorm:1441416"]}}), "product-unknown")


def test_what_is_not_met_and_what_alarms_is_told() -> None:
    assert "not met: I.B.7" in note(request(change={"dose": "30.1 mg"}), "not-met").says
    alarmed = note(request(base="generic", change={"timing": "daily"}), "safety")
    assert alarmed.says.endswith("safety alerts: daily-dosing")


def test_an_order_that_is_not_evaluated_is_told() -> None:
    body = request()
    order_of(body)["modifierExtension"] = [{"url": "urn:x"}]
    assert "carries a modifier" in note(body, "not-evaluated").says
    assert examined(body).answer == "200, MedicationRequest/order-1: not evaluated"


def test_what_no_answer_can_be_given_without_is_told() -> None:
    body = request(drop=["patient"])
    assert note(body, "unavailable").at == "prefetch.patient"
    assert examined(body).answer.startswith("412, the Patient could be had neither")


def test_an_answer_before_anything_is_fetched_says_so() -> None:
    said = "(as it stands: nothing was fetched from fhirServer)"
    served = {"fhirServer": "https://ehr.example.org/r4"}
    for dropped in (["patient"], ["claims"]):
        assert said in examined(request(drop=dropped) | served).answer
        assert said not in examined(request(drop=dropped)).answer
    assert said not in examined(request(change={"requester": "rheumatology"}) | served).answer


def test_nothing_to_say_is_said() -> None:
    assert examined(request(change={"medication": "lisinopril"})).answer.startswith("200, no card")


def test_a_refused_request_is_not_decided() -> None:
    body = request() | {"hookInstance": None}
    assert note(body, "not-decided").says == "the service refuses the request (hookInstance): nothing is decided"
    assert examined(body).answer == "400, hookInstance must be a non-empty string (hookInstance)"


def test_a_bundle_beyond_the_limit_is_413() -> None:
    body = request()
    body["prefetch"]["claims"] = [{}] * 10_001
    assert examined(body).answer.startswith("413")
