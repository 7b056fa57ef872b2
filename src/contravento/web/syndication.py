"""The public feed, and each rider's, for feed readers: Atom (RFC 4287) and JSON Feed 1.1."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

import orjson
from fastapi import APIRouter, Request, Response

from contravento.accounts.queries import get_rider
from contravento.feed.queries import Entry, list_entries, list_entries_of
from contravento.http import conditional
from contravento.http.cache_control import LISTS, rider_key, share
from contravento.http.dependencies import CommonReading, PublicSession
from contravento.http.request_state import RequestState
from contravento.kit.database.session import Reader, Session

router = APIRouter()

ENTRIES = 20
ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"
NOBODY_WROTE_YET = datetime(1970, 1, 1, tzinfo=UTC)


class Format(StrEnum):
    ATOM = "atom"
    JSON = "json"


MEDIA_TYPES = {Format.ATOM: "application/atom+xml", Format.JSON: "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Channel:
    """`page` is where people read it and `address` where programs do, both without the site."""

    title: str
    page: str
    address: str


@router.get("/feed.atom")
async def show_atom(request: Request, reader: CommonReading) -> Response:
    """What everyone may see, newest first."""
    return await _everyones(request, reader, Format.ATOM)


@router.get("/feed.json")
async def show_json(request: Request, reader: CommonReading) -> Response:
    return await _everyones(request, reader, Format.JSON)


@router.get("/riders/{username}/feed.atom")
async def show_riders_atom(username: str, request: Request, session: PublicSession) -> Response:
    """What a rider has written for everyone, whoever asks."""
    return await _riders(request, session, username, Format.ATOM)


@router.get("/riders/{username}/feed.json")
async def show_riders_json(username: str, request: Request, session: PublicSession) -> Response:
    return await _riders(request, session, username, Format.JSON)


async def _everyones(request: Request, reader: Reader, kind: Format) -> Response:
    entries, _ = await list_entries(reader, limit=ENTRIES, drawn=False)
    share(request, LISTS)
    title = RequestState.of(request.scope).resources.settings.app_name
    return _send(request, Channel(title, "/", f"/feed.{kind}"), entries, kind)


async def _riders(request: Request, session: Session, username: str, kind: Format) -> Response:
    rider = await get_rider(session, username)
    entries, _ = await list_entries_of(session, rider.id, viewer_id=None, limit=ENTRIES)
    share(request, rider_key(rider.id), LISTS)
    page = f"/riders/{rider.username}"
    return _send(request, Channel(rider.shown_name, page, f"{page}/feed.{kind}"), entries, kind)


def _send(request: Request, channel: Channel, entries: Sequence[Entry], kind: Format) -> Response:
    write = write_atom if kind is Format.ATOM else write_json
    site = RequestState.of(request.scope).resources.settings.base_url
    return conditional.send_document(
        request,
        write(channel, entries, site),
        media_type=MEDIA_TYPES[kind],
        cache_control="no-cache",
    )


def write_atom(channel: Channel, entries: Sequence[Entry], site: str) -> bytes:
    feed = ElementTree.Element("feed", xmlns=ATOM)
    _add(feed, "id", site + channel.address)
    _add(feed, "title", channel.title)
    _add(feed, "updated", _written(entries).isoformat())
    _add(feed, "link", rel="self", href=site + channel.address)
    _add(feed, "link", rel="alternate", type="text/html", href=site + channel.page)
    for entry in entries:
        element = _add(feed, "entry")
        _add(element, "id", f"urn:uuid:{entry.id}")
        _add(element, "title", entry.title)
        _add(element, "link", rel="alternate", type="text/html", href=_address(entry, site))
        _add(element, "published", entry.published_at.isoformat())
        _add(element, "updated", entry.published_at.isoformat())
        author = _add(element, "author")
        _add(author, "name", entry.rider_name)
        _add(author, "uri", f"{site}/riders/{entry.username}")
        _add(element, "summary", entry.excerpt)
        for tag in entry.tags:
            _add(element, "category", term=tag)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(
    parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    element.text = text
    return element


def write_json(channel: Channel, entries: Sequence[Entry], site: str) -> bytes:
    return orjson.dumps(
        {
            "version": JSON_FEED,
            "title": channel.title,
            "home_page_url": site + channel.page,
            "feed_url": site + channel.address,
            "items": [_item(entry, site) for entry in entries],
        }
    )


def _item(entry: Entry, site: str) -> dict[str, Any]:
    return {
        "id": f"urn:uuid:{entry.id}",
        "url": _address(entry, site),
        "title": entry.title,
        "content_text": entry.excerpt,
        "date_published": entry.published_at,
        "authors": [{"name": entry.rider_name, "url": f"{site}/riders/{entry.username}"}],
        "tags": entry.tags,
    }


def _address(entry: Entry, site: str) -> str:
    return f"{site}/trips/{entry.slug}"


def _written(entries: Sequence[Entry]) -> datetime:
    return max((entry.published_at for entry in entries), default=NOBODY_WROTE_YET)
