"""The confirming mail is found in a real inbox: Dovecot over TLS, with mails as the product sends
them."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from secrets import token_hex, token_urlsafe

import pytest

from contravento.accounts import mails
from contravento.accounts.models import Rider
from contravento.kit.mail import compose
from contravento_ops.acceptance.tools import imap, inbox
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentPaths
from tests.conftest import make_settings
from tests.stack.deployment import wait_until
from tests.stack.docker import docker
from tests.stack.postbox import OTHER, PASSWORD, USER, Postbox, a_postbox

pytestmark = pytest.mark.stack

LATE_SECONDS = 1.5
FOLDER = "Buzón & cía «pruebas»"


@pytest.fixture(scope="module")
def postbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postbox]:
    with a_postbox(tmp_path_factory.mktemp("postbox")) as postbox:
        yield postbox


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(EnvironmentPaths(tmp_path, "staging"))


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what will not come."""
    monkeypatch.setattr(inbox, "ARRIVES_SECONDS", 2)


@pytest.fixture
def address(postbox: Postbox) -> str:
    """Somebody's who signs up, as the check makes it up."""
    return inbox.address_for(f"check_{token_hex(6)}", postbox.values())


def a_mail(address: str, token: str, tmp_path: Path, *, language: str = "en") -> EmailMessage:
    """As the product composes it: text and HTML."""
    settings = make_settings("postgresql://x/y", tmp_path, public_url="https://diary.example.org")
    rider = Rider(username="maite", name="Maite Núñez", email=address, language=language)
    mail = mails.confirmation(rider, token, settings)
    return compose(mail, sender="diary@example.org", sender_name="Cuadernos")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_products_own_mail_is_found_however_late_it_comes(
    postbox: Postbox, address: str, project: Project, tmp_path: Path, language: str
) -> None:
    token = token_urlsafe(32)
    mail = a_mail(address, token, tmp_path, language=language)
    assert mail.get_content_type() == "multipart/alternative"
    late = threading.Timer(LATE_SECONDS, postbox.deliver, (mail, address))
    late.start()

    found, seconds = inbox.token_for(address, project, postbox.values())

    late.join()
    assert found == token
    assert seconds > LATE_SECONDS / 2  # it was waited for


def test_a_link_that_the_way_has_broken_into_lines_is_put_together(
    postbox: Postbox, address: str, project: Project, tmp_path: Path
) -> None:
    token = token_urlsafe(96)
    mail = EmailMessage()
    mail["To"] = formataddr(("Maite Núñez", address))
    for kind in ("plain", "html"):
        (mail.set_content if kind == "plain" else mail.add_alternative)(
            f"«Sí»: https://diary.example.org/confirm/{token}\n",
            subtype=kind,
            cte="quoted-printable",
        )
    assert token not in mail.as_string()
    postbox.deliver(mail, address)

    assert inbox.token_for(address, project, postbox.values())[0] == token


def test_a_mail_of_html_alone_and_one_to_nobody_that_is_named_are_read(
    postbox: Postbox, address: str, project: Project
) -> None:
    mail = EmailMessage()
    mail["To"] = "undisclosed-recipients:;"
    mail.set_content('<a href="https://diary.example.org/confirm/by-html">', subtype="html")
    postbox.deliver(mail, address)  # Dovecot writes down to whom

    assert inbox.token_for(address, project, postbox.values())[0] == "by-html"


@pytest.mark.usefixtures("soon")
def test_another_riders_mail_is_not_taken(
    postbox: Postbox, address: str, project: Project, tmp_path: Path
) -> None:
    for other in (f"{address}.example", address.replace("@", "0@"), f"not-{address}"):
        postbox.deliver(a_mail(other, "not-this", tmp_path), USER)
    quoting = a_mail(USER, "nor-this", tmp_path)
    quoting.replace_header("To", formataddr((address.replace("@", " at "), USER)))
    quoting["Subject-Of-Before"] = address
    postbox.deliver(quoting, USER)

    with pytest.raises(CheckFailed, match="no mail arrived within 2 s"):
        inbox.token_for(address, project, postbox.values())

    postbox.deliver(a_mail(address, "but-this", tmp_path), address)
    assert inbox.token_for(address, project, postbox.values())[0] == "but-this"


def test_among_many_mails_the_newest_are_looked_through_and_nothing_is_changed(
    postbox: Postbox, address: str, project: Project, tmp_path: Path
) -> None:
    for number in range(imap.NEWEST + 5):
        postbox.deliver(a_mail(f"qa+{number}@example.org", f"not-{number}", tmp_path), USER)
    postbox.deliver(a_mail(address, "the-newest", tmp_path), address)

    assert inbox.token_for(address, project, postbox.values())[0] == "the-newest"
    assert "Seen" not in postbox.admin("fetch", "-u", USER, "flags", "mailbox", "INBOX", "all")


def test_a_folder_may_have_any_name(
    postbox: Postbox, address: str, project: Project, tmp_path: Path
) -> None:
    postbox.admin("mailbox", "create", "-u", USER, FOLDER)
    mail = a_mail(address, "in-the-folder", tmp_path).as_bytes()
    postbox.admin("save", "-u", USER, "-m", FOLDER, said=mail)

    values = postbox.values(folder=FOLDER)

    assert inbox.token_for(address, project, values)[0] == "in-the-folder"


def test_a_folder_that_is_not_there_is_named(
    postbox: Postbox, address: str, project: Project
) -> None:
    with pytest.raises(Inconclusive, match=r'folder no "such" of the inbox .* doesn.t exist'):
        inbox.token_for(address, project, postbox.values(folder='no "such"'))


@pytest.mark.parametrize("password", ["hunter2", PASSWORD.replace("ñ", "n")])
def test_a_wrong_password_is_told_at_once_and_not_repeated(
    postbox: Postbox, address: str, project: Project, password: str
) -> None:
    with pytest.raises(Inconclusive, match=r"does not let us in: .*AUTHENTICATIONFAILED") as told:
        inbox.token_for(address, project, postbox.values(password=password))

    assert password not in str(told.value)


def test_a_server_without_plain_is_signed_in_to_otherwise(
    postbox: Postbox, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "PLAIN", "AUTH=NONE")
    postbox.deliver(a_mail(OTHER, "by-login", tmp_path), OTHER)

    assert inbox.token_for(OTHER, project, postbox.values(user=OTHER))[0] == "by-login"
    with pytest.raises(Inconclusive, match="takes no user or password beyond ASCII"):
        inbox.token_for(USER, project, postbox.values())


def test_a_certificate_of_nobody_known_is_refused(
    postbox: Postbox, address: str, project: Project
) -> None:
    values = {**postbox.values(), "ACME_CA_BUNDLE": ""}

    with pytest.raises(Inconclusive, match=r"not trusted: self-signed .*ACME_CA_BUNDLE may name"):
        inbox.token_for(address, project, values)


def test_a_certificate_for_another_name_is_refused(
    postbox: Postbox, address: str, project: Project
) -> None:
    url = postbox.values()["CHECK_INBOX_URL"].replace("127.0.0.1", "localhost")

    with pytest.raises(Inconclusive, match="not trusted: Hostname mismatch"):
        inbox.token_for(address, project, {**postbox.values(), "CHECK_INBOX_URL": url})


def test_a_connection_that_is_lost_is_made_anew(
    postbox: Postbox, address: str, project: Project, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(inbox.token_for, address, project, postbox.values())
        wait_until(lambda: USER in postbox.admin("who"), 5, "somebody waits for the mail")
        postbox.admin("kick", USER)
        postbox.deliver(a_mail(address, "after-all", tmp_path), address)

        assert found.result()[0] == "after-all"


def test_a_server_that_goes_and_does_not_come_back_is_named(
    address: str, project: Project, tmp_path: Path
) -> None:
    with a_postbox(tmp_path / "another") as other, ThreadPoolExecutor(1) as pool:
        found = pool.submit(inbox.token_for, address, project, other.values())
        wait_until(lambda: USER in other.admin("who"), 5, "somebody waits for the mail")
        docker("kill", other.name)

        with pytest.raises(Inconclusive, match=rf"127.0.0.1:{other.imaps} does not answer"):
            found.result()
