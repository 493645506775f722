"""What reading a chart asks for beside its lists: resources by reference, and searches by one; and what came of it.

Knows references and answers; holds no resource and reads none."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from service.case import NOT_SENT, Answer, CouldNotAsk, Had, NothingThere

_KEY = re.compile(r"[A-Z][A-Za-z]{2,40}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")  # a type and an id that can stand in a URL


def split(target: str) -> tuple[str | None, str]:
    """A reference as server base (None for a relative one) and `Type/id`, without version."""
    bare = target.split("/_history/", 1)[0].rstrip("/")
    parts = bare.rsplit("/", 2)
    if len(parts) == 3:
        return parts[0].rstrip("/"), f"{parts[1]}/{parts[2]}"
    return None, bare


class Inquiry:
    """Reads (`Medication/m`) and searches (`Type?parameter=Type/id`) on one server: `asked` are those that were
    answered, `sought` those that were wanted and are not among them, in the order first wanted."""

    def __init__(self, server: str | None, asked: Mapping[str, Answer]) -> None:
        self.sought: dict[str, None] = {}
        self._server = server.rstrip("/") if server else None
        self._asked = asked

    def again(self) -> Inquiry:
        """The same, to be gone on with apart."""
        other = Inquiry(self._server, self._asked)
        other.sought = dict(self.sought)
        return other

    def seek(self, target: str, search: str = "") -> None:
        """Note a resource of this request's server as wanted, or what a search (`Type?parameter=`) finds by it."""
        key = self._at_home(target)
        if key and search + key not in self._asked:
            self.sought[search + key] = None

    def _at_home(self, target: str) -> str | None:
        """A reference as `Type/id` where it points at this request's server, and can stand in a URL."""
        base, key = split(target)
        return key if base in (None, self._server) and _KEY.fullmatch(key) else None

    def lost(self, target: str) -> str | None:
        """Why a resource that was asked for could not be had; None where it was not asked for, or was had."""
        match self._asked.get(self._at_home(target) or ""):
            case CouldNotAsk(why):
                return why
            case NothingThere():
                return "the EHR's FHIR server has none"
            case _:
                return None

    def unanswered(self, target: str, search: str = "") -> bool:
        """Whether a read of a resource, or a search by it, was asked and not (or not wholly) answered."""
        match self._asked.get(search + (self._at_home(target) or target)):
            case CouldNotAsk(failed=failed):
                return failed
            case Had(complete=whole):
                return not whole
            case _:
                return False

    def failures(self, had: Container[str]) -> tuple[str, ...]:
        """What was wanted and could not be had, each with why, but for the keys of what was `had` in another way."""
        failed = [
            f"{key.partition('?')[0]}: {answer.why}"
            for key, answer in self._asked.items()
            if isinstance(answer, CouldNotAsk) and key not in had
        ]
        return (*failed, *(f"{key}: {NOT_SENT.why}" for key in self.sought if "?" not in key))
