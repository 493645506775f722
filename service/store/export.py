"""The export of records as files: newline-delimited JSON, or Parquet. Rows come one by one and leave in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from service import wire

_BATCH = 1000

Row = Mapping[str, Any]


def write_ndjson(rows: Iterable[Row], stream: BinaryIO) -> int:
    """One JSON object a line; returns how many."""
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 (the last number is the count)
        stream.write(wire.encode(row))
        stream.write(b"\n")
    return count


def write_parquet(rows: Iterable[Row], stream: BinaryIO) -> int:
    """One Parquet file of the schema below, a row group a batch; returns how many rows."""
    from pyarrow import Table, parquet  # half a second to load, and only an export needs it

    shape = _shape()
    count = 0
    with parquet.ParquetWriter(stream, shape, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_table(Table.from_pylist(batch, schema=shape))
            count += len(batch)
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while batch := [_flat(row) for row in islice(source, _BATCH)]:
        yield batch


def _flat(row: Row) -> dict[str, Any]:
    """A row as columns hold it: ids as text, steps as pairs."""
    return {**row, "id": str(row["id"]), "call": str(row["call"]), "took": list(row["took"].items())}


def _shape() -> Any:
    import pyarrow as pa

    text, texts, instant = pa.string(), pa.list_(pa.string()), pa.timestamp("us", tz="UTC")
    answer = {
        "outcome": text,
        "at": instant,
        "keptAt": instant,
        "accepted": texts,
        "reasonSystem": text,
        "reasonCode": text,
        "reasonWithheld": pa.bool_(),
        "commented": pa.bool_(),
    }
    sent = {"uuid": text, "topic": text, "indicator": text, "feedback": pa.list_(pa.struct(answer))}
    term = {"line": text, "months": pa.int32(), "start": pa.date32(), "end": pa.date32()}
    told = {
        **dict.fromkeys(("id", "order", "policy", "version", "digest"), text),
        "evaluatedOn": pa.date32(),
        **dict.fromkeys(("product", "indication", "lineOfBusiness", "status", "pathway"), text),
        "criteria": pa.list_(pa.struct(dict.fromkeys(("id", "result", "clause"), text))),
        "missing": texts,
        "unmet": texts,
        "approval": pa.list_(pa.struct(term)),
        "referral": pa.list_(pa.struct({"line": text, "policies": texts})),
        "safety": texts,
        **dict.fromkeys(("assertion", "authorization"), text),
    }
    asked = {
        "call": text,
        "at": instant,
        **dict.fromkeys(("correlation", "client", "tenant", "service", "hook"), text),
        **dict.fromkeys(("instance", "server", "patient", "body"), text),
        "took": pa.map_(text, pa.float64()),
        **dict.fromkeys(("unread", "notices", "notEvaluated"), pa.int32()),
    }
    return pa.schema({**told, **asked, "cards": pa.list_(pa.struct(sent))})
