"""The questions of one hook request to its EHR: all at once, on one deadline, each with an answer; and what is created
there. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

import requests

from service.ehr import pages
from service.ehr.address import Access, Place, base
from service.ehr.call import Call, Door
from service.ehr.crew import Crew
from service.ehr.exchange import create, fetch
from service.ehr.job import Job, Work, together
from service.ehr.reading import Question, could_not, question, refused, resource, was_read
from service.ehr.trouble import Trouble
from service.fhir.answers import Answered, read_answer
from service.fhir.elements import Json
from service.wire import encode

GIVING = 1.0  # seconds for what is created
BODY = 8 * 1024 * 1024  # bytes of one answer, unpacked
LIST = 4 * BODY  # bytes of all pages of one list


class Line(Protocol):
    """What a visit needs of the line it is on."""

    door: Door
    crew: Crew
    session: requests.Session


class Visit:
    """One hook request's way to its EHR. A context manager: a server has room for a few at a time."""

    def __init__(self, line: Line, access: Access, deadline: float, leave: Callable[[], None]) -> None:
        place = base(access.server)
        assert place is not None, "Access is made by permitted alone"
        self._server: Place = place
        self._line, self._deadline, self._leave = line, deadline, leave
        self._headers = {"Accept": "application/fhir+json"}
        if access.token is not None:
            self._headers["Authorization"] = f"Bearer {access.token}"

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        """The token is not used after this (CDS Hooks 2.0: it is transient)."""
        self._headers = {}
        self._leave()

    def ask(self, queries: Mapping[str, str]) -> dict[str, Answered]:
        """The answers to queries relative to the server's base: searches (`Condition?patient=p1`), their further
        pages read, and reads (`Medication/m1`)."""
        asked = {name: question(query) for name, query in queries.items()}
        works = {name: self._asking(each) for name, each in asked.items() if each is not None}
        return dict.fromkeys(queries, could_not(Trouble.QUESTION)) | self._answers(works)

    def follow(self, bundles: Mapping[str, Json]) -> dict[str, Answered]:
        """Bundles that came in prefetch, each with the rest of its pages (CDS Hooks 2.0: a client may page)."""
        works = {name: self._following(bundle) for name, bundle in bundles.items() if pages.next_of(bundle) is not None}
        return {name: read_answer(bundle) for name, bundle in bundles.items()} | self._answers(works)

    def create(self, resource: Json, condition: str) -> Trouble | None:
        """Create a resource unless one that a search finds (`identifier=...`) is there already; None where it is. The
        prescriber waits meanwhile: there is less time for it than for questions."""
        url = f"{self._server.url}/{resource['resourceType']}"
        headers = {**self._headers, "Content-Type": "application/fhir+json"}
        body, until = encode(resource), min(self._deadline, monotonic() + GIVING)
        call = Call(self._line.door, until, LIST)
        job: Job[Trouble | None] = Job(
            call,
            lambda job: create(self._line.session, url, headers, job.call, body, condition),
            late=Trouble.LATE,
            fault=Trouble.FAULT,
        )
        return together(self._line.crew, {"": job}, until)[""]

    def _answers(self, works: Mapping[str, Work[Answered]]) -> dict[str, Answered]:
        late, fault = could_not(Trouble.LATE), could_not(Trouble.FAULT)
        calls = {name: Call(self._line.door, self._deadline, LIST) for name in works}
        jobs = {name: Job(calls[name], work, late=late, fault=fault) for name, work in works.items()}
        return together(self._line.crew, jobs, self._deadline)

    def _asking(self, asked: Question) -> Work[Answered]:
        url = f"{self._server.url}/{asked.query}"

        def work(job: Job[Answered]) -> Answered:
            found = self._get(url, job.call)
            if isinstance(found, Trouble):
                return refused(asked, found)
            return was_read(asked, found) if asked.id is not None else self._list(asked.kind, found, url, job)

        return work

    def _following(self, bundle: Json) -> Work[Answered]:
        return lambda job: self._list(None, bundle, f"{self._server.url}/", job)

    def _list(self, kind: str | None, first: Json, url: str, job: Job[Answered]) -> Answered:
        def get(at: str) -> Json | Trouble:
            return self._get(at, job.call)

        return pages.follow(kind, first, url, server=self._server, get=get, publish=job.publish)

    def _get(self, url: str, call: Call) -> Json | Trouble:
        body = fetch(self._line.session, url, self._headers, call, BODY)
        return body if isinstance(body, Trouble) else resource(body)
