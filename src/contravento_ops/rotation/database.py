"""Passwords of PostgreSQL's roles. One role has one password; the application has two roles."""

from collections.abc import Sequence
from dataclasses import dataclass

from contravento_ops.environment import urls
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import StepFailed
from contravento_ops.rotation.strategy import Phase, RotationRequest, expect

# What is said comes through a pipe and stands in no log: a password is part of it.
PSQL = (
    'exec psql -XAtq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"'
    " -c 'SET log_min_error_statement = panic' -c 'SET log_min_duration_statement = -1' -f -"
)
KNOCK = (
    'read -r PGPASSWORD; export PGPASSWORD; exec psql -XAt -h 127.0.0.1 -d "$POSTGRES_DB" -U "$0"'
    ' -c "SELECT 1"'
)
REFUSED = "password authentication failed"


@dataclass
class OneRole:
    """Of a role that holds no connection for riders: it changes at once."""

    request: RotationRequest
    role: str

    def open(self) -> None:
        set_password(self.request.project, self.role, self.request.fresh)

    def phases(self) -> Sequence[Phase]:
        return (Phase(f"whoever signs in as {self.role} takes it up", self.request.file()),)

    def shut(self) -> None:
        set_password(self.request.project, self.role, self.request.old)

    def close(self) -> None:
        """It went with the change."""

    def prove(self) -> str:
        return proven(self.request, (self.role, self.request.fresh), (self.role, self.request.old))


@dataclass
class TwoRoles:
    """The application's: the role that rests gets the new password, and takes over."""

    request: RotationRequest

    @property
    def role(self) -> str:
        return urls.role_in(self.request.values)

    @property
    def other(self) -> str:
        return next(
            application_role
            for application_role in urls.APPLICATION_ROLES
            if application_role != self.role
        )

    def open(self) -> None:
        set_password(self.request.project, self.other, self.request.fresh)

    def phases(self) -> Sequence[Phase]:
        values = self.request.file(POSTGRES_APP_ROLE=self.other)
        return (Phase(f"the application signs in as {self.other}", values),)

    def shut(self) -> None:
        set_password(self.request.project, self.other, None)

    def close(self) -> None:
        set_password(self.request.project, self.role, None)
        end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = "
        say(self.request.project, f"{end}{literal(self.role)}")

    def prove(self) -> str:
        return proven(self.request, (self.other, self.request.fresh), (self.role, self.request.old))


def set_password(project: Project, role: str, password: str | None) -> None:
    """None is no password at all: nobody signs in as the role then."""
    words = literal(password) if password else "NULL"
    name = role.replace('"', '""')
    say(project, f'ALTER ROLE "{name}" PASSWORD {words}')


def say(project: Project, statement: str) -> None:
    done = compose.run(
        project.call("exec", "-T", "postgres", "sh", "-c", PSQL), said_to_it=f"{statement};\n"
    )
    if not done.ok:
        raise StepFailed(f"PostgreSQL refuses the change: {done.err.strip().splitlines()[-1:]}")


def knock(project: Project, role: str, password: str) -> str:
    """What is answered to who comes with this password: nothing, if they are let in."""
    call = project.call("exec", "-T", "postgres", "sh", "-c", KNOCK, role)
    done = compose.run(call, said_to_it=f"{password}\n")
    return "" if done.ok else done.err.strip() or f"status {done.status}"


def proven(request: RotationRequest, new: tuple[str, str], old: tuple[str, str]) -> str:
    said = knock(request.project, *new)
    expect(not said, f"PostgreSQL does not let {new[0]} in with the new password: {said}")
    said = knock(request.project, *old)
    expect(REFUSED in said, f"PostgreSQL still lets {old[0]} in with the old password")
    return f"PostgreSQL lets {new[0]} in with the new password, and refuses the old one."


def literal(value: str) -> str:
    """As SQL writes a string; a backslash stands for itself."""
    return "'" + value.replace("'", "''") + "'"
