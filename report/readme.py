"""The blocks of README that are written, not typed: each between `<!-- report:NAME -->` and `<!-- /report -->`."""

import re
from collections.abc import Mapping
from pathlib import Path

from errors import UserError
from runner.scenarios import PROJECT

README = PROJECT / "README.md"
CHARTS = PROJECT / "docs"
BLOCK = re.compile(r"<!-- report:(\S+) -->\n.*?<!-- /report -->", re.DOTALL)
MARKER = re.compile(r"<!-- (?:report:\S+|/report) -->")


def files(blocks: Mapping[str, str], charts: Mapping[str, str]) -> dict[Path, str]:
    """Return by path the text of README with these blocks, and of every chart. Raises UserError."""
    try:
        text = README.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"README.md cannot be read: {error.strerror}") from None
    return {README: rewritten(text, blocks)} | {CHARTS / name: svg for name, svg in charts.items()}


def rewritten(text: str, blocks: Mapping[str, str]) -> str:
    """Return README's text with every block's content. Raises UserError where markers are missing or doubled."""
    names = [match[1] for match in BLOCK.finditer(text)]
    for name in blocks:
        if names.count(name) != 1:
            raise UserError(f"README.md has {names.count(name)} blocks `report:{name}`, not one: fix its markers")
    if set(names) != set(blocks) or len(MARKER.findall(text)) != 2 * len(names):
        raise UserError("README.md has markers that belong to no block: fix them")
    return BLOCK.sub(lambda match: f"<!-- report:{match[1]} -->\n{blocks[match[1]]}\n<!-- /report -->", text)


def differences(expected: Mapping[Path, str]) -> list[str]:
    """Return which of the files are not as expected, one line each."""
    found = []
    for path, text in expected.items():
        name = path.relative_to(PROJECT).as_posix()
        if not path.exists():
            found.append(f"{name} is missing: run `make readme`")
        elif (present := path.read_text(encoding="utf-8")) != text:
            found.append(f"{name} differs from results/{_where(present, text)}: run `make readme`")
    return found


def _where(found: str, expected: str) -> str:
    before, after = ({match[1]: match[0] for match in BLOCK.finditer(text)} for text in (found, expected))
    names = [name for name in after if before.get(name) != after[name]]
    return f" in {', '.join(names)}" if names else ""


def write(texts: Mapping[Path, str]) -> None:
    """Write all files, or none: each aside first, then all into place. Raises UserError."""
    asides = {path: path.with_name(path.name + ".new") for path in texts}
    path, changed = README, "nothing was changed"
    try:
        for path, text in texts.items():
            path.parent.mkdir(exist_ok=True)
            asides[path].write_text(text, encoding="utf-8")
        for path, aside in asides.items():
            aside.replace(path)
            changed = "some files were changed: run this again"
    except OSError as error:
        name = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
        raise UserError(f"{name} cannot be written: {error.strerror}: {changed}") from None
    finally:
        for aside in asides.values():
            aside.unlink(missing_ok=True)
