"""Fetches the files we carry from npm packages, and checks that nobody changed them since.

    python tools/vendor.py verify            compare what is committed with versions.json
    python tools/vendor.py fetch             fetch the versions named there and verify
    python tools/vendor.py fetch --trust     after raising a version: write the new checksums

Needs nothing but Python to verify; `fetch` calls `npm pack` and keeps nothing else of it.
Files ending in .json are stored gzipped; their checksum is that of the unpacked text.
"""

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "src/contravento/web/static/vendor/versions.json"


class Package(TypedDict):
    name: str
    version: str
    licence: str
    into: str
    files: dict[str, str]


def load_manifest() -> list[Package]:
    packages: list[Package] = json.loads(MANIFEST.read_text())["packages"]
    return packages


def stored_path(package: Package, file: str) -> Path:
    """Where a file of the package lies in the repository."""
    path = ROOT / package["into"] / Path(file).name
    return path.with_name(path.name + ".gz") if path.suffix == ".json" else path


def read_stored(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def write_stored(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def find_changed(packages: list[Package]) -> list[str]:
    """Name every file that is missing or differs from its checksum."""
    changed = []
    for package in packages:
        for file, checksum in package["files"].items():
            path = stored_path(package, file)
            if not path.is_file():
                changed.append(f"{path.relative_to(ROOT)}: missing")
            elif hashlib.sha256(read_stored(path)).hexdigest() != checksum:
                changed.append(f"{path.relative_to(ROOT)}: not the file of {package['version']}")
    return changed


def fetch(package: Package) -> dict[str, str]:
    """Copy the package's files into the repository; return their checksums."""
    spec = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(  # noqa: S603  (our own manifest, no shell)
            ["npm", "pack", "--silent", spec],  # noqa: S607
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        archive = Path(folder) / packed.stdout.strip().splitlines()[-1]
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        checksums = {}
        for file in package["files"]:
            content = (Path(folder) / "package" / file).read_bytes()
            write_stored(stored_path(package, file), content)
            checksums[file] = hashlib.sha256(content).hexdigest()
    return checksums


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["verify", "fetch"])
    parser.add_argument("--trust", action="store_true", help="write the new checksums")
    chosen = parser.parse_args()

    packages = load_manifest()
    if chosen.command == "fetch":
        for package in packages:
            checksums = fetch(package)
            if chosen.trust:
                package["files"] = checksums
        if chosen.trust:
            MANIFEST.write_text(json.dumps({"packages": packages}, indent=2) + "\n")

    changed = find_changed(packages)
    report = changed or ["Every vendored file is as named."]
    sys.stdout.write("".join(f"{line}\n" for line in report))
    return 1 if changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
