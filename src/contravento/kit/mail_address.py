"""Addresses as every mail server understands them."""

from email_validator import EmailNotValidError, validate_email


def ascii_address(address: str) -> str | None:
    """With an internationalised domain in its ASCII form; None where that is not enough, and for
    what is no address."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None
