"""The laws of the layout: what may import what, what is pure, how large a part may grow."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ("service", "cards")
    for path in (ROOT / room).rglob("*.py")
}
# A room may import the rooms after it, never one before it.
ROOMS = (
    ("service.cli",),
    ("service.server",),
    ("service.worker",),
    ("service.web",),
    ("service.consult", "service.doctor"),
    ("service.filled", "service.forms", "service.found", "service.offers"),
    ("service.config", "service.decide", "service.ehr", "service.prefill", "service.store"),
    ("service.auth",),
    ("service.hooks",),
    ("service.faults", "service.fhir", "service.policy", "cards"),
    ("service.plans", "service.terminology"),
    ("service.sealed", "service.steps"),
    ("service.logs", "service.metrics", "service.tracing"),
    ("service.labels",),
    ("service.case", "service.proposal", "service.questions"),
    ("service.dose",),
    ("service.filing",),
    ("service.determination", "service.wire"),
    ("service.suggestion",),
    ("service",),
)
PURE = (
    "service.filled",
    "service.forms",
    "service.found",
    "service.determination",
    "service.suggestion",
    "service.filing",
    "service.dose",
    "service.case",
    "service.proposal",
    "service.questions",
    "service.plans",
    "service.terminology",
    "service.policy",
    "service.fhir",
    "cards",
)
LOADERS = {"service.policy.library", "service.terminology.lookup"}
IMPURE = {"os", "time", "socket", "random", "secrets", "requests", "flask", "logging", "subprocess", "pathlib", "io"}


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def inside(module: str, room: str) -> bool:
    return module == room or (room != "service" and module.startswith(f"{room}."))


def level(module: str) -> int:
    return next(n for n, rooms in enumerate(ROOMS) if any(inside(module, room) for room in rooms))


def room_of(module: str) -> str:
    return next(room for rooms in ROOMS for room in rooms if inside(module, room))


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_downward_only(module: str) -> None:
    ours = {name for name in imports(module) if name in MODULES}
    upward = [n for n in ours if level(n) < level(module)]
    beside = [n for n in ours if level(n) == level(module) and room_of(n) != room_of(module)]
    assert upward == []
    assert beside == []


@pytest.mark.parametrize("module", sorted(m for m in MODULES if inside(m, "cards")))
def test_cards_know_determinations_alone(module: str) -> None:
    ours = {name for name in imports(module) if name in MODULES}
    assert {n for n in ours if not inside(n, "cards")} <= {
        "service",
        "service.determination",
        "service.filing",
        "service.suggestion",
    }


@pytest.mark.parametrize("module", sorted(m for m in MODULES if any(inside(m, p) for p in PURE)))
def test_the_core_is_pure(module: str) -> None:
    used = {name.split(".")[0] for name in imports(module)}
    assert used & IMPURE == set()
    text = MODULES[module].read_text(encoding="utf-8")
    assert re.findall(r"\b(?:date\.today|datetime\.now|datetime\.utcnow|open)\(", text) == []
    assert module in LOADERS or "importlib.resources" not in used | set(imports(module))


def test_fhir_resources_is_known_to_the_reader_alone_and_in_its_r4b_models() -> None:
    found = {(m, name) for m in MODULES for name in imports(m) if name.startswith("fhir.")}
    assert {m for m, _ in found} == {"service.fhir.models"}
    assert all(name.startswith("fhir.resources.R4B.") for _, name in found)


def test_no_drug_and_no_policy_is_named_in_code() -> None:
    words = re.compile(r"methotrexate|otrexup|rasuvo|reditrex|xatmep|jylamvo|CP\.PHAR", re.IGNORECASE)
    named = [m for m, path in MODULES.items() if words.search(path.read_text(encoding="utf-8"))]
    assert [m for m in named if inside(m, "service.policy") or inside(m, "service.fhir")] == []


def test_no_production_code_imports_tests_or_their_tools() -> None:
    tools = {"tests", "pytest", "hypothesis", "responses"}
    assert [m for m in MODULES for name in imports(m) if name.split(".")[0] in tools] == []


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_opens_with_what_it_holds(module: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8")))


def test_no_room_is_named_for_nothing() -> None:
    vague = re.compile(r"(^|\.)(utils?|helpers?|managers?|process|data|common|misc)$")
    assert [m for m in MODULES if vague.search(m)] == []


def test_every_package_that_ships_is_declared() -> None:
    declared = set(re.findall(r'^    "((?:service|cards)[\w.]*)",$', (ROOT / "pyproject.toml").read_text(), re.M))
    assert declared == {m for m, path in MODULES.items() if path.name == "__init__.py"}
