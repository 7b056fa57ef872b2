"""Servers that are no inbox, or keep whoever asks waiting."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contravento_ops.acceptance.tools import imap, inbox
from contravento_ops.kit.certificate_authorities import trusted
from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentPaths
from tests.support.certified import write_certificate

type Talk = Callable[[socket.socket], None]
type Serve = Callable[[Talk], int]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """That the test has ended, for who keeps others waiting until then."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Lets a server talk to whoever comes; its port."""
    listening, talking = [], []

    def start(talk: Talk) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def run() -> None:
            try:
                come, _ = server.accept()
                with come:
                    talk(come)
            except OSError:
                """Whoever came has gone."""

        talking.append(threading.Thread(target=run))
        talking[-1].start()
        port: int = server.getsockname()[1]
        return port

    yield start
    for server in listening:
        server.close()
    for thread in talking:
        thread.join(10)


def asked(port: int, folder: Path, certificate: Path) -> tuple[str, float]:
    values = {
        "CHECK_INBOX_URL": f"imaps://qa:secret-word@127.0.0.1:{port}/INBOX",
        "ACME_CA_BUNDLE": str(certificate),
    }
    return inbox.token_for(
        "qa+check@example.org", Project(EnvironmentPaths(folder, "staging")), values
    )


@pytest.mark.parametrize("is_patient", [True, False])
def test_a_server_that_sends_a_little_now_and_then_is_given_up(
    serve: Serve,
    over: threading.Event,
    tmp_path: Path,
    certificate: Path,
    is_patient: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "ARRIVES_SECONDS", 0.6)
    monkeypatch.setattr(inbox, "LAST_LOOK_SECONDS", 0.4)

    def talk(come: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, tmp_path / "server.key")
        with context.wrap_socket(come, server_side=True) as tls:
            tls.sendall(b"* OK well")
            while is_patient and not over.wait(0.1):
                tls.sendall(b"l")
            over.wait()

    with pytest.raises(Inconclusive, match="keeps us waiting for more than 1 s"):
        asked(serve(talk), tmp_path, certificate)


def test_a_server_that_hangs_up_is_named(serve: Serve, tmp_path: Path, certificate: Path) -> None:
    def talk(come: socket.socket) -> None:
        come.recv(1)

    with pytest.raises(Inconclusive, match=r"at 127\.0\.0\.1:\d+ does not answer") as told:
        asked(serve(talk), tmp_path, certificate)

    assert "secret-word" not in str(told.value)


def test_a_server_without_tls_gets_no_password(
    serve: Serve, tmp_path: Path, certificate: Path
) -> None:
    heard, ended = [], threading.Event()

    def talk(come: socket.socket) -> None:
        come.sendall(b"* OK IMAP4rev1 welcome, whoever you are\r\n")
        try:
            while part := come.recv(4096):
                heard.append(part)
        finally:
            ended.set()

    with pytest.raises(Inconclusive, match="does not answer"):
        asked(serve(talk), tmp_path, certificate)

    assert ended.wait(10)
    assert b"secret-word" not in b"".join(heard)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, content in (("nothing.pem", None), ("words.pem", "no certificate")):
        if content:
            (tmp_path / name).write_text(content)
        with pytest.raises(Inconclusive, match="ACME_CA_BUNDLE holds no certificate"):
            asked(9, tmp_path, tmp_path / name)


def test_an_authority_stands_where_compose_finds_it(certificate: Path, tmp_path: Path) -> None:
    project = Project(EnvironmentPaths(tmp_path, "staging"))

    for written in ("./server.pem", str(certificate)):
        known = trusted(project, {"ACME_CA_BUNDLE": written}).get_ca_certs()
        assert "tests" in str([each.get("subject") for each in known])


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("imaps://qa:x@imap.velo.test", ("imap.velo.test", 993, "qa", "x", "INBOX")),
        (
            "imaps://qa@velo.test:x@imap.velo.test/",
            ("imap.velo.test", 993, "qa@velo.test", "x", "INBOX"),
        ),
        ("imaps://q%40v:p%25%2F%C3%B1@h:1993/A%2FB%20c", ("h", 1993, "q@v", "p%/ñ", "A/B c")),
    ],
)
def test_an_account_is_read_from_its_address(
    url: str, account: tuple[str, int, str, str, str]
) -> None:
    assert imap.account(url) == imap.Account(*account)
    assert "p%/ñ" not in repr(imap.account(url))
