"""Renders templates: the whole page or, for htmx, one block of it."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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
from contravento.web.rendering.constant_sentences import TranslatedEnvironment
from contravento.web.rendering.page_cache import FinishedPage, finish, key_of, page_cache

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
    created = TranslatedEnvironment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    created.sentences = catalogue(language)
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


def compile_templates() -> None:
    """In every language, before anybody asks."""
    for language in LANGUAGES:
        templates = environment(language)
        for name in templates.list_templates():
            templates.get_template(name)


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
        return self._send(finish(self._render(template, block, context)), status, headers or {})

    async def show_kept(
        self,
        template: str,
        *,
        block: str | None = None,
        derive: Callable[[], Awaitable[dict[str, Any]]] | None = None,
        **context: Any,
    ) -> Response:
        """As `show`, and kept until anything of the context differs.

        What `derive` adds must follow from the context alone; the template must not look at the
        clock.
        """
        viewer = self.viewer and replace(self.viewer, sign_in_id=None)
        url, is_block = self.request.url, block is not None and self.wants_fragment
        about = (template, is_block, self.language, viewer, url.path, url.query)
        cache, key = page_cache(self.request), key_of({"": about, **context})
        page = cache.get(key)
        if page is None:
            derived = await derive() if derive else {}
            page = finish(self._render(template, block, context | derived))
            cache.keep(key, page)
        return self._send(page, 200, {})

    def _render(self, template: str, block: str | None, context: dict[str, Any]) -> str:
        source = environment(self.language).get_template(template)
        context |= {
            "viewer": self.viewer,
            "language": self.language,
            "path": self.request.url.path,
            "query": self.request.url.query,
            "settings": self.resources.settings,
        }
        if block and self.wants_fragment:
            return "".join(source.blocks[block](source.new_context(context)))
        return source.render(context)

    def _send(self, page: FinishedPage, status: int, headers: dict[str, str]) -> Response:
        fields = {"Vary": "HX-Request, Authorization, Cookie, Accept-Language", **headers}
        if status != 200 or is_personal(self.request.headers):
            return HTMLResponse(page.body, status, headers=fields)
        fields["ETag"] = page.tag
        if conditional.tag_matches(self.request, page.tag):
            RequestState.of(self.request.scope).is_page = True
            return Response(status_code=304, headers=fields)
        return HTMLResponse(page.body, status, headers=fields)

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
