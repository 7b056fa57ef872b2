"""Events: a domain announces what happened, and domains above it react."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from contravento.kit.database.session import Session


@dataclass(frozen=True, slots=True)
class Event: ...


type Reaction = Callable[[Session, Event], Awaitable[None]]
type Reactions = Mapping[type[Event], Iterable[Reaction]]


async def announce(session: Session, event: Event) -> None:
    """Let everyone who listens for this kind of event act in the same transaction."""
    reactions: Reactions = session.info.get("reactions", {})
    for react in reactions.get(type(event), ()):
        await react(session, event)
