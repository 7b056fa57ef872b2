"""Staging from a backup of production: all its trips, and nobody of those who rode them."""

import shlex
from collections.abc import Iterator

import pytest

from contravento_ops.kit.errors import Exit
from tests.docs.pages import ROOT, commands
from tests.stack.deployment import tell
from tests.stack.restored import Diary, a_diary

pytestmark = pytest.mark.stack

GUIDE = ROOT / "docs" / "guides" / "staging-from-production.md"
NAMED = """
    UPDATE riders SET name = 'Aitana Goikoetxea', bio = 'Ask aitana@example.org about Zubizuri.';
    UPDATE trips SET story = 'With Aitana Goikoetxea. ' || story;
    UPDATE photos SET caption = 'Aitana at the ferry'
"""
WHOM = """
    SELECT lower(username) FROM riders UNION SELECT lower(email) FROM riders
    UNION SELECT lower(password_hash) FROM riders
    UNION SELECT encode(digest, 'hex') FROM personal_tokens
"""
COUNTED = "SELECT (SELECT count(*) FROM trips), (SELECT count(outline) FROM tracks)"
DUMP = 'pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB"'


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Diary]:
    """A host with a proven set, in which riders name each other."""
    with a_diary(tmp_path_factory.mktemp("host"), images) as diary:
        with diary.writing():
            diary.await_trips(3)
        with diary.still():
            diary.host.psql(NAMED)
        yield diary


def test_trips_come_and_people_do_not(diary: Diary, capsys: pytest.CaptureFixture[str]) -> None:
    diary.take_set()
    volume = f"{diary.host.project}_backups"
    whom = {*diary.host.psql(WHOM).splitlines(), "aitana", "goikoetxea", "zubizuri"}
    dumped = diary.exec("postgres", "sh", "-c", DUMP).lower()
    assert {each for each in whom if each not in dumped} == set()
    trips, uploaded = diary.host.psql(COUNTED), files(diary)

    tried = diary.host.ops("refresh", "--from-backup", volume, "--dry-run", "--json")
    assert tried.status == Exit.DONE, tried.words
    assert diary.exec("postgres", "sh", "-c", DUMP).lower().count("aitana") == dumped.count(
        "aitana"
    )
    found = diary.host.ops("refresh", "--from-backup", volume, "--yes", "staging", "--json")
    assert found.status == Exit.DONE, found.words

    dumped = diary.exec("postgres", "sh", "-c", DUMP).lower()
    assert {each for each in whom if each in dumped} == set()
    assert diary.host.psql(COUNTED) == trips
    assert set(uploaded) & set(files(diary)) == set(), "as uploaded, they stay there"
    assert diary.answers()
    answer = found.report
    tell(
        capsys,
        f"{answer['people']} riders replaced, {answer['files']} files: {answer['seconds']} s",
    )


def files(diary: Diary) -> list[str]:
    """The contents under the keys that photos and tracks were uploaded as."""
    keys = diary.host.psql("SELECT file_key FROM photos UNION SELECT file_key FROM tracks")
    listing = " ".join(keys.split())
    script = f"cd /var/lib/contravento/storage; sha256sum {listing}"
    said = diary.exec("backup", "sh", "-c", script)
    return [line.split()[0] for line in said.splitlines()]


def test_every_command_of_the_guide_works(diary: Diary) -> None:
    volume = f"{diary.host.project}_backups"
    typed = [shlex.split(command.words) for command in commands(GUIDE)]
    for words in typed:
        assert words[:2] == ["./deploy.sh", "staging"]
        known = {"contravento-prod_backups": volume}
        done = diary.host.ops(*(known.get(word, word) for word in words[2:]))
        assert done.status == Exit.DONE, done.words
    assert len(typed) == 4


def test_a_place_that_is_none_changes_nothing(diary: Diary) -> None:
    for place in ("/nowhere", "no-such-volume", "s3:https://s3.example.org/diary"):
        said = diary.host.ops("refresh", "--from-backup", place, "--yes", "staging", "--json")
        assert said.status == Exit.USAGE, said.words
