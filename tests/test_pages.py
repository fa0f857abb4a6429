"""The pages for people: each block has one place, and the code that they show runs."""

import ast
import asyncio
import inspect
import re
import resource
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from bench.database import seed
from bench.errors import UserError
from bench.look import pages
from bench.seeds import WRITTEN
from db_model import DbModel
from domain_model import DomainModel
from relationships.shop_model import Customer, Order
from tests.servers import pgbouncer
from tests.support import PROJECT, ROWS, query
from writing.record_model import Record

README = PROJECT / "README.md"
METHOD = PROJECT / "docs" / "method.md"
PAGES = pages.pages()
PYTHON = [
    pytest.param(code, id=f"{path.stem}-{number}")
    for path, text in PAGES.items()
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL), 1)
]
CURES = PYTHON[:2]
WRITING = [parameter for parameter in PYTHON if str(parameter.id).startswith("writing-")]


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
    names = {"Record": Record, "rows": written()} | names
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


def written() -> Iterator[tuple[int, int, str]]:
    """Return the rows that the page of writing writes."""
    return ((key, key + 1, f"row {key}") for key in range(2500))


@pytest.mark.parametrize("code", [parameter for parameter in PYTHON if parameter not in WRITING])
def test_python_that_is_shown_runs(code: str, url: str) -> None:
    if "import pandas" in code:
        pytest.importorskip("pandas")
    execute(code, url, print=lambda *_: None)


@pytest.mark.parametrize("code", WRITING)
def test_python_that_is_shown_writes_each_row(code: str, schema_url: str) -> None:
    """Where rows are changed, all of them are there before, with smaller numbers, and where they conflict, a part."""
    seed(schema_url, 1, tables=[WRITTEN])
    before = 2500 if "rows" not in code else 1000 if "ON CONFLICT" in code or "on_conflict" in code else 0
    query(schema_url, f"INSERT INTO written SELECT i, i, 'row ' || i FROM generate_series(0, {before} - 1) AS i")
    execute(code, schema_url, print=lambda *_: None)
    assert query(schema_url, "SELECT id, num, data FROM written ORDER BY id") == list(written())


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
