"""A filled form is checked against its Questionnaire; what is kept is made of what was asked, and of nothing else."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest

from service.filled import DOCUMENT, Fault, essence, filled

JSON = dict[str, Any]
CHOICE = "urn:countersign:criterion"
AUTHOR = {"reference": "Practitioner/p", "display": "A. Example, MD"}
ORIGIN = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/information-origin"


def asked(ref: str) -> JSON:
    return {
        "linkId": f"{ref}#group",
        "type": "group",
        "text": ref,
        "item": [
            {
                "linkId": ref,
                "type": "boolean",
                "text": f"Is {ref} so?",
                "required": True,
                "item": [{"linkId": f"{ref}#help", "type": "display", "text": "Help"}],
            },
            {"linkId": f"{ref}#explanation", "type": "text", "text": "What the chart says", "maxLength": 40},
            {"linkId": f"{ref}#document", "type": "attachment", "text": "A copy"},
        ],
    }


def option(ref: str) -> JSON:
    return {"valueCoding": {"system": CHOICE, "code": ref, "display": f"By {ref}"}}


def branch(ref: str) -> JSON:
    chosen = {"system": CHOICE, "code": ref}
    condition = {"question": "X#choice", "operator": "=", "answerCoding": chosen}
    return {
        "linkId": f"{ref}#branch",
        "type": "group",
        "text": ref,
        "enableWhen": [condition],
        "item": [asked(ref)],
    }


QUESTIONNAIRE: JSON = {
    "resourceType": "Questionnaire",
    "url": "https://cs.example.org/fhir/Questionnaire/f",
    "item": [
        asked("I.B.6"),
        {
            "linkId": "X#choice",
            "type": "choice",
            "text": "Which?",
            "required": True,
            "answerOption": [option("X.a"), option("X.b")],
        },
        branch("X.a"),
        branch("X.b"),
    ],
}
PDF = base64.b64encode(b"%PDF-1.7").decode()


def answer(link: str, **value: Any) -> JSON:
    return {"linkId": link, "answer": [value]}


def group(ref: str, *items: JSON) -> JSON:
    return {"linkId": f"{ref}#group", "item": list(items)}


def good() -> JSON:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [
            group(
                "I.B.6",
                answer("I.B.6", valueBoolean=True),
                answer("I.B.6#explanation", valueString="Dysphagia since 2020"),
                answer("I.B.6#document", valueAttachment={"contentType": "application/pdf", "data": PDF, "title": "n"}),
            ),
            answer("X#choice", valueCoding=option("X.b")["valueCoding"]),
            {"linkId": "X.b#branch", "item": [group("X.b", answer("X.b", valueBoolean=False))]},
        ],
    }


def check(response: Any, **differs: Any) -> list[JSON] | tuple[Fault, ...]:
    how: JSON = {"found": {}, "subject": "Patient/p1", "author": AUTHOR} | differs
    return filled(QUESTIONNAIRE, response, **how)


def faults(response: Any) -> list[tuple[str | None, str]]:
    found = check(response)
    assert isinstance(found, tuple), found
    return [(fault.link, fault.says) for fault in found]


def origin(source: str) -> list[JSON]:
    author = {"url": "author", "extension": [{"url": "practitioner", "valueReference": AUTHOR}]}
    parts = [{"url": "source", "valueCode": source}, *([] if source == "auto-server" else [author])]
    return [{"url": ORIGIN, "extension": parts}]


def test_what_was_asked_and_answered_is_kept_with_its_origin() -> None:
    found = check(good())
    assert isinstance(found, list)
    assert found[0] == {
        "linkId": "I.B.6#group",
        "text": "I.B.6",
        "item": [
            {
                "linkId": "I.B.6",
                "text": "Is I.B.6 so?",
                "answer": [{"extension": origin("manual"), "valueBoolean": True}],
            },
            {
                "linkId": "I.B.6#explanation",
                "text": "What the chart says",
                "answer": [{"extension": origin("manual"), "valueString": "Dysphagia since 2020"}],
            },
            {
                "linkId": "I.B.6#document",
                "text": "A copy",
                "answer": [
                    {
                        "extension": origin("manual"),
                        "valueAttachment": {
                            "contentType": "application/pdf",
                            "data": PDF,
                            "size": 8,
                            "title": "n",
                        },
                    }
                ],
            },
        ],
    }
    assert [item["linkId"] for item in found] == ["I.B.6#group", "X#choice", "X.b#branch"]


@pytest.mark.parametrize(
    ("was", "source"),
    [(None, "manual"), ("Dysphagia since 2020", "auto-server"), ("Dysphagia since 2019", "override")],
)
def test_a_text_says_whether_it_was_found_changed_or_written(was: str | None, source: str) -> None:
    found = check(good(), found={"I.B.6#explanation": was} if was else {})
    assert isinstance(found, list)
    assert found[0]["item"][1]["answer"][0]["extension"] == origin(source)


def test_the_essence_has_no_text_and_no_document() -> None:
    found = check(good())
    assert isinstance(found, list)
    assert essence(found) == [
        {"linkId": "I.B.6#group", "item": [{"linkId": "I.B.6", "answer": [{"valueBoolean": True}]}]},
        {"linkId": "X#choice", "answer": [option("X.b")]},
        {
            "linkId": "X.b#branch",
            "item": [
                {"linkId": "X.b#group", "item": [{"linkId": "X.b", "answer": [{"valueBoolean": False}]}]},
            ],
        },
    ]


def test_what_nobody_asked_for_is_not_kept() -> None:
    said = good()
    said["extension"] = [{"url": "http://x.example.org", "valueString": "x"}]
    said["item"][0]["item"][0] |= {"text": "<b>Other words</b>", "definition": "http://x.example.org", "id": "1"}
    said["item"][0]["item"][0]["answer"][0]["extension"] = [{"url": "http://x.example.org", "valueString": "x"}]
    assert check(said) == check(good())


@pytest.mark.parametrize("value", [None, [], "x", {}, {"resourceType": "Patient"}, {"resourceType": ["x"]}])
def test_what_is_no_response_is_refused(value: Any) -> None:
    assert faults(value) == [(None, "the answers must be a QuestionnaireResponse")]


def test_an_empty_response_names_every_required_question() -> None:
    assert faults({"resourceType": "QuestionnaireResponse"}) == [
        ("I.B.6", "needs an answer"),
        ("X#choice", "needs an answer"),
    ]


Change = Callable[[JSON], Any]
FIRST = ("I.B.6", 0)


def to_first(**value: Any) -> Change:
    def change(said: JSON) -> None:
        said["item"][0]["item"][0]["answer"] = [value]

    return change


def to_text(value: Any) -> Change:
    def change(said: JSON) -> None:
        said["item"][0]["item"][1]["answer"] = [{"valueString": value}]

    return change


def to_document(**value: Any) -> Change:
    def change(said: JSON) -> None:
        said["item"][0]["item"][2]["answer"] = [{"valueAttachment": value}]

    return change


TWO = [{"valueBoolean": True}, {"valueBoolean": False}]
ELSEWHERE = {"valueCoding": {"system": CHOICE, "code": "X.c"}}
CASES: dict[str, tuple[Change, str | None, str]] = {
    "another form's": (lambda r: r.update(questionnaire="https://cs.example.org/q"), None, "another form"),
    "a canonical that is none": (lambda r: r.update(questionnaire=["x"]), None, "another form"),
    "another patient": (lambda r: r.update(subject={"reference": "Patient/p2"}), None, "another patient"),
    "a subject that is none": (lambda r: r.update(subject="Patient/p1"), None, "another patient"),
    "a modifier": (lambda r: r.update(modifierExtension=[{"url": "x"}]), None, "modifier"),
    "rules of its own": (lambda r: r.update(implicitRules="http://x"), None, "modifier"),
    "a modifier of an item": (
        lambda r: r["item"][0]["item"][0].update(modifierExtension=[{"url": "x"}]),
        "I.B.6",
        "modifier",
    ),
    "items that are no list": (lambda r: r.update(item={"linkId": "I.B.6#group"}), None, "must be a list"),
    "an item that is no object": (lambda r: r["item"].append("x"), None, "no question of this form"),
    "an unknown linkId": (lambda r: r["item"].append(answer("II.A.2", valueBoolean=True)), None, "no question"),
    "a linkId that is no text": (lambda r: r["item"].append({"linkId": ["I.B.6"]}), None, "no question"),
    "a known linkId in another place": (lambda r: r["item"].append(answer("I.B.6", valueBoolean=True)), None, "place"),
    "a question answered twice": (lambda r: r["item"][0]["item"].append(answer("I.B.6")), "I.B.6", "answered twice"),
    "two answers": (lambda r: r["item"][0]["item"][0].update(answer=TWO), "I.B.6", "takes one answer"),
    "an answer that is no object": (lambda r: r["item"][0]["item"][0].update(answer=["x"]), "I.B.6", "be read"),
    "answers that are no list": (lambda r: r["item"][0]["item"][0].update(answer=TWO[0]), "I.B.6", "be read"),
    "an empty answer": (lambda r: r["item"][0]["item"][0].update(answer=[{}]), "I.B.6", "needs an answer"),
    "no answer": (lambda r: r["item"][0]["item"].pop(0), "I.B.6", "needs an answer"),
    "a text for a boolean": (to_first(valueString="true"), "I.B.6", "yes or no"),
    "a boolean in words": (to_first(valueBoolean="true"), "I.B.6", "yes or no"),
    "a boolean as a number": (to_first(valueBoolean=1), "I.B.6", "yes or no"),
    "two values in one answer": (to_first(valueBoolean=True, valueString="no"), "I.B.6", "yes or no"),
    "a text that is too long": (to_text("x" * 41), "I.B.6#explanation", "at most 40"),
    "a text that is none": (to_text(7), "I.B.6#explanation", "takes a text"),
    "an address for a file": (
        to_document(contentType="application/pdf", url="http://127.0.0.1/x"),
        "I.B.6#document",
        "not an address",
    ),
    "a page for a file": (to_document(contentType="text/html", data=PDF), "I.B.6#document", "takes a file of"),
    "a picture with scripts": (to_document(contentType="image/svg+xml", data=PDF), "I.B.6#document", "takes a file of"),
    "a file without a type": (to_document(data=PDF), "I.B.6#document", "takes a file of"),
    "a file without bytes": (to_document(contentType="application/pdf"), "I.B.6#document", "holds no file"),
    "a file that is not base64": (
        to_document(contentType="application/pdf", data="<script>"),
        "I.B.6#document",
        "holds no file",
    ),
    "a choice that is not offered": (lambda r: r["item"][1].update(answer=[ELSEWHERE]), "X#choice", "its options"),
    "a branch that was not chosen": (
        lambda r: r["item"].append({"linkId": "X.a#branch", "item": [group("X.a", answer("X.a", valueBoolean=True))]}),
        "X.a#branch",
        "is not asked",
    ),
    "a chosen branch without its answer": (lambda r: r["item"].pop(), "X.b", "needs an answer"),
    "an answer to a help text": (
        lambda r: r["item"][0]["item"][0].update(item=[answer("I.B.6#help", valueString="x")]),
        "I.B.6",
        "not asked there",
    ),
    "an answer below an answer": (
        lambda r: r["item"][0]["item"][0]["answer"][0].update(item=[answer("II.A.2", valueBoolean=True)]),
        "I.B.6",
        "not asked there",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_asked_or_cannot_be_is_refused_and_told(name: str) -> None:
    change, link, words = CASES[name]
    said = copy.deepcopy(good())
    change(said)
    told, says = faults(said)[0]
    assert told == link
    assert words in says


def test_a_text_of_the_longest_length_is_taken() -> None:
    said = good()
    to_text("x" * 40)(said)
    assert isinstance(check(said), list)


@pytest.mark.parametrize(("size", "taken"), [(DOCUMENT, True), (DOCUMENT + 1, False)])
def test_a_file_of_the_greatest_size_is_taken_and_one_byte_more_is_not(size: int, taken: bool) -> None:
    said = good()
    to_document(contentType="application/pdf", data=base64.b64encode(b"x" * size).decode())(said)
    assert isinstance(check(said), list) is taken


def test_markup_is_kept_as_the_text_it_is_and_what_no_database_keeps_is_not() -> None:
    said = good()
    to_text("<script>alert(1)</script>\x00\ud800 ")(said)
    found = check(said)
    assert isinstance(found, list)
    assert found[0]["item"][1]["answer"][0]["valueString"] == "<script>alert(1)</script> ?"


def test_a_text_of_blanks_is_no_answer() -> None:
    said = good()
    to_text("  \n")(said)
    found = check(said)
    assert isinstance(found, list)
    assert [item["linkId"] for item in found[0]["item"]] == ["I.B.6", "I.B.6#document"]


def test_the_response_may_name_its_own_form_and_patient() -> None:
    said = good() | {"questionnaire": f"{QUESTIONNAIRE['url']}|2025-11", "subject": {"reference": "Patient/p1"}}
    assert isinstance(check(said), list)
