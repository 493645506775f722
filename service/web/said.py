"""What a call answers, whole: cards, what is filed, and the forms that cards link to. Knows no HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from service.fhir.elements import Json
from service.web.filings import Filed
from service.web.issued import Issued


@dataclass(frozen=True, slots=True)
class Said:
    """What a call answers; `forms` are those that its cards link to. On order-sign the list of system actions is given
    `always`, empty or not (what the test kits of CRD 2.0.1 ask for), but to a client that never spoke of CRD and gets
    no card: that answer stays the shortest."""

    cards: tuple[Json, ...]
    filed: tuple[Filed, ...]
    forms: tuple[Issued, ...]
    always: bool

    def body(self) -> Json:
        actions = [one.action for one in self.filed if one.action]
        told: Json = {"cards": list(self.cards)}
        return told | {"systemActions": actions} if actions or self.always else told
