"""The pages for people: each block has one place, links lead somewhere, code runs, and no page is too long to read."""

import ast
import asyncio
import functools
import inspect
import linecache
import re
import resource
import shlex
import weakref
from collections.abc import Iterator
from importlib import import_module, metadata
from itertools import takewhile
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from bench.errors import UserError
from bench.look import pages
from bench.studies.study import STUDIES
from db_model import DbModel
from domain_model import DomainModel
from relationships.shop_model import Customer, Order
from tests.servers import pgbouncer
from tests.support import PROJECT, ROWS, run

README = PROJECT / "README.md"
METHOD = PROJECT / "docs" / "method.md"
PAGES = pages.pages()
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
TEXTS = PAGES | {CONTRIBUTING: CONTRIBUTING.read_text(encoding="utf-8")}
CALCULATOR = PROJECT / "docs" / "index.html"
# README is one page; the consoles are for looking up, and folded; the calculator is a program, with its data.
LENGTH = {README: 250, PROJECT / "docs" / "consoles.md": 320, CALCULATOR: 2000}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(
    r"//github\.com/[\w-]+/(sqlalchemy|psycopg|pydantic|fastapi|uvicorn)/blob/([^/]+)/(?:lib/|psycopg/(?=psycopg/))?(\S+?\.py)#L(\d+)"
)
PYTHON = [
    pytest.param(code, id=f"{path.stem}-{number}")
    for path, text in TEXTS.items()
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL), 1)
]
CURES = PYTHON[:2]


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<!-- report:costs -->", "", "block `report:costs` is on no page, not on one"),
        (
            "<!-- report:costs -->",
            "<!-- report:costs -->\n<!-- /report -->\n<!-- report:costs -->",
            "block `report:costs` is on docs/method.md and docs/method.md, not on one",
        ),
        (
            "<!-- report:costs -->",
            "<!-- report:overview -->\n<!-- /report -->\n<!-- report:costs -->",
            "block `report:overview` is on README.md and docs/method.md, not on one",
        ),
        (
            "<!-- report:costs -->",
            "<!-- report:unknown -->\n<!-- /report -->\n<!-- report:costs -->",
            "docs/method.md has markers that belong to no block",
        ),
        ("# How", "# <!-- /report --> How", "docs/method.md has markers that belong to no block"),
    ],
)
def test_broken_markers_are_named(old: str, new: str, message: str) -> None:
    blocks = {match[1]: "" for text in PAGES.values() for match in pages.BLOCK.finditer(text)}
    assert {"costs", "overview"} <= blocks.keys()
    assert old in PAGES[METHOD]
    with pytest.raises(UserError, match=f"^{message}"):
        pages.rewritten(PAGES | {METHOD: PAGES[METHOD].replace(old, new, 1)}, blocks)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_markers_stand_alone_on_their_lines(path: Path) -> None:
    """What follows one on its line would be shown as it is, for the line is HTML."""
    for line in PAGES[path].splitlines():
        assert pages.MARKER.sub("", line) in (line, ""), line


def test_block_links_to_files_as_its_page_sees_them() -> None:
    marker = "<!-- report:one -->\n<!-- /report -->"
    found = pages.rewritten(
        {README: marker, METHOD: marker.replace("one", "two")}, dict.fromkeys(("one", "two"), BLOCK)
    )
    assert BLOCK in found[README]
    assert BLOCK.replace("common.py", "../common.py") in found[METHOD]


BLOCK = "[file](common.py), [web](https://peps.python.org/), [anchor](#here), `rows[0](no_file)`"


def test_no_space_changes_nothing(tmp_path: Path) -> None:
    small, large = tmp_path / "README.md", tmp_path / "large.md"
    small.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as on a full disk, a write ends in the middle
    try:
        with pytest.raises(UserError, match=r"large\.md cannot be written: .+: nothing was changed"):
            pages.write({small: "short", large: "x" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"README.md": "before"}


def test_missing_readme_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"README\.md cannot be read: No such file"):
        pages.pages(tmp_path)


def execute(code: str, url: str, **names: object) -> None:
    """Run code of a page with what it takes for granted, in a coroutine where it awaits."""
    address = url.replace("postgresql:", "postgresql+psycopg:")
    compiled = compile(code, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names = {"url": url, "DbModel": DbModel, "DomainModel": DomainModel, "Customer": Customer, "Order": Order} | names
    names = {"app": FastAPI(), "open_session": lambda: None} | names  # of an endpoint, which nobody asks here

    async def awaited() -> None:
        engine = create_async_engine(address)
        await eval(compiled, names | {"engine": engine})
        await engine.dispose()

    if compiled.co_flags & inspect.CO_COROUTINE:
        asyncio.run(awaited())
    else:
        engine = create_engine(address)
        exec(compiled, names | {"engine": engine})
        engine.dispose()


@pytest.mark.parametrize("code", PYTHON)
def test_python_that_is_shown_runs(code: str, url: str) -> None:
    execute(code, url, print=lambda *_: None)


@pytest.mark.parametrize("code", CURES)
def test_cure_hands_out_each_row_and_holds_one_batch(code: str, url: str) -> None:
    alive = weakref.WeakSet[DbModel]()
    found: list[tuple[int, int]] = []

    def loaded(entity: DbModel, _: object) -> None:
        alive.add(entity)

    event.listen(DbModel, "load", loaded)
    try:
        execute(code, url, print=lambda key: found.append((key, len(alive))))
    finally:
        event.remove(DbModel, "load", loaded)
    assert sorted(key for key, _ in found) == list(range(ROWS))
    assert max(held for _, held in found) <= 1000 + 1 < ROWS


@pytest.mark.parametrize("code", CURES)
def test_cure_works_through_a_pooler_in_transaction_mode(code: str, url: str) -> None:
    keys: list[int] = []
    with pgbouncer(url) as pooled:
        execute(code, pooled, print=keys.append)
    assert sorted(keys) == list(range(ROWS))


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
