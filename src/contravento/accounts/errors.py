"""Errors of accounts."""

from contravento.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from contravento.kit.i18n.marks import N_


class RiderNotFound(NotFound):
    message = N_("Nobody rides here under that name.")


class UsernameTaken(Conflict):
    field = "username"
    message = N_("Somebody already rides as “%(username)s”.")


class BadUsername(Invalid):
    field = "username"
    message = N_(
        "Three to thirty letters, digits, hyphens or underscores, without accents or spaces."
        " A hyphen stands neither first nor last."
    )


class ReservedUsername(Invalid):
    field = "username"
    message = N_("That name is kept for the people who run this server. Choose another one.")


class PasswordTooShort(Invalid):
    field = "password"
    message = N_(
        "%(count)s characters; at least %(least)s are needed. A short sentence is easiest."
    )


class PasswordTooLong(Invalid):
    field = "password"
    message = N_("At most %(most)s characters, please.")


class CommonPassword(Invalid):
    field = "password"
    message = N_("Too many people use this one. A short sentence of your own is easiest.")


class WrongCredentials(Unauthorized):
    message = N_("That did not match. Check the name or address, and the password.")


class WrongPassword(Forbidden):
    field = "current"
    message = N_("That is not your present password.")


class NotTheirPassword(Forbidden):
    """Who opens a confirmation link is not who signed up."""

    field = "password"
    message = N_("That is not the password with which this diary was started.")


class TooManyTokens(Conflict):
    message = N_("You have %(most)s tokens already. Delete one that you no longer need.")


class NotConfirmed(Forbidden):
    message = N_("First open the link in the mail that we sent you. We can send it again.")


class LinkSpent(Invalid):
    field = "token"
    message = N_("This link has been used or is too old. Ask for a new one.")


class SignInEnded(Unauthorized):
    message = N_("You were signed out. Please sign in again.")


class RefreshTokenReused(SignInEnded):
    """It was stolen, by whoever came first or second; that the sign-in ends must stay so."""

    keeps_changes = True
