"""Why a question could not be asked, in fixed words: a code for metrics, a sentence for a prescriber's card.

Neither ever holds a URL, a host, or anything that a server sent."""

from __future__ import annotations

from enum import Enum

PARTIAL = "further pages could not be read"


class Trouble(Enum):
    """Each value is the code, and what is said."""

    NOT_OWN = ("not-own", "the FHIR server named is none of this client's, and is not called")
    ADDRESS = ("address", "the EHR's FHIR server is at an address that may not be called")
    INSECURE = ("insecure", "the EHR's FHIR server is not reached over https, and is not called")
    TOKEN = ("token", "the access token cannot be sent")
    QUESTION = ("question", "the question could not be put to the EHR's FHIR server")
    BUSY = ("busy", "the EHR's FHIR server has too many calls waiting")
    LATE = ("late", "the EHR's FHIR server did not answer in time")
    NAME = ("name", "the EHR's FHIR server was not found by its name")
    UNREACHABLE = ("unreachable", "the EHR's FHIR server could not be reached")
    TLS = ("tls", "a secure connection to the EHR's FHIR server could not be made")
    BROKEN = ("broken", "the EHR's FHIR server broke off its answer")
    REDIRECT = ("redirect", "the EHR's FHIR server answered with a redirect, which is not followed")
    UNAUTHORIZED = ("unauthorized", "the EHR's FHIR server did not let this service in (401)")
    FORBIDDEN = ("forbidden", "the EHR's FHIR server refused access (403)")
    MISSING = ("missing", "the EHR's FHIR server does not know what was asked for (404)")
    THROTTLED = ("throttled", "the EHR's FHIR server takes no more calls for now (429)")
    REJECTED = ("rejected", "the EHR's FHIR server did not accept the question (4xx)")
    SERVER = ("server", "the EHR's FHIR server failed (5xx)")
    STATUS = ("status", "the EHR's FHIR server answered with a status that is no answer")
    TOO_LONG = ("too-long", "the answer of the EHR's FHIR server is too long")
    ENCODING = ("encoding", "the answer of the EHR's FHIR server is packed in a way that is not read")
    NOT_JSON = ("not-json", "the answer of the EHR's FHIR server is no JSON")
    OTHER = ("other", "the EHR's FHIR server answered with something else than was asked for")
    ELSEWHERE = ("elsewhere", "they are on another server, which is not called")
    LOOP = ("loop", "the EHR's FHIR server leads round in a circle")
    PAGES = ("pages", "there are too many of them")
    ENTRIES = ("entries", "the list is too long")
    FAULT = ("fault", "the answer of the EHR's FHIR server could not be read")

    @property
    def code(self) -> str:
        """A word for a metric's label."""
        return self.value[0]

    @property
    def says(self) -> str:
        """What a prescriber reads."""
        return self.value[1]


# What service.fhir.answers and hooks say of answers that came.
_OTHERS = {
    "the EHR answered with an error": "operation-outcome",
    "what the EHR sent is no FHIR resource": "not-fhir",
    "entries of the EHR's answer could not be read": "unreadable-entries",
    "the EHR's answer is not whole": "not-whole",
    "not sent by the EHR": "not-sent",
    "the access token that the EHR lent cannot be used": "token",
    PARTIAL: "not-whole",
}
_CODES = _OTHERS | {trouble.says: trouble.code for trouble in Trouble}

CODES = frozenset((*_CODES.values(), "unnamed"))


def rest(trouble: Trouble) -> str:
    """What is said of a list whose further pages met with a trouble."""
    return f"{PARTIAL}: {trouble.says}"


def code_of(why: str) -> str:
    """The code of what a CouldNotAsk or an incomplete Had says, one of a fixed few; `unnamed` for any other text."""
    return _CODES.get(why.removeprefix(f"{PARTIAL}: "), "unnamed")
