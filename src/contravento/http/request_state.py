"""The typed state of one request."""

from dataclasses import dataclass
from typing import cast

from starlette.datastructures import Headers
from starlette.types import Scope

from contravento.accounts.queries import Viewer
from contravento.kit.database.session import Session
from contravento.kit.resources import Resources

_KEY = "request"  # in the scope's state, beside what the lifespan put there


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """An answer that is the same for everybody who has not signed in, by what it shows."""

    keys: tuple[str, ...]
    browser_seconds: int
    is_fixed: bool = False  # what is at this address never changes


@dataclass(slots=True)
class RequestState:
    """Filled in on the way: by middlewares, dependencies, routes and error pages."""

    id: str
    method: str  # as the client sent it; HEAD is answered as GET
    resources: Resources
    session: Session | None = None  # a transaction that its opener commits
    viewer: Viewer | None = None
    is_authenticated: bool = False  # whether `viewer` has been looked for
    language: str | None = None  # the viewer's own
    nonce: str | None = None  # for scripts and styles within the page
    is_page: bool = False  # for a 304, which has no content type
    shared: SharedAnswer | None = None
    is_from_replica: bool = False
    is_client_gone: bool = False  # before it had sent its whole request
    is_connection_lost: bool = False  # the answer says nothing but that the database went away

    def answers_page(self, headers: Headers) -> bool:
        """A browser puts the headers of a 304 over those that it has: they must be the page's."""
        return self.is_page or headers.get("content-type", "").startswith("text/html")

    @classmethod
    def of(cls, scope: Scope) -> "RequestState":
        return cast(RequestState, scope["state"][_KEY])

    def attach(self, scope: Scope) -> None:
        scope["state"][_KEY] = self
