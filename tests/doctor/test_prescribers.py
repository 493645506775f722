"""The prescriber's specialty."""

from tests.doctor.desk import note, notes, request


def test_a_specialty_is_told_by_its_concept() -> None:
    assert note(request(), "specialty").says == "specialty of the prescriber: rheumatology"


def test_what_was_seen_and_where_it_was_looked_for_is_told() -> None:
    said = note(request(change={"requester": "family-medicine"}), "specialty-none").says
    assert "http://nucc.org/provider-taxonomy|207Q00000X (in no list)" in said
    assert "userId Practitioner/user-1 (not in the request)" in said


def test_a_contained_role_is_proposed() -> None:
    found = note(request(change={"requester": "none"}), "specialty-none")
    assert "requester (none)" in found.says
    assert "no PractitionerRole and no Practitioner in the request" in found.says
    assert "contained in the order" in found.mend


def test_a_requester_in_words_alone_is_told() -> None:
    body = request(change={"requester": "none", "order": {"requester": {"display": "Murgatroyd"}}})
    assert "requester (without a reference)" in note(body, "specialty-none").says


def test_roles_and_practitioners_without_codes_are_told() -> None:
    body = request(change={"requester": "none", "order": {"requester": {"reference": "Practitioner/p"}}})
    words = {"specialty": [{"text": "Murgatroyd"}]}
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"}}
    body["prefetch"]["who"] = [{"resourceType": "Practitioner", "id": "p"}, role | words, role | {"id": "s"}]
    said = note(body, "specialty-none").says
    assert "requester Practitioner/p (in the request)" in said
    assert "Practitioner/p: no qualification" in said
    assert "PractitionerRole/r of Practitioner/p: words alone (in no list)" in said
    assert "PractitionerRole/s of Practitioner/p: no specialty" in said
    assert "Murgatroyd" not in said


def test_orders_that_no_policy_governs_ask_for_no_specialty() -> None:
    body = request(change={"medication": "generic-tablet", "requester": "none"})
    assert notes(body, "specialty-none") == []
