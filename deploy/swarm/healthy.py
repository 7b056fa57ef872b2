"""Exit status 0 once this backend was ready, and from then on as long as it lives.

Before riders are sent to it, database, migrations, workers and storage must be there. Afterwards
one of them may be away for a while without every backend being replaced.
"""

import os
import sys
import urllib.request
from pathlib import Path

WAS_READY = Path("/tmp/was-ready")  # noqa: S108  (the container's own, in memory)
TIMEOUT_SECONDS = 4


def ask(path: str) -> None:
    """Raises OSError where the answer is not 200."""
    port = os.environ.get("PORT", "8000")
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_SECONDS).close()


if __name__ == "__main__":
    try:
        ask("/health/live" if WAS_READY.exists() else "/health/ready")
    except OSError as error:
        sys.exit(f"not well: {error}")
    WAS_READY.touch()
