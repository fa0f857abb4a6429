"""A script, by its module's name: how it is run, and what a person reads about it, which its own docstring says."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Scenario:
    """One script, by its module's name."""

    name: str

    @property
    def script(self) -> Path:
        """The script's path below the project's folder."""
        return Path(*self.name.split(".")).with_suffix(".py")

    @property
    def command(self) -> list[str]:
        """What to run, after the interpreter's name."""
        return ["-m", self.name] if "." in self.name else [str(self.script)]

    @property
    def stdin(self) -> bytes:
        """What it reads from standard input: nothing."""
        return b""

    @property
    def room(self) -> str:
        """The folder that it lies in; none, of the original's nine."""
        return self.name.rpartition(".")[0]

    @cached_property
    def docstring(self) -> str:
        """The script's docstring."""
        return ast.get_docstring(ast.parse((PROJECT / self.script).read_text(encoding="utf-8"))) or ""

    @property
    def title(self) -> str:
        """The scenario's name in the table."""
        return self.docstring.partition("\n")[0]

    @property
    def short(self) -> str:
        """The scenario's name where there is little room."""
        return self.fields["Short"]

    @property
    def fields(self) -> dict[str, str]:
        """What the docstring says in lines of its own: `Short`, and what remedies and alternatives say beside it."""
        return dict(re.findall(r"^(Short|Instead of|You lose|Why not|Choose it): (.+)$", self.docstring, re.MULTILINE))

    @property
    def compared_with(self) -> "Scenario | None":
        """What a remedy or an alternative is compared with."""
        name = self.fields.get("Instead of")
        return Scenario(name) if name else None

    @property
    def origin(self) -> "Scenario":
        """The scenario at which what it is compared with, and what that is compared with, and so on, ends."""
        return self.compared_with.origin if self.compared_with else self

    @property
    def description(self) -> str:
        """What the scenario does, as one paragraph."""
        return " ".join(self.docstring.rpartition("\n\n")[2].split())

    @property
    def missing(self) -> str | None:
        """A package that the script imports and this Python does not have, so that it cannot run."""
        text = (PROJECT / self.script).read_text(encoding="utf-8")
        names = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
        return next((name for name in names if not find_spec(name)), None)

    @property
    def streams(self) -> bool:
        """Whether each row is dropped after use, in batches, so that memory does not grow with their number."""
        return self.name.endswith("_streaming")

    @property
    def keeps(self) -> bool:
        """Whether the rows are kept in a dict."""
        return not self.name.endswith(("_streaming", "_dropped"))
