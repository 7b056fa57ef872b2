"""Every mistake in an environment file that can be known before anything starts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from contravento_ops.environment import consistency, secrets, validators
from contravento_ops.environment.file import MODE, EnvFile, Line
from contravento_ops.environment.fingerprints import Fingerprints
from contravento_ops.environment.problems import Problem
from contravento_ops.environment.variables.table import SET_BY_US, VARIABLES
from contravento_ops.kit.paths import EnvironmentName


@dataclass(frozen=True, slots=True)
class Context:
    """What a file is compared with: other environments' files, and what is known of them."""

    environment: EnvironmentName
    others: Mapping[EnvironmentName, EnvFile] = field(default_factory=dict)
    fingerprints: Mapping[EnvironmentName, Fingerprints] = field(default_factory=dict)
    extra_names: frozenset[str] = frozenset()


PLACEHOLDER_BRACKETS = re.compile(r"<[^<>]*>|‹[^‹›]*›")

type Rule = Callable[[EnvFile, Context], Iterator[Problem]]


def validate(file: EnvFile, context: Context) -> list[Problem]:
    """In the order of the lines; those about the whole file come first."""
    found = [problem for rule in RULES for problem in rule(file, context)]
    return sorted(dict.fromkeys(found), key=lambda problem: problem.line)


def _mode(file: EnvFile, context: Context) -> Iterator[Problem]:
    if file.mode is not None and file.mode & 0o077:
        yield Problem(
            0,
            str(file.path.name),
            f"can be read by others (mode {file.mode:04o})",
            f"run chmod {MODE:o} {file.path.name}",
        )


def _oddities(file: EnvFile, context: Context) -> Iterator[Problem]:
    for number, words in file.oddities:
        sentence, _, mend = words.partition("; ")
        yield Problem(number, "the line", sentence, mend)


def _spelling(file: EnvFile, context: Context) -> Iterator[Problem]:
    known = {*VARIABLES, *context.extra_names}
    for line in file.lines:
        if line.name in SET_BY_US:
            yield Problem(line.number, line.name, "is set by deploy.sh itself", "remove the line")
        elif line.name not in known:
            near = get_close_matches(line.name.upper(), known, n=1, cutoff=0.75)
            mend = f"write {near[0]}" if near else "remove the line"
            yield Problem(line.number, line.name, "is no variable of ContraVento", mend)


def _duplicates(file: EnvFile, context: Context) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for line in file.lines:
        if line.name in first:
            yield Problem(
                line.number,
                line.name,
                f"stands twice, first in line {first[line.name]}, and the last one wins",
                "remove one",
            )
        first.setdefault(line.name, line.number)


def _writing(file: EnvFile, context: Context) -> Iterator[Problem]:
    for line in file.lines:
        for sentence, mend in _badly_written(line):
            yield Problem(line.number, line.name, sentence, mend)
        variable = VARIABLES.get(line.name)
        if variable and variable.is_sensitive and line.value_as_written != line.raw.strip():
            mend = "put a remark on a line of its own, or make another secret"
            yield Problem(line.number, line.name, "holds a # that cuts off the rest", mend)


def _badly_written(line: Line) -> Iterator[tuple[str, str]]:
    raw = line.value_as_written
    if line.has_export:
        yield "begins with export, which not every reader of this file understands", "remove it"
    if line.has_gap:
        yield "has a space around the =", "remove the space"
    if raw[:1] in ("'", '"') or raw[-1:] in ("'", '"'):
        yield "is put in quotes, which some programs take for a part of the value", "remove them"
    if raw.startswith("#"):
        yield "is nothing but a remark", "write a value before the #, or remove the line"
    if "$" in raw:
        yield "holds a $, which Compose takes for a variable's name", "use another character"
    if "`" in raw or "\\" in raw:
        yield "holds a character that shells and Compose change", "use another character"


def _missing(file: EnvFile, context: Context) -> Iterator[Problem]:
    for variable in VARIABLES.values():
        if context.environment in variable.required and variable.name not in file.values:
            mend = (
                f"run ./deploy.sh {context.environment} init, which makes it"
                if variable.is_secret or variable.is_added
                else f"set it: {variable.meaning.partition(';')[0]}"
            )
            yield Problem(file.number_of(variable.name), variable.name, "is not set", mend)


def _kinds(file: EnvFile, context: Context) -> Iterator[Problem]:
    for name, value in file.values.items():
        variable = VARIABLES.get(name)
        if variable is None or "$" in value:
            continue
        if wrong := variable.check(value):
            sentence, _, mend = wrong.partition("; ")
            yield Problem(file.number_of(name), name, f"is wrong: {sentence}", mend or "mend it")


def _placeholders(file: EnvFile, context: Context) -> Iterator[Problem]:
    for name, value in file.values.items():
        variable = VARIABLES.get(name)
        if variable is None:
            continue
        if PLACEHOLDER_BRACKETS.search(value) and not _is_named_address(value):
            yield Problem(
                file.number_of(name),
                name,
                "still holds a placeholder in angle brackets",
                "write your own, without the brackets",
            )
        elif variable.is_secret and secrets.is_placeholder(value):
            yield Problem(
                file.number_of(name),
                name,
                "still holds a placeholder, or a word that anybody would try",
                f"remove the line and run ./deploy.sh {context.environment} init",
            )
        elif not variable.is_sensitive and _is_untouched(value, context):
            yield Problem(
                file.number_of(name),
                name,
                f"still says '{value}', as the example does",
                "write your own",
            )


def _is_named_address(value: str) -> bool:
    """As `The diary <diary@velo.test>`, or `<diary@velo.test>`."""
    return value.endswith(">") and validators.email(value) is None


def _files(file: EnvFile, context: Context) -> Iterator[Problem]:
    """Docker would make a folder of a path that is not there, and write to the wrong disk."""
    for name, value in file.values.items():
        variable = VARIABLES.get(name)
        if variable is None or variable.check not in (validators.path, validators.volume):
            continue
        if value.startswith(("/", "./")) and not (file.path.parent / value).exists():
            mend = "mend the path, or make it first"
            yield Problem(file.number_of(name), name, f"names {value}, which is not there", mend)


def _is_untouched(value: str, context: Context) -> bool:
    """example.org and its kin can never be anybody's own."""
    if context.environment == "dev":
        return "change-me" in value.lower()
    ends = ("example.org", "example.com", "example.net")
    hosts = value.lower().replace(",", " ").split()
    return any(host.endswith(ends) for host in hosts) or "change-me" in value.lower()


def _weak_secrets(file: EnvFile, context: Context) -> Iterator[Problem]:
    for name, value in file.values.items():
        variable = VARIABLES.get(name)
        if variable is None or not variable.is_secret or secrets.is_placeholder(value):
            continue
        if words := secrets.weakness(value, variable.lengths[context.environment]):
            yield Problem(
                file.number_of(name),
                name,
                words,
                f"remove the line and run ./deploy.sh {context.environment} init",
            )


def _reused_secrets(file: EnvFile, context: Context) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, value in _secrets_of(file):
        if value in seen:
            yield Problem(
                file.number_of(name),
                name,
                f"is the same as {seen[value]}; who learns one learns both",
                "make another",
            )
        seen.setdefault(value, name)
    for environment, theirs in _elsewhere(context).items():
        for name, value in _secrets_of(file):
            if secrets.fingerprint("secret", value) in theirs.secrets:
                yield Problem(
                    file.number_of(name),
                    name,
                    f"is also a secret of {environment}",
                    "make another; no two environments may share one",
                )


def _secrets_of(file: EnvFile) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in file.values.items()
        if (variable := VARIABLES.get(name))
        and (variable.is_secret or name == "SECRET_KEY_PREVIOUS")
        and not secrets.is_placeholder(value)  # which is said already
    ]


def _elsewhere(context: Context) -> dict[EnvironmentName, Fingerprints]:
    """Of the other environments: their files where they are here, else what was noted of them."""
    return {
        **context.fingerprints,
        **{name: Fingerprints.of(file.values) for name, file in context.others.items()},
    }


def _foreign_property(file: EnvFile, context: Context) -> Iterator[Problem]:
    """No other environment may touch what is production's, nor production what is theirs."""
    for environment, theirs in _elsewhere(context).items():
        if "prod" not in (environment, context.environment):
            continue
        for name, words in theirs.shared_with(file.values).items():
            yield Problem(
                file.number_of(name),
                name,
                f"names the {words} of {environment}",
                f"give {context.environment} its own",
            )


def _consistency(file: EnvFile, context: Context) -> Iterator[Problem]:
    for rule in consistency.RULES:
        for name, sentence, mend in rule(file.values, context.environment):
            yield Problem(file.number_of(name), name, sentence, mend)


RULES: tuple[Rule, ...] = (
    _mode,
    _oddities,
    _spelling,
    _duplicates,
    _writing,
    _missing,
    _kinds,
    _placeholders,
    _files,
    _weak_secrets,
    _reused_secrets,
    _foreign_property,
    _consistency,
)
