"""The mails of an account, in plain text and HTML and in the rider's language."""

from html import escape
from importlib.resources import files
from string import Template

from contravento.accounts.models import Rider
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.kit.mail import Mail
from contravento.kit.settings import Settings

_CONFIRMATION = {
    "subject": N_("Confirm your address"),
    "preview": N_("One click and your diary is open. The link works for 24 hours."),
    "heading": N_("Is this you, %(name)s?"),
    "request": N_(
        "Somebody started a diary at %(site)s with this address. If that was you, open it here:"
    ),
    "button": N_("Confirm and open my diary"),
    "lifetime": N_("The link works once, for 24 hours."),
    "otherwise": N_(
        "If it was not you, do nothing. Without the click the account disappears by itself."
    ),
    "last": N_("This is the only message you get from us until you ask for more."),
}
_RESET = {
    "subject": N_("A new password"),
    "preview": N_("Choose a new password. The link works for one hour."),
    "heading": N_("A new password, %(name)s?"),
    "request": N_(
        "Somebody asked for a new password for your diary at %(site)s. If that was you,"
        " choose it here:"
    ),
    "button": N_("Choose a new password"),
    "lifetime": N_("The link works once, for one hour."),
    "otherwise": N_("If it was not you, do nothing. Your password stays as it is."),
    "last": N_("You get this message because somebody typed your address."),
}
_TRIED = {
    "subject": N_("You have a diary here already"),
    "preview": N_("Somebody tried to start another one with your address."),
    "heading": N_("You have a diary here already, %(name)s"),
    "request": N_(
        "Somebody tried to start another diary at %(site)s with this address. If that was you, your"
        " diary is still here; sign in:"
    ),
    "button": N_("Sign in"),
    "lifetime": N_("If you have forgotten the password, the page helps you to a new one."),
    "otherwise": N_("If it was not you, do nothing. Nothing has changed."),
    "last": N_("You get this message because somebody typed your address."),
}
_COPY = N_("If the button does nothing, copy this line into your browser:")


def confirmation(rider: Rider, token: str, settings: Settings) -> Mail:
    return _compose(rider, f"{settings.base_url}/confirm/{token}", settings, _CONFIRMATION)


def reset(rider: Rider, token: str, settings: Settings) -> Mail:
    return _compose(rider, f"{settings.base_url}/reset/{token}", settings, _RESET)


def sign_up_tried(owner: Rider, settings: Settings) -> Mail:
    """To who has a diary already, when somebody signs up with the same address."""
    return _compose(owner, f"{settings.base_url}/sign-in", settings, _TRIED)


def _compose(rider: Rider, link: str, settings: Settings, sentences: dict[str, str]) -> Mail:
    params = {"name": rider.shown_name, "site": settings.app_name}
    texts = {
        name: translate(rider.language, sentence, params if "%(" in sentence else None)
        for name, sentence in sentences.items()
    }
    texts |= {"link": link, "copy": translate(rider.language, _COPY), "language": rider.language}
    folder = files("contravento.accounts")
    text = Template(folder.joinpath("mail.txt").read_text()).substitute(texts)
    html = Template(folder.joinpath("mail.html").read_text())
    return Mail(
        to=rider.email,
        subject=texts["subject"],
        text=text,
        html=html.substitute({name: escape(value) for name, value in texts.items()}),
    )
