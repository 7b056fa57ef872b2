"""Pages are read as people read them, so that what they promise can be tried."""

from pathlib import Path

import pytest

from tests.docs import pages

PAGE = """\
# First
Say so:

```sh
cd here  # into it
docker run \\
    --rm busybox
```

```text
Hello, …
Bye
```

## Second

```sh
# a remark
true
```
"""


def test_commands_come_with_their_places_and_what_they_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE)

    found = pages.commands(tmp_path / "page.md")

    assert [(each.section, each.line, each.words, each.shown) for each in found] == [
        ("First", 5, "cd here # into it", ()),
        ("First", 6, "docker run --rm busybox", ("Hello, …", "Bye")),
        ("Second", 19, "true", ()),
    ]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Hello, you\n\nBye", None),
        ("one\n\x1b[32mHello,\x1b[0m   you two\nthree\nBye\n", None),
        ("Bye\nHello, you", "Bye"),
        ("Hello you\nBye", "Hello, …"),
        ("", "Hello, …"),
    ],
)
def test_what_is_shown_is_found_in_its_order(printed: str, expected: str | None) -> None:
    assert pages.missing(("Hello, …", "Bye"), printed) == expected
