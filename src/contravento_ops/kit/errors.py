"""How a command is told no, and with which exit status."""

from enum import IntEnum


class Exit(IntEnum):
    """Documented in docs/deployment/reference.md; a script may decide by them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    HOST = 4
    BUSY = 5
    REFUSED = 6
    WENT_BACK = 7
    BROKEN = 8
    DOCKER = 9
    NO_GO = 10
    LOST = 11


MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "something unforeseen; the last lines say what",
    Exit.USAGE: "wrong words on the command line",
    Exit.ENVIRONMENT: "the environment file has problems; each is named with its line and mend",
    Exit.HOST: "the host is not fit; the table names each check",
    Exit.BUSY: "another command is at work on this environment; it is named",
    Exit.REFUSED: "the release was refused before anything was touched",
    Exit.WENT_BACK: "the new release failed; the one before goes on serving",
    Exit.BROKEN: "something failed and nothing healthy serves: look at once",
    Exit.DOCKER: "Docker or Compose could not do what was asked",
    Exit.NO_GO: "looked at, and not good enough: what it said tells why",
    Exit.LOST: "the new release serves, but requests were lost on the way; the report counts them",
}


class CommandError(Exception):
    """One sentence for each thing that is wrong, and the exit status."""

    def __init__(self, *sentences: str, status: Exit = Exit.FAILED) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        self.status = status


class StepFailed(Exception):
    """A step of a plan did not succeed; the message is the cause in a report."""
