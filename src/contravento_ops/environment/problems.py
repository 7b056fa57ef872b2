"""What is wrong with an environment file, in one sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Line 0 is the file as a whole, or a line that is missing."""

    line: int
    name: str
    what: str
    mend: str

    def __str__(self) -> str:
        where = f"Line {self.line}: " if self.line else ""
        return f"{where}{self.name} {self.what}; {self.mend}."
