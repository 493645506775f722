"""Exports as files, written and read back."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

from pyarrow import parquet

from service.store import Store
from service.store.export import write_ndjson, write_parquet
from tests.store.made import APPROVED, AT, CARD, ON, call, feedback

_PLAIN = ("policy", "digest", "product", "pathway", "criteria", "missing", "patient", "order", "took", "unread")


def _kept(store: Store) -> list[dict[str, Any]]:
    bare = replace(
        APPROVED, order=None, product=None, indication=None, line=None, pathway=None, criteria=(), approval=()
    )
    store.keep(call(APPROVED, bare, cards=(CARD,)))
    store.answer([feedback()])
    return list(store.export())


def test_lines_of_json_hold_every_row(store: Store) -> None:
    rows, stream = _kept(store), io.BytesIO()
    assert write_ndjson(rows, stream) == 2
    read = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [list(row) for row in read] == [list(row) for row in rows]
    for line, row in zip(read, rows, strict=True):
        assert {name: line[name] for name in _PLAIN} == {name: row[name] for name in _PLAIN}
        assert (line["id"], line["call"], line["at"]) == (str(row["id"]), str(row["call"]), "2026-03-10T12:00:00Z")
        assert line["evaluatedOn"] == "2026-03-10"
    assert read[0]["approval"] == [{"line": None, "months": 12, "start": "2026-03-10", "end": "2027-03-09"}]
    assert [len(card["feedback"]) for row in read for card in row["cards"]] == [1]


def test_parquet_holds_every_row_with_its_types(store: Store) -> None:
    rows, stream = _kept(store), io.BytesIO()
    assert write_parquet(rows, stream) == 2
    table = parquet.read_table(stream)
    read = table.to_pylist(maps_as_pydicts="strict")
    assert read == [{**row, "id": str(row["id"]), "call": str(row["call"])} for row in rows]
    assert read[0]["at"] == AT
    assert read[0]["approval"] == [{"line": None, "months": 12, "start": ON, "end": date(2027, 3, 9)}]
    assert len(read[0]["cards"][0]["feedback"]) == 1


def test_an_export_without_a_row_is_a_file_that_can_be_read() -> None:
    lines, columns = io.BytesIO(), io.BytesIO()
    assert (write_ndjson([], lines), write_parquet([], columns)) == (0, 0)
    assert lines.getvalue() == b""
    assert parquet.read_table(columns).num_rows == 0


def test_rows_leave_in_batches(store: Store) -> None:
    (row, _) = _kept(store)

    def many() -> Iterator[dict[str, Any]]:
        for _ in range(2_001):
            yield {**row, "id": uuid4()}

    stream = io.BytesIO()
    assert write_parquet(many(), stream) == 2_001
    assert parquet.ParquetFile(stream).num_row_groups == 3
