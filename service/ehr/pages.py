"""A list over several pages: where the next one is, and what the pages come to together. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from service.case import CouldNotAsk, Had
from service.ehr.address import Place, place
from service.ehr.reading import was_searched
from service.ehr.trouble import Trouble, rest
from service.fhir.answers import Answered
from service.fhir.elements import Json, items, text

PAGES = 20  # of one list
ENTRIES = 5_000  # of one list
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_NOT_WHOLE = "the EHR's answer is not whole"


def next_of(bundle: Json) -> str | None:
    """The URL of the next page as the server wrote it, empty where it wrote none; None on the last page."""
    if text(bundle, "resourceType") != "Bundle":
        return None
    links = [link for link in items(bundle, "link") if (text(link, "relation") or "").lower() == "next"]
    return text(links[0], "url") or "" if links else None


def resolved(link: str, page: str, server: Place) -> Place | None:
    """Where a next link leads, from the page it stands on; None where that is another origin than the server's."""
    try:
        found = place(quote(urljoin(page, link.split("#", 1)[0]), safe=_ASCII))
    except ValueError:
        return None
    return found if found and found.origin == server.origin else None


def follow(
    kind: str | None,
    first: Json,
    url: str,
    *,
    server: Place,
    get: Callable[[str], Json | Trouble],
    publish: Callable[[Answered], None],
) -> Answered:
    """The list that begins with a page (which came from `url`), read to its end. `publish` is told before each further
    page what the list comes to if that page never arrives."""
    pages, seen, at = [first], {url}, url
    while (link := next_of(pages[-1])) is not None:
        if len(pages) == PAGES:
            return told(kind, pages, Trouble.PAGES)
        if _count(pages) > ENTRIES:
            break
        publish(told(kind, pages, Trouble.LATE))
        target = resolved(link, at, server)
        if target is None or not link:
            return told(kind, pages, Trouble.ELSEWHERE if link else Trouble.OTHER)
        at = target.url
        if at in seen:
            return told(kind, pages, Trouble.LOOP)
        seen.add(at)
        page = get(at)
        if isinstance(page, Trouble):
            return told(kind, pages, page)
        if page.get("resourceType") != "Bundle":
            return told(kind, pages, Trouble.OTHER)
        pages.append(page)
    return told(kind, pages, Trouble.ENTRIES if _count(pages) > ENTRIES else None)


def told(kind: str | None, pages: Sequence[Json], trouble: Trouble | None) -> Answered:
    """What pages come to: their entries, the last one's links and the first one's total, read as one Bundle. With a
    trouble the list is not whole, and says why."""
    one = {**pages[0], "entry": _distinct([e for page in pages for e in _entries(page)])[:ENTRIES]}
    one["link"] = pages[-1].get("link")
    found = was_searched(kind, one)
    if trouble is None:
        return found
    match found.answer:
        case Had():
            return Answered(Had(complete=False, why=rest(trouble)), found.entries)
        case CouldNotAsk(why) if why != _NOT_WHOLE:
            return found
        case _:
            return Answered(CouldNotAsk(rest(trouble)), found.entries)


def _entries(bundle: Json) -> list[Any]:
    entry = bundle.get("entry")
    return entry if isinstance(entry, list) else [] if entry is None else [entry]


def _count(pages: Sequence[Json]) -> int:
    return sum(len(_entries(page)) for page in pages)


def _distinct(entries: list[Any]) -> list[Any]:
    """Each resource once, as it was read last: a list that grows while it is paged repeats what was on the page before,
    and a repeat must not stand in the count for one that was not had."""
    kept: dict[Any, Any] = {}
    for at, entry in enumerate(entries):
        kept[_key(entry) or at] = entry
    return list(kept.values())


def _key(entry: Any) -> tuple[str, str, str] | None:
    found = entry.get("resource") if isinstance(entry, dict) else None
    kind, named = text(found, "resourceType"), text(found, "id")
    if kind is None or named is None:
        return None
    return text(entry.get("search"), "mode") or "match", kind, named
