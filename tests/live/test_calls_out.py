"""Calls out to a FHIR server: none where prefetch brings all, or nothing is wanted."""

from tests.fhir_server import renamed
from tests.live.hospital import APPROVABLE, NAMED, TAGS, WHOLE, Hospital, at, bare, counting, details, of, without
from tests.test_fixtures import Fixture

pytest_plugins = ("tests.live.servers",)

# Nobody's specialty that counts is on record: the requester's other roles are looked for, whatever prefetch holds.
LOOKED_FOR = {"jylamvo-psoriasis-general-practitioner-prescribes"}


@of([fixture for fixture in WHOLE if fixture.name not in LOOKED_FOR])
def test_a_whole_prefetch_is_answered_without_a_call(fixture: Fixture, office: Hospital) -> None:
    with counting() as (base, calls):
        request = at(renamed(fixture.request, TAGS[fixture.name], base), base)
        cards = office.cards(request, fixture)
    unreached = {k: v for k, v in request.items() if k not in ("fhirServer", "fhirAuthorization")}
    assert calls == []
    assert cards == office.cards(unreached, fixture)


def test_for_another_drug_nothing_is_fetched(office: Hospital) -> None:
    with counting() as (base, calls):
        request = bare(at(NAMED["other-drug-nothing-to-say"].request, base))
        assert office.cards(request) == []
    assert calls == []


def test_a_server_that_hangs_up_is_called_and_named(office: Hospital) -> None:
    with counting() as (base, calls):
        request = at(renamed(APPROVABLE.request, "hung", base), base)
        cards = office.cards(without(request, "allergies"))
    assert calls
    assert "AllergyIntolerance: " in details(cards)
