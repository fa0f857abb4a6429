"""The Pythons that are found, and an environment for each of them with each set of package versions."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UserError, note
from bench.scripts import PROJECT

ENVIRONMENTS = PROJECT / ".venvs"
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
ORIGINAL, LOCK = "original", "lock"
# What of the lock is run on every Python: the scenarios, and what a worker serves with; asyncpg, too.
GROUPS = {"main", "requests"}
# What an interpreter must be able to do: make an environment with pip in it.
PROBE = 'import ensurepip, sys, venv; print(sys.implementation.name, "%d.%d" % sys.version_info[:2], sys.executable)'


class NoWheelsError(Exception):
    """A package has no wheel for this Python; the text is the requirement."""


@dataclass(frozen=True)
class Combination:
    """One Python with one set of package versions: `original`, or `lock`."""

    python: str
    packages: str

    def __str__(self) -> str:
        return f"{self.python}, {self.packages}"

    @property
    def folder(self) -> Path:
        return ENVIRONMENTS / f"{self.python}-{self.packages}"

    @property
    def interpreter(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def release(self) -> str:
        """The release of its Python, as in `3.14.0`."""
        command = [str(self.interpreter), "-c", "import platform; print(platform.python_version())"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def interpreters() -> dict[str, str]:
    """Return the path of every Python of PYTHONS that is found, by its version.

    It is the first that works of: the one that runs this, `python3.X` in any folder of PATH, and what pyenv has
    installed, newest release first. pyenv's own `python3.X` lies on PATH, but works only for the versions that are
    chosen; its versions lie in `PYENV_ROOT`, else in `~/.pyenv` (https://github.com/pyenv/pyenv#environment-variables).
    """
    paths = {}
    for version in PYTHONS:
        if path := next(filter(None, (_probe(candidate, version) for candidate in _candidates(version))), None):
            paths[version] = path
    return paths


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / f"python{version}"
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    installed = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    if not os.access(installed, os.R_OK | os.X_OK):
        return  # there is none, or it is another user's
    releases = [path for path in installed.glob(f"{version}.*") if re.fullmatch(r"[\d.]+", path.name)]
    for release in sorted(releases, key=lambda path: int(path.name.rpartition(".")[2]), reverse=True):
        yield release / "bin" / "python"


def _probe(candidate: Path, version: str) -> str | None:
    """Return the interpreter's own path, for a shim's says nothing, if it is a CPython of this version that works."""
    try:
        process = subprocess.run([candidate, "-c", PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return None
    implementation, own_version, path = (*process.stdout.rstrip("\n").split(" ", 2), "", "", "")[:3]
    return path if (process.returncode, implementation, own_version) == (0, "cpython", version) else None


def requirements(packages: str) -> str:
    """Return the pinned requirements with their hashes: the original's, or of the lock's what runs on every Python."""
    if packages == ORIGINAL:
        return (PROJECT / "bench" / "original" / "requirements.txt").read_text(encoding="utf-8")
    lock = tomllib.loads((PROJECT / "poetry.lock").read_text(encoding="utf-8"))
    names = {package["name"] for package in lock["package"] if GROUPS & {*package["groups"]}} | {"asyncpg"}
    files = ("bench", "requests", "alternatives")
    everything = "\n".join((PROJECT / "requirements" / f"{name}.txt").read_text(encoding="utf-8") for name in files)
    entries = {entry.partition("==")[0]: entry for entry in re.split(r"^(?=\S)", everything, flags=re.MULTILINE)}
    return "".join(entry for name, entry in entries.items() if name in names)


def install(combination: Combination, python: str, pinned: str = "") -> None:
    """Make the combination's environment, unless that is done already.

    `python` is the path of its interpreter, `pinned` are its requirements, where `requirements` does not say them.
    Raises NoWheelsError, and UserError where pip fails otherwise.
    """
    wanted = f"# {python}\n{pinned or requirements(combination.packages)}"
    installed = combination.folder / "requirements.txt"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return
    note(f"{combination}: making {combination.folder.relative_to(ENVIRONMENTS.parent)}")
    _run(combination, [python, "-m", "venv", "--clear", str(combination.folder)])
    _compile(combination)
    fill(combination, wanted)


def _compile(combination: Combination) -> None:
    """Compile the standard library, for not every package of Python has it compiled, and the compiler takes memory."""
    script = (
        "import compileall, os, re; compileall.compile_dir(os.path.dirname(os.__file__), quiet=2, rx=re.compile(RX))"
    )
    script = script.replace("RX", repr("[/\\\\](test|site-packages)[/\\\\]"))
    _run(combination, [str(combination.interpreter), "-c", script])


def fill(combination: Combination, wanted: str) -> None:
    """Install these requirements, and note in the environment that this is done. Raises as `install`."""
    installed = combination.folder / "requirements.txt"
    unfinished = installed.with_suffix(".new")
    unfinished.write_text(wanted, encoding="utf-8")
    command = [str(combination.interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(combination, [*command, "--require-hashes", "--only-binary", ":all:", "-r", str(unfinished)])
    unfinished.rename(installed)


def _run(combination: Combination, command: list[str]) -> None:
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    # `from versions: none` is what pip says of an index that it cannot reach, too.
    if missing := re.search(r"satisfies the requirement (\S+).* \(from versions: (?!none)", process.stderr):
        raise NoWheelsError(missing[1])
    if process.returncode:
        said = re.findall(r"^error: (.+)", process.stderr, re.MULTILINE | re.IGNORECASE)
        reason = said[-1] if said else f"exit code {process.returncode}"
        raise UserError(f"{combination}: {' '.join(command[1:3])} failed: {reason}: fix that, and run this again")
