"""Errors of operations."""

from contravento.kit.errors import Invalid, NotFound
from contravento.kit.i18n.marks import N_


class JobNotFailed(NotFound):
    message = N_("There is no such failed job any more.")


class JobNotAlive(NotFound):
    message = N_("There is no such job that waits or runs.")


class BadReport(Invalid):
    message = N_("A report is named in small letters, digits and hyphens, forty at most.")
