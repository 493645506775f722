"""An operator's table asked about one Coverage: which of its rows fit, and what the most exact of them say.

Reads payor, plan and class of a Coverage; knows neither lines of business nor policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from service.fhir.chart import Chart
from service.fhir.elements import Json, child, codings, items, text, texts
from service.fhir.inquiry import split
from service.plans import Plan, Plans

Said = TypeVar("Said")


def rows_of(coverage: Json, chart: Chart, plans: Plans) -> tuple[Plan, ...]:
    """The rows whose every key is the Coverage's, case-blind; a row without keys fits every Coverage."""
    names = {
        "payor": {_fold(name) for name in _payors(coverage, chart)},
        "plan": {_fold(name) for kind, name in _classes(coverage) if kind == "plan"},
        "class": {_fold(f"{kind}={name}") for kind, name in _classes(coverage)},
    }
    return tuple(row for row in plans.rows if all(asked in names[key] for key, asked in _keys(row).items()))


def most_exact(rows: Sequence[Plan], says: Callable[[Plan], Said | None]) -> tuple[Said, ...]:
    """What the rows that name the most keys say, of those that say anything: several where they disagree."""
    saying = [(len(_keys(row)), said) for row in rows if (said := says(row)) is not None]
    most = max((keys for keys, _ in saying), default=0)
    return tuple(dict.fromkeys(said for keys, said in saying if keys == most))


def _keys(row: Plan) -> dict[str, str]:
    named = {"payor": row.payor, "plan": row.plan, "class": _spaced(row.class_)}
    return {key: _fold(asked) for key, asked in named.items() if asked is not None}


def _spaced(asked: str | None) -> str | None:
    """`type=value` without the spaces that an operator may write beside the sign."""
    kind, sign, value = (asked or "").partition("=")
    return f"{kind.strip()}={value.strip()}" if sign else asked


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


def _payors(coverage: Json, chart: Chart) -> Iterator[str]:
    """Every name and identifier of the payors, of the references and of the organizations that they point at."""
    for payor in items(coverage, "payor"):
        target = text(payor, "reference")
        found = chart.resolve(payor, coverage) or {}
        yield from texts(payor, "display")
        yield from texts(child(payor, "identifier"), "value")
        yield from (target, split(target)[1]) if target else ()
        yield from (*texts(found, "name"), *texts(found, "alias"))
        yield from (value for identifier in items(found, "identifier") for value in texts(identifier, "value"))


def _classes(coverage: Json) -> Iterator[tuple[str, str]]:
    """The type code of each class with its value, and again with its name."""
    for group in items(coverage, "class"):
        kinds = {coding.code.lower() for coding in codings(child(group, "type")) if coding.code}
        for kind in sorted(kinds):
            yield from ((kind, name) for name in (*texts(group, "value"), *texts(group, "name")))
