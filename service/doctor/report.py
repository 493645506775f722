"""What the doctor found, and how it reads: as JSON for tools, as plain text for people. Knows no FHIR."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["wrong", "look", "fine"]

_MARKS: dict[Level, str] = {"wrong": "[x]", "look": "[!]", "fine": "[ ]"}
_WIDTH = 112
_MENDS = 5  # what the head of the text repeats


@dataclass(frozen=True, slots=True)
class Note:
    """One thing seen. `code` names its kind for tools; `at` is the member or resource that it is about; `mend` says
    what to do; `snippet` is configuration to paste.

    Levels: `wrong` keeps the service from an answer, `look` leaves something unread or unknown, `fine` is for the
    record."""

    level: Level
    code: str
    at: str
    says: str
    mend: str = ""
    snippet: str = ""

    def as_json(self) -> dict[str, str]:
        fields = {"level": self.level, "code": self.code, "at": self.at, "says": self.says}
        return fields | {k: v for k, v in (("mend", self.mend), ("snippet", self.snippet)) if v}


@dataclass(frozen=True, slots=True)
class Chapter:
    """The notes on one subject, in the order in which they help."""

    id: str
    title: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found. `answer` is what the service would say to the request as it stands."""

    answer: str
    chapters: tuple[Chapter, ...]

    def notes(self) -> Iterator[Note]:
        for chapter in self.chapters:
            yield from chapter.notes

    def as_json(self) -> dict[str, object]:
        """The report as JSON values: `answer`, `counts` by level, and `chapters` with their notes."""
        return {
            "answer": self.answer,
            "counts": {level: self._count(level) for level in _MARKS},
            "chapters": [
                {"id": c.id, "title": c.title, "notes": [n.as_json() for n in c.notes]} for c in self.chapters
            ],
        }

    def as_text(self) -> str:
        """The report as lines of plain text, what to mend first at the top."""
        counted = f"{self._count('wrong')} wrong, {self._count('look')} to look at"
        lines = [f"Answer: {self.answer}", f"Found: {counted} ([x] wrong, [!] look, [ ] fine)", *self._first()]
        for number, chapter in enumerate((c for c in self.chapters if c.notes), 1):
            lines += ["", f"{number}. {chapter.title}"]
            for note in _joined(chapter.notes):
                lines += _lines(note)
        return "\n".join(lines) + "\n"

    def _count(self, level: Level) -> int:
        return sum(note.level == level for note in self.notes())

    def _first(self) -> Iterator[str]:
        urgent = list(_joined(n for n in self.notes() if n.level == "wrong" and n.mend))
        if urgent:
            yield "Mend first:"
        for note in urgent[:_MENDS]:
            yield from _wrapped(f"{note.at}: {note.mend}", "  - ", "    ")


def _joined(notes: Iterable[Note]) -> Iterator[Note]:
    """Notes that say the same of several members, as one."""
    same: dict[tuple[str, str, str, str], list[Note]] = {}
    for note in notes:
        same.setdefault((note.level, note.says, note.mend, note.snippet), []).append(note)
    yield from (replace(found[0], at=", ".join(dict.fromkeys(n.at for n in found))) for found in same.values())


def _lines(note: Note) -> Iterator[str]:
    yield from _wrapped(f"{note.at}: {note.says}", f"  {_MARKS[note.level]} ", "      ")
    if note.mend:
        yield from _wrapped(note.mend, "      > ", "        ")
    yield from (f"        {line}" for line in note.snippet.splitlines())


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
