"""Calling Docker."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENT_SECONDS = 30  # a machine may be busy with other environments


def docker(*arguments: str, timeout: float = 300) -> str:
    """Run docker and return what it printed; the test fails with its words if it fails."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()
