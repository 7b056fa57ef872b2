"""Copies this release's static files to where nginx serves them, beside those of earlier ones."""

import gzip
import os
import shutil
from pathlib import Path

from contravento.web.rendering import page

TARGET = Path("/srv/static")
KEEP_RELEASES = 5  # pages of a release that old are open in no browser any more
COMPRESSED = {".css", ".js", ".mjs", ".json", ".svg", ".txt", ".md"}
COMPRESS_FROM_BYTES = 1024


def publish() -> None:
    """Twice is harmless; a folder appears whole or not at all."""
    version = page.static_version()
    final = TARGET / version
    if not final.exists():
        unfinished = TARGET / f".{version}"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(page.STATIC, unfinished, copy_function=shutil.copyfile)
        if hasattr(page, "style_sheet"):  # an earlier release, gone back to, has none
            (unfinished / page.STYLE_SHEET).write_text(page.style_sheet())
        for file in [path for path in unfinished.rglob("*") if path.is_file()]:
            _compress(file)
        unfinished.rename(final)
    os.utime(final)
    _forget_old()
    print(f"Static files of {version} are in place.")  # noqa: T201  (this is the container's log)


def _compress(file: Path) -> None:
    """nginx sends the .gz beside a file to whoever takes it (gzip_static)."""
    content = file.read_bytes()
    if file.suffix in COMPRESSED and len(content) >= COMPRESS_FROM_BYTES:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _forget_old() -> None:
    releases = [path for path in TARGET.iterdir() if path.is_dir()]
    releases.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in releases[KEEP_RELEASES:]:
        shutil.rmtree(old)


if __name__ == "__main__":
    publish()
