"""Records under another revision: the answers that are known, and on every case the same as deciding it anew."""

import io
import json
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import uuid4

import pytest

from service.decide import Circumstances, Desk, Office, Unavailable, decide
from service.determination import Determination, Status
from service.hooks.discovery import service
from service.hooks.gather import gather
from service.hooks.request import Invalid, parse
from service.plans import Plans
from service.policy.fingerprint import Use, meanings
from service.policy.library import Revision, collect, load
from service.store import Criterion, Store, Told
from service.store.export import write_ndjson
from service.store.replay import Record, Replayed, replay
from service.terminology import load as load_terms
from tests.charts import Case, load_cases
from tests.store.made import call

NEW, OLD = (load().revision("CP.PHAR.134", version) for version in ("2025-11", "2024-11"))
ON = date(2026, 3, 10)


@lru_cache(maxsize=2)
def _office(version: str) -> Office:
    """An office whose only revision is one: whatever the order's day, that one decides."""
    return Office(collect([load().revision("CP.PHAR.134", version).policy]), load_terms(), Plans())


def _decided(case: Case, version: str) -> list[Determination]:
    """A case's determinations by a revision."""
    offered, office = service(case.service), _office(version)
    assert offered
    request = parse(case.request, offered)
    chart = gather(request, office.library.resources())
    found = decide(request.orders(), Desk(chart, office, Circumstances(date.fromisoformat(case.today), "test")))
    return [one.outcome for one in found if isinstance(one.outcome, Determination)]


def _told(told: Determination, revision: Revision) -> Told:
    use = Use(told.product, told.indication, told.line, told.evaluated_on)
    return Told.of(told, revision.policy.digest, meanings(revision.policy, use, (f.id for f in told.findings)))


def _record(told: Determination, revision: Revision) -> Record:
    kept = _told(told, revision)
    return Record(
        uuid4(),
        kept.policy,
        kept.evaluated_on,
        kept.product,
        kept.indication,
        told.line,
        told.status,
        kept.pathway,
        kept.criteria,
    )


CASES = load_cases()[::3]


@lru_cache(maxsize=1)
def _compared() -> list[tuple[str, Replayed, Determination, Determination]]:
    """Every determination of a case by one revision, replayed under the other, beside that one's own."""
    found = []
    for case in CASES:
        try:
            pairs = list(zip(_decided(case, "2025-11"), _decided(case, "2024-11"), strict=True))
        except (Invalid, Unavailable):  # nothing was determined, and nothing is on record
            continue
        for new, old in pairs:
            found.append((case.id, replay(_record(new, NEW), OLD), new, old))
            found.append((case.id, replay(_record(old, OLD), NEW), old, new))
    return found


def test_what_a_replay_tells_is_what_deciding_anew_tells() -> None:
    told = [
        (name, again, other)
        for name, again, own, other in _compared()
        if again.after and (own.pathway, own.indication) == (other.pathway, other.indication)
    ]
    assert [(name, again.after, other.status) for name, again, other in told if again.after is not other.status] == []
    assert len(told) > 500


def test_a_pathway_that_both_revisions_have_is_open_only_where_they_say_it_apart() -> None:
    """A stage that the newer asks for, and a waiver that it has for a line: else every record is answered."""
    open_ = [
        (own.policy.version, own.pathway, own.line)
        for _, again, own, other in _compared()
        if own.pathway and own.pathway == other.pathway and again.after is None
    ]
    assert {(version, pathway) for version, pathway, line in open_ if line != "him"} == {("2024-11", "I.D")}
    assert {pathway for _, pathway, line in open_ if line == "him"} <= {"I.A", "I.B", "I.D"}


def test_under_its_own_revision_every_record_says_what_it_said() -> None:
    own = [(one, NEW if one.policy.version == "2025-11" else OLD) for _, _, one, _ in _compared() if one.pathway]
    again = [replay(_record(one, revision), revision) for one, revision in own]
    assert [(one.after, one.same, one.open) for one in again] == [(one.status, True, ()) for one, _ in own]


def _made(indication: str, pathway: str, results: dict[str, str], revision: Revision = NEW, **differs: Any) -> Record:
    status = differs.pop("status", Status.APPROVABLE)
    use = Use(differs.pop("product", "jylamvo"), indication, differs.pop("line", "commercial"), differs.pop("on", ON))
    means = meanings(revision.policy, use, results)
    criteria = tuple(Criterion(ref, result, means[ref]) for ref, result in results.items())
    return Record(uuid4(), "CP.PHAR.134", use.on, use.product, indication, use.line, status, pathway, criteria)


ARTHRITIS = {
    "I.B.1": "met",
    "I.B.2": "met",
    "I.B.3.a": "met",
    "I.B.3.b": "not-applicable",
    "I.B.4.a": "met",
    "I.B.4.b": "not-applicable",
    "I.B.5": "met",
    "I.B.6": "not-applicable",
    "I.B.7": "met",
}


def test_an_approval_by_criteria_that_did_not_change_stands() -> None:
    record = _made("rheumatoid-arthritis", "I.B", ARTHRITIS, product="otrexup")
    again = replay(record, OLD)
    assert again == Replayed(record.id, Status.APPROVABLE, Status.APPROVABLE, same=True)


@pytest.mark.parametrize(
    ("line", "on", "result", "after", "lacking"),
    [
        ("him", date(2026, 1, 1), "waived", None, ("I.B.5",)),
        ("him", date(2025, 12, 31), "met", Status.APPROVABLE, ()),
        ("commercial", date(2026, 1, 1), "met", Status.APPROVABLE, ()),
    ],
)
def test_a_leaf_that_was_waived_is_open_where_no_waiver_is_known(
    line: Any, on: date, result: str, after: Status | None, lacking: tuple[str, ...]
) -> None:
    results = ARTHRITIS | {"I.B.5": result}
    again = replay(_made("rheumatoid-arthritis", "I.B", results, product="otrexup", line=line, on=on), OLD)
    assert (again.after, again.open) == (after, lacking)


def test_an_open_leaf_changes_nothing_where_another_is_not_met() -> None:
    results = ARTHRITIS | {"I.B.5": "waived", "I.B.7": "not-met"}
    record = _made("rheumatoid-arthritis", "I.B", results, product="otrexup", line="him", on=ON, status=Status.NOT_MET)
    again = replay(record, OLD)
    assert (again.after, again.same, again.open) == (Status.NOT_MET, True, ("I.B.5",))


def _fungoides(revision: Revision) -> dict[str, str]:
    (outline,) = (o for o in revision.policy.outlines if o.section.ref == "I.D")
    return dict.fromkeys((clause.ref for clause in outline.leaves()), "met")


def test_a_stage_that_an_older_revision_did_not_ask_for_is_no_matter_to_it() -> None:
    results = _fungoides(NEW) | {"I.D.1.a": "not-met", "I.D.1.b": "not-applicable"}
    again = replay(_made("mycosis-fungoides", "I.D", results, status=Status.NOT_MET), OLD)
    assert (again.before, again.after, again.same, again.open) == (Status.NOT_MET, Status.APPROVABLE, False, ())


def test_a_stage_that_a_newer_revision_asks_for_is_open() -> None:
    again = replay(_made("mycosis-fungoides", "I.D", _fungoides(OLD), OLD), NEW)
    assert (again.after, again.open) == (None, ("I.D.1.a",))


def test_a_diagnosis_that_the_other_revision_does_not_list_is_not_replayed() -> None:
    results = {"I.F.1.c": "met", "I.F.2": "met"}
    again = replay(_made("immunotherapy-toxicity", "I.F", results), OLD)
    assert (again.after, again.same, again.open) == (None, False, ())
    sezary = replay(_made("sezary-syndrome", "I.D", _fungoides(NEW)), OLD)
    assert (sezary.after, sezary.open) == (None, ())


def test_a_record_without_a_pathway_is_not_replayed() -> None:
    bare = replace(_made("", "", {}, status=Status.REFER), indication=None, pathway=None)
    assert replay(bare, OLD) == Replayed(bare.id, Status.REFER, None, same=False)


def test_another_policys_revision_is_refused() -> None:
    record = replace(_made("rheumatoid-arthritis", "I.B", ARTHRITIS), policy="CP.PHAR.1")
    with pytest.raises(ValueError, match=r"CP\.PHAR\.1,"):
        replay(record, NEW)


def test_a_record_is_replayed_from_the_export_and_from_its_file(store: Store) -> None:
    case = next(case for case in CASES if (case.theme, case.service) == ("initial-sections", "prior-auth-order-sign"))
    (told,) = _decided(case, "2025-11")
    store.keep(call(_told(told, NEW)))
    (row,) = store.export()
    stream = io.BytesIO()
    write_ndjson([row], stream)
    record = Record.of(row)
    assert record == replace(_record(told, NEW), id=row["id"])
    assert Record.of(json.loads(stream.getvalue())) == record
    assert replay(record, NEW).same
