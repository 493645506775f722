"""A Questionnaire with what the chart shows already as initial values, each marked as found: for whoever fills it in
with no app that reads the chart. Knows FHIR's Questionnaire and nothing of policies."""

from __future__ import annotations

from collections.abc import Mapping

from service.fhir.elements import Json

_MARK = " (found in the chart: please check)"
_READING = (
    "http://hl7.org/fhir/StructureDefinition/variable",
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext",
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression",
)


def found_in(questionnaire: Json, found: Mapping[str, str]) -> Json:
    """The Questionnaire with texts found in the chart, by linkId, in place of the expressions that would find them."""
    return _plain(questionnaire) | {"item": [_item(item, found) for item in questionnaire["item"]]}


def _item(item: Json, found: Mapping[str, str]) -> Json:
    made = _plain(item)
    if "item" in item:
        made["item"] = [_item(one, found) for one in item["item"]]
    if said := found.get(item["linkId"]):
        most = item.get("maxLength")
        made |= {"text": item["text"] + _MARK, "initial": [{"valueString": said[:most]}]}
    return made


def _plain(element: Json) -> Json:
    kept = [one for one in element.get("extension", ()) if one["url"] not in _READING]
    made = {name: value for name, value in element.items() if name != "extension"}
    return made | ({"extension": kept} if kept else {})
