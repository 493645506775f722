"""What a client may ask of Da Vinci CRD's versions and options, and what discovery offers it."""

from decimal import Decimal
from typing import Any

import pytest

from service.hooks.crd import CONFIGURATION, OPTIONS, REQUESTED, VERSIONS, Crd, Hook, asked, declared

HOOKS: tuple[Hook, ...] = ("order-sign", "order-select")
BOOLEANS = ("coverage-info", "unsolicited-determ", "alt-drug", "guideline", "contraindication")


def configured(**options: Any) -> Crd:
    return asked({CONFIGURATION: {name.replace("_", "-"): value for name, value in options.items()}})


@pytest.mark.parametrize("extension", [None, {}, [], "text", 7, True, {"other": {}}, {REQUESTED: None}])
def test_a_client_that_asks_for_nothing_gets_the_defaults(extension: Any) -> None:
    found = asked(extension)
    assert found == Crd()
    assert (found.version, found.max_cards, found.ignored) == (None, 10, ())
    assert all(getattr(found, code.replace("-", "_")) is True for code in BOOLEANS)


@pytest.mark.parametrize(
    ("named", "version"),
    [("2.0", "2.0"), ("2.2", "2.2"), ("2.0.1", "2.0"), ("2.2.1", "2.2"), ("2.2.0", "2.2"), (" 2.2 ", "2.2")],
)
def test_a_version_is_asked_for_by_major_and_minor(named: str, version: str) -> None:
    assert asked({REQUESTED: named}).version == version


@pytest.mark.parametrize(
    "named",
    [
        "",
        "2",
        "2.1",
        "2.3",
        "3.0",
        "1.0",
        "2.20",
        "12.2",
        "2.2.",
        "2.2.x",
        "2.2.1.0",
        "v2.2",
        "STU2",
        "٢.٢",
        "2.2\n2.0",
    ],
)
def test_another_version_is_refused_with_those_that_are_supported(named: str) -> None:
    with pytest.raises(ValueError, match=r"2\.0, 2\.2"):
        asked({REQUESTED: named})


@pytest.mark.parametrize("value", [2.2, Decimal("2.2"), 2, True, ["2.2"], {"version": "2.2"}])
def test_a_version_that_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=REQUESTED):
        asked({REQUESTED: value})


def test_a_refusal_quotes_nothing_that_was_sent() -> None:
    with pytest.raises(ValueError, match=REQUESTED) as refused:
        asked({REQUESTED: "secret-7"})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("code", BOOLEANS)
def test_each_kind_of_answer_can_be_declined_by_itself(code: str) -> None:
    found = asked({CONFIGURATION: {code: False}})
    options = {name: getattr(found, name.replace("-", "_")) for name in BOOLEANS}
    assert options == {**dict.fromkeys(BOOLEANS, True), code: False}
    assert (found.version, found.max_cards, found.ignored) == (None, 10, ())


@pytest.mark.parametrize(
    ("value", "most", "ignored"),
    [
        (-1, 10, ("max-cards",)),
        (0, 10, ("max-cards",)),
        (1, 1, ()),
        (2, 2, ()),
        (10**30, 10**30, ()),
        (True, 10, ("max-cards",)),
        ("5", 10, ("max-cards",)),
        (Decimal("5.0"), 10, ("max-cards",)),
        (None, 10, ("max-cards",)),
        ([], 10, ("max-cards",)),
    ],
)
def test_the_most_cards_are_one_at_least(value: Any, most: int, ignored: tuple[str, ...]) -> None:
    assert configured(max_cards=value) == Crd(max_cards=most, ignored=ignored)


@pytest.mark.parametrize("value", ["yes", "false", 0, 1, None, Decimal(0), [], {}, [False]])
@pytest.mark.parametrize("code", BOOLEANS)
def test_what_cannot_be_honoured_is_the_default_and_is_told_by_its_code(code: str, value: Any) -> None:
    assert asked({CONFIGURATION: {code: value}}) == Crd(ignored=(code,))


def test_one_option_that_cannot_be_honoured_takes_no_other_with_it() -> None:
    found = configured(coverage_info=False, guideline="yes", max_cards=-1, alt_drug=False)
    assert found == Crd(coverage_info=False, alt_drug=False, ignored=("guideline", "max-cards"))


def test_options_that_are_not_known_are_neither_honoured_nor_told() -> None:
    assert configured(claim=False, version="3.0", ignored=["x"], max_cards=3) == Crd(max_cards=3)


@pytest.mark.parametrize("configuration", [None, [], "coverage-info", 7, False])
def test_a_configuration_that_is_no_object_stands_for_none(configuration: Any) -> None:
    assert asked({CONFIGURATION: configuration, REQUESTED: "2.0"}) == Crd("2.0")


@pytest.mark.parametrize(
    ("extension", "client"),
    [
        (None, False),
        ([REQUESTED], False),
        ({"com.example.version": "R4"}, False),
        ({REQUESTED: "2.0"}, True),
        ({REQUESTED: None}, True),
        ({CONFIGURATION: "broken"}, True),
    ],
)
def test_a_client_of_da_vinci_crd_is_one_that_says_so(extension: Any, client: bool) -> None:
    assert asked(extension).client is client


@pytest.mark.parametrize("hook", HOOKS)
def test_each_option_is_declared_whole_and_once(hook: Hook) -> None:
    options: Any = declared(hook)["davinci-crd.configuration-options"]
    for option in options:
        assert sorted(option) == ["code", "default", "description", "name", "type"]
        wanted = {"boolean": bool, "integer": int}[option["type"]]
        assert type(option["default"]) is wanted
    for member in ("code", "name", "description"):
        named = [option[member] for option in options]
        assert all(text.strip() for text in named)
        assert len(named) == len(set(named))


def test_order_select_declares_the_options_that_mean_something_there() -> None:
    codes = {hook: [option["code"] for option in _options(hook)] for hook in HOOKS}
    assert codes["order-sign"] == [*BOOLEANS, "max-cards"]
    assert codes["order-select"] == ["alt-drug", "guideline", "contraindication", "max-cards"]


def _options(hook: Hook) -> list[dict[str, Any]]:
    found: Any = declared(hook)["davinci-crd.configuration-options"]
    assert isinstance(found, list)
    return found


def test_an_option_means_the_same_at_either_hook() -> None:
    signing = {option["code"]: option for option in _options("order-sign")}
    assert all(signing[option["code"]] == option for option in _options("order-select"))


def test_the_default_declared_is_the_one_that_holds() -> None:
    assert {o.code: o.default for o in OPTIONS} == {
        o.code: getattr(asked(None), o.code.replace("-", "_")) for o in OPTIONS
    }


def test_both_versions_are_declared_unless_the_caller_says_otherwise() -> None:
    assert declared("order-sign")["davinci-crd.version"] == ["2.0", "2.2"] == list(VERSIONS)
    assert declared("order-sign", ("2.2",))["davinci-crd.version"] == ["2.2"]
