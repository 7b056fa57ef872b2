"""Asking one backend directly, from inside its own container: no rider is behind these requests."""

import json

from contravento_ops.kit import compose
from contravento_ops.kit.compose import docker
from contravento_ops.release.budget import Answer

PATHS = ("/health/ready", "/", "/api/v1/feed", "/sign-in", "/map")
ROUNDS = 8
TIMEOUT_SECONDS = 90

PROGRAM = """
import http.client, json, sys, time
paths, rounds = json.loads(sys.argv[1]), int(sys.argv[2])
host = sys.argv[3]
found = []
stop = time.monotonic() + 60
for number in range(rounds):
    for path in paths:
        if time.monotonic() > stop:
            break
        began = time.monotonic()
        try:
            asked = http.client.HTTPConnection("127.0.0.1", 8000, timeout=15)
            asked.request("GET", path, headers={"Host": host})
            answer = asked.getresponse()
            words = answer.read().decode(errors="replace")
            found.append((answer.status, time.monotonic() - began, path, words[:300]))
            asked.close()
        except OSError as error:
            found.append((0, time.monotonic() - began, path, type(error).__name__))
print(json.dumps(found))
"""


def ask(container: str, *, host: str, rounds: int = ROUNDS) -> list[Answer]:
    """Empty where the container cannot even be asked."""
    words = ("exec", container, "python3", "-c", PROGRAM, json.dumps(PATHS), str(rounds), host)
    done = compose.run(docker(*words), timeout=TIMEOUT_SECONDS)
    if not done.ok:
        return [Answer(0, 0.0, "", done.said.splitlines()[-1] if done.said else "it is gone")]
    return [Answer(*row) for row in json.loads(done.out.splitlines()[-1])]


def is_ready(container: str, *, host: str) -> tuple[bool, str]:
    """Whether /health/ready says yes, and what it said."""
    words = ("exec", container, "python3", "-c", PROGRAM, '["/health/ready"]', "1", host)
    done = compose.run(docker(*words), timeout=30)
    if not done.ok:
        return False, done.said
    status, _, _, said = json.loads(done.out.splitlines()[-1])[0]
    return status == 200, said
