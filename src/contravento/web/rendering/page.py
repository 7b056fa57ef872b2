"""Renders templates: the whole page or, for htmx, one block of it."""

import hashlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contravento.accounts.queries import Viewer
from contravento.http import conditional
from contravento.http.cache_control import is_personal
from contravento.http.dependencies import MaybeViewer, language_of
from contravento.http.request_state import RequestState
from contravento.kit.i18n.catalogue import LANGUAGES, catalogue
from contravento.kit.resources import Resources
from contravento.trips.markdown import to_html
from contravento.web.rendering import formats, srcset

FOLDER = Path(__file__).parents[1]
STATIC = FOLDER / "static"
STYLE_SHEET = "css/site.css"  # the address of what pages ask for: these, joined in this order
STYLES = ("tokens", "base", "components", "pages", "product")


@cache
def static_version() -> str:
    """Changes whenever any static file does, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(STATIC)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@cache
def style_sheet() -> str:
    """All styles of our own pages in one file: one request instead of five."""
    return "".join((STATIC / "css" / f"{name}.css").read_text() for name in STYLES)


def static_url(path: str) -> str:
    return f"/static/{static_version()}/{path}"


@cache
def environment(language: str) -> Environment:
    created = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    created.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    for name in ("number", "kilometres", "date_range", "day", "month", "moment", "duration"):
        created.filters[name] = partial(_last, getattr(formats, name), language)
    for name in ("ago", "span", "percent", "size"):
        created.filters[name] = partial(_last, getattr(formats, name), language)
    for name in ("megabytes", "country", "countries", "distance", "height", "speed", "in_words"):
        created.filters[name] = partial(_last, getattr(formats, name), language)
    created.filters["with_unit"] = formats.with_unit
    created.filters["first_upper"] = formats.first_upper
    created.filters["sources"] = srcset.sources
    created.filters["photo_url"] = srcset.url
    created.filters["markdown"] = to_html
    created.globals.update(static=static_url, languages=LANGUAGES)
    return created


def _last(function: Any, language: str, value: Any, *rest: Any, **options: Any) -> Any:
    """A filter whose function wants the language after the values it formats."""
    if function is formats.number:
        return function(value, language, *rest, **options)
    return function(value, *rest, language)


@dataclass(frozen=True, slots=True)
class Page:
    """Shows templates to whoever is asking, in their language."""

    request: Request
    viewer: Viewer | None

    @property
    def resources(self) -> Resources:
        return RequestState.of(self.request.scope).resources

    @property
    def language(self) -> str:
        return language_of(self.request)

    @property
    def wants_fragment(self) -> bool:
        headers = self.request.headers
        return headers.get("hx-request") == "true" and "hx-history-restore-request" not in headers

    def show(
        self,
        template: str,
        *,
        block: str | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """The whole page; or, where htmx asks and `block` is named, that block alone."""
        source = environment(self.language).get_template(template)
        context |= {
            "viewer": self.viewer,
            "language": self.language,
            "path": self.request.url.path,
            "query": self.request.url.query,
            "settings": self.resources.settings,
        }
        if block and self.wants_fragment:
            body = "".join(source.blocks[block](source.new_context(context)))
        else:
            body = source.render(context)
        fields = {"Vary": "HX-Request, Authorization, Cookie, Accept-Language", **(headers or {})}
        if status != 200 or is_personal(self.request.headers):
            return HTMLResponse(body, status, headers=fields)
        fields["ETag"] = conditional.tag_of(body.encode())
        if conditional.tag_matches(self.request, fields["ETag"]):
            RequestState.of(self.request.scope).is_page = True
            return Response(status_code=304, headers=fields)
        return HTMLResponse(body, status, headers=fields)

    def fragment(
        self, template: str, block: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """One block of a template, whoever asks."""
        source = environment(self.language).get_template(template)
        context |= {
            "viewer": self.viewer,
            "language": self.language,
        }
        return HTMLResponse("".join(source.blocks[block](source.new_context(context))), status)


async def _page(request: Request, viewer: MaybeViewer) -> Page:
    return Page(request, viewer)


PageFor = Annotated[Page, Depends(_page)]
