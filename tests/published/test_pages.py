"""The pages for people: links lead somewhere, commands and files exist, and no page is too long to read."""

import functools
import linecache
import re
import shlex
from collections.abc import Iterator
from importlib import import_module, metadata
from itertools import takewhile
from pathlib import Path

import pytest

from bench.look import pages
from bench.studies.study import STUDIES
from tests.support import PROJECT, run

README = PROJECT / "README.md"


METHOD = PROJECT / "docs" / "method.md"


PAGES = pages.pages()


CONTRIBUTING = PROJECT / "CONTRIBUTING.md"


TEXTS = PAGES | {CONTRIBUTING: CONTRIBUTING.read_text(encoding="utf-8")}


CALCULATOR = PROJECT / "docs" / "index.html"


# README is one page; the consoles are for looking up, and folded; the calculator is a program, with its data.
LENGTH = {README: 250, PROJECT / "docs" / "consoles.md": 320, CALCULATOR: 3400}
# With the tables of all ways to write, and of all stacks.
LENGTH |= {PROJECT / "docs" / "writing.md": 350, PROJECT / "docs" / "other-stacks.md": 310}


FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


LINK = re.compile(r"\]\(([^)\s]+)\)")


SOURCE = re.compile(
    r"//github\.com/[\w-]+/(sqlalchemy|psycopg|pydantic|fastapi|uvicorn)/blob/([^/]+)/(?:lib/|psycopg/(?=psycopg/))?(\S+?\.py)#L(\d+)"
)


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def links(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor of each of a page's links within the project."""
    found = (
        re.findall(r' href="([^"]+)"', TEXTS[path]) if path == CALCULATOR else LINK.findall(FENCE.sub("", TEXTS[path]))
    )
    for link in found:
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            yield ((path.parent / file).resolve() if file else path), anchor


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_links_lead_to_what_exists(path: Path) -> None:
    for file, anchor in links(path):
        assert file.exists(), file
        if anchor and file.suffix == ".md":
            assert anchor in anchors(TEXTS[file]), (file, anchor)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_into_sources_are_to_lines_of_the_lock_s_versions(path: Path) -> None:
    original = (PROJECT / "bench" / "original" / "requirements.txt").read_text(encoding="utf-8")
    for project, tag, file, number in SOURCE.findall(PAGES[path]):
        version = re.sub(r"^(rel_|v)", "", tag).replace("_", ".")
        if f"{project}=={version} " not in original:
            assert version == metadata.version(project), (file, number)
            [module] = import_module(project).__path__
            assert linecache.getline(str(Path(module).parent / file), int(number)).strip(), (file, number)


def test_readme_links_to_every_page() -> None:
    assert {file for file, _ in links(README)} >= set(PAGES) - {README}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_page_is_too_long(path: Path) -> None:
    assert PAGES[path].count("\n") <= LENGTH.get(path, 300)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_markers_stand_alone_on_their_lines(path: Path) -> None:
    """What follows one on its line would be shown as it is, for the line is HTML."""
    for line in PAGES[path].splitlines():
        assert pages.MARKER.sub("", line) in (line, ""), line


def commands(path: Path) -> Iterator[list[str]]:
    """Yield the words of each command that a page names, in a block or in its prose, without its variables."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", TEXTS[path], re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", TEXTS[path]))
    for line in [*"".join(blocks).splitlines(), *(span for span in spans if re.search(r"^make |\bpython ", span))]:
        words = shlex.split(line.replace("…", ""), comments=True)
        while words and re.match(r"[A-Z]\w*=", words[0]):
            del words[0]
        if words:
            yield words


def test_files_that_contributing_names_exist() -> None:
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", TEXTS[CONTRIBUTING]))
    named = {span for span in spans if re.fullmatch(r"[\w*./-]+(/|\.\w+)", span)}
    assert {"README.md", "pyproject.toml", "run_*.py"} <= named
    assert not {name for name in named if not any(PROJECT.glob(name))}


@functools.cache
def help_of(*command: str) -> str:
    process = run(*command, "--help")
    assert process.returncode == 0, command
    return process.stdout


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def module(name: str) -> Path:
    """Return the file that `-m` runs."""
    path = PROJECT.joinpath(*name.split("."))
    return path / "__main__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_commands_that_are_named_exist(path: Path) -> None:
    for words in commands(path):
        if words[0] == "make":
            assert words[1] in targets(), words
        elif "python" in words[0] or words[:3] == ["poetry", "run", "python"]:
            arguments = words[words.index("python") + 1 if "python" in words else 1 :]
            command = arguments[: 1 + (arguments[0] == "-m")]
            assert (PROJECT / command[0]).exists() or module(command[-1]).exists(), words
            options = [word for word in arguments if word.startswith("--")]
            assert all(option in help_of(*command) for option in options), words
            if command == ["-m", "bench"]:
                assert set(takewhile(lambda word: not word.startswith("--"), arguments[2:])) <= set(STUDIES), words
        else:
            assert words[0] in ("docker", "poetry", "cd", "git"), words


def test_the_search_for_commands_finds_them() -> None:
    found = [" ".join(words) for path in TEXTS for words in commands(path)]
    assert {"make bench", "make test", ".venv/bin/python your_table.py orders"} <= set(found)
