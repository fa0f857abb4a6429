"""The pages for people: README and `docs/`, with blocks between `<!-- report:NAME -->` and `<!-- /report -->`."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from bench.errors import UserError
from bench.scripts import PROJECT

BLOCK = re.compile(r"<!-- report:(\S+) -->\n.*?<!-- /report -->", re.DOTALL)
MARKER = re.compile(r"<!-- (?:report:\S+|/report) -->")
# Where a line would break within a figure.
BREAK = re.compile(r"(?<=\d) (?=MiB\b|[→+])|(?<=±) (?=→)|(?<=[→+]) (?=[\d-])")
LINK = re.compile(r"\]\(([^)\s#]+)")


def pages(project: Path = PROJECT) -> dict[Path, str]:
    """Return the text of README and of every page of `docs/`, by path. Raises UserError."""
    docs = project / "docs"
    paths = [project / "README.md", *sorted(docs.glob("*.md")), *docs.glob("index.html")]
    try:
        return {path: path.read_text(encoding="utf-8") for path in paths}
    except OSError as error:
        raise UserError(f"{_name(Path(error.filename))} cannot be read: {error.strerror}") from None


def files(blocks: Mapping[str, str], charts: Mapping[str, str]) -> dict[Path, str]:
    """Return by path the text of every page with these blocks, and of every chart. Raises UserError."""
    return rewritten(pages(), blocks) | {PROJECT / "docs" / name: svg for name, svg in charts.items()}


def rewritten(texts: Mapping[Path, str], blocks: Mapping[str, str]) -> dict[Path, str]:
    """Return the pages' texts with every block's content. Raises UserError: each block has one place, on one page."""
    places = {path: [match[1] for match in BLOCK.finditer(text)] for path, text in texts.items()}
    for name in blocks:
        named = [_name(path) for path, names in places.items() for _ in range(names.count(name))]
        if len(named) != 1:
            raise UserError(
                f"block `report:{name}` is on {' and '.join(named) or 'no page'}, not on one: fix its markers"
            )
    for path, text in texts.items():
        if set(places[path]) - set(blocks) or len(MARKER.findall(text)) != 2 * len(places[path]):
            raise UserError(f"{_name(path)} has markers that belong to no block: fix them")
    return {path: _with_blocks(path, text, blocks) for path, text in texts.items()}


def _with_blocks(path: Path, text: str, blocks: Mapping[str, str]) -> str:
    def with_content(match: re.Match[str]) -> str:
        content = blocks[match[1]]
        if path.suffix == ".md":
            content = LINK.sub(lambda link: f"]({_seen_from(path, link[1])}", content)
            content = content if "```" in content else BREAK.sub("\N{NO-BREAK SPACE}", content)
        return f"<!-- report:{match[1]} -->\n{content}\n<!-- /report -->"

    return BLOCK.sub(with_content, text)


def _seen_from(path: Path, target: str) -> str:
    """Return the target of a block's link, which names a file from the project's folder, as the page has to name it."""
    file = PROJECT / target
    return Path(os.path.relpath(file, path.parent)).as_posix() if file.exists() else target


def differences(expected: Mapping[Path, str]) -> list[str]:
    """Return which of the files are not as expected, one line each, with the blocks that differ."""
    lines = []
    for path, text in expected.items():
        if not path.exists():
            lines.append(f"{_name(path)} is missing: run `make readme`")
        elif (present := path.read_text(encoding="utf-8")) != text:
            lines.append(f"{_name(path)} differs from bench/results/{_where(present, text)}: run `make readme`")
    return lines


def _where(present: str, expected: str) -> str:
    before, after = ({match[1]: match[0] for match in BLOCK.finditer(text)} for text in (present, expected))
    names = [name for name in after if before.get(name) != after[name]]
    return f" in {', '.join(names)}" if names else ""


def _name(path: Path) -> str:
    return (path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path).as_posix()


def write(texts: Mapping[Path, str]) -> None:
    """Write the files, no one in part: all to temporary files first, which then replace them. Raises UserError."""
    temporary = {path: path.with_name(path.name + ".new") for path in texts}
    path, changed = PROJECT, "nothing was changed"
    try:
        for path, text in texts.items():
            path.parent.mkdir(exist_ok=True)
            temporary[path].write_text(text, encoding="utf-8")
        for path, written in temporary.items():
            written.replace(path)
            changed = "some files were changed: run this again"
    except OSError as error:
        raise UserError(f"{_name(path)} cannot be written: {error.strerror}: {changed}") from None
    finally:
        for written in temporary.values():
            written.unlink(missing_ok=True)
