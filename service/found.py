"""A Questionnaire with what the chart shows already as initial values, each marked as found: for whoever fills it in
where no app reads the chart. Knows FHIR's Questionnaire and nothing of policies."""

from __future__ import annotations

from collections.abc import Mapping

from service.fhir.elements import Json

MARK = " (found in the chart: please check)"


def found_in(questionnaire: Json, found: Mapping[str, str]) -> Json:
    """The Questionnaire with texts found in the chart, by linkId."""
    return questionnaire | {"item": [_item(item, found) for item in questionnaire["item"]]}


def _item(item: Json, found: Mapping[str, str]) -> Json:
    inner = {"item": [_item(one, found) for one in item["item"]]} if "item" in item else {}
    if said := found.get(item["linkId"]):
        inner |= {"text": item["text"] + MARK, "initial": [{"valueString": said}]}
    return item | inner
