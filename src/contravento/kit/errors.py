"""The few ways a request can fail on purpose.

AppError
├── Unauthorized        401   we do not know who you are
├── Forbidden           403   you may see it but not do that
├── NotFound            404   it is not there, or not yours to see
├── Conflict            409   it is in the wrong state for that
├── TooLarge            413   more bytes than we take
├── Invalid             422   what you sent does not make sense
├── TooManyRequests     429   wait a little
├── Unavailable         503   a part we need is not answering
└── OutOfSpace          507   nowhere to put it
"""

from typing import ClassVar

from contravento.kit.i18n.marks import N_


class AppError(Exception):
    """Carries a status and a sentence fit to show a person.

    `message` is written in English and translated where it is shown; its `%(name)s` places are
    filled from the keyword arguments.
    """

    status: ClassVar[int] = 500
    message: ClassVar[str] = N_("Something went wrong on our side.")
    field: ClassVar[str | None] = None  # where in what was sent, if it was one place
    keeps_changes: ClassVar[bool] = False  # what was done before the refusal is to stay done
    retry_after_seconds: int | None = None

    def __init__(self, **params: object) -> None:
        super().__init__()
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class Unauthorized(AppError):
    status = 401
    message = N_("Please sign in first.")


class Forbidden(AppError):
    status = 403
    message = N_("You cannot do that.")


class NotFound(AppError):
    status = 404
    message = N_("There is nothing here, or it is not shared with you.")


class Conflict(AppError):
    status = 409


class TooLarge(AppError):
    status = 413


class Invalid(AppError):
    status = 422


class TooManyRequests(AppError):
    status = 429
    message = N_("That was too often. Wait a while and try again.")


class Unavailable(AppError):
    status = 503
    message = N_("Back in a moment. Nothing you saved is lost.")


class OutOfSpace(AppError):
    status = 507
    message = N_("The server has no room left for this file. Nothing you saved is lost.")
