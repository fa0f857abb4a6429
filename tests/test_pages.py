"""The pages for people: each block has one place, and the code that they show runs."""

import ast
import asyncio
import inspect
import re
import resource
import time
import weakref
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, event, insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.database import seed
from bench.errors import UserError
from bench.look import pages
from bench.seeds import WRITTEN
from db_model import DbModel
from domain_model import DomainModel
from relationships.shop_model import Customer, Order
from tests.advised import Once
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
WRITING = [parameter for parameter in PYTHON if str(parameter.id).startswith(("writing-", "upserts-"))]
# What a table has that no code names: the server makes all of it.
MADE = (
    "ALTER TABLE written ALTER id DROP DEFAULT, ADD number bigint GENERATED ALWAYS AS IDENTITY,"
    " ADD twice integer GENERATED ALWAYS AS (2 * num) STORED, ADD made timestamptz NOT NULL DEFAULT now(),"
    " ADD state text DEFAULT 'new'"
)


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
@pytest.mark.parametrize("made", [False, True], ids=["plain", "made by the server"])
def test_python_that_is_shown_writes_each_row(code: str, made: bool, schema_url: str) -> None:
    """Where rows are changed, all of them are there before, with smaller numbers, and where they conflict, a part.

    They come from a list, too.
    """
    seed(schema_url, 1, tables=[WRITTEN])
    if made:
        query(schema_url, MADE)
    before = 2500 if "rows" not in code else 1000 if "ON CONFLICT" in code or "on_conflict" in code else 0
    query(
        schema_url,
        f"INSERT INTO written (id, num, data) SELECT i, i, 'row ' || i FROM generate_series(0, {before} - 1) AS i",
    )
    names = {"frame": framed(written(), "id", "num", "data")} if "frame" in code else {}
    execute(code, schema_url, print=lambda *_: None, rows=Once(written()) if made else written(), **names)
    assert query(schema_url, "SELECT id, num, data FROM written ORDER BY id") == list(written())
    if made:
        kinds = query(schema_url, "SELECT DISTINCT twice - 2 * num, number > 0, made <= now(), state FROM written")
        assert kinds == [(0, True, True, "new")]


def framed(rows: Iterable[tuple[object, ...]], *names: str) -> Any:
    return pytest.importorskip("pandas").DataFrame(rows, columns=names)


def code_with(words: str) -> str:
    """Return the only block of the page of writing that has these words."""
    [code] = [str(parameter.values[0]) for parameter in WRITING if words in str(parameter.values[0])]
    return code


def test_frame_is_copied_into_the_table_of_its_schema_whatever_the_names(schema_url: str) -> None:
    """Another table of that name stands where the server looks first."""
    table, schema = "Order", f"Shop {time.monotonic_ns()}"
    columns = '(id integer, "Unit Price" numeric, "order" integer, "select" jsonb)'
    query(schema_url, f'CREATE TABLE "{table}" {columns}; CREATE SCHEMA "{schema}"')
    query(schema_url, f'CREATE TABLE "{schema}"."{table}" {columns}')
    frame = framed([(1, 1.5, 7, None), (2, None, None, "{}")], "id", "Unit Price", "order", "select")

    def to_sql(name: str, connection: object, **options: Any) -> None:
        frame.astype({"order": "Int64"}).to_sql(table, connection, schema=schema, **options)

    try:
        execute(code_with("to_sql"), schema_url, frame=SimpleNamespace(to_sql=to_sql))
        assert query(schema_url, f'SELECT * FROM "{table}"') == []
        found = query(schema_url, f'SELECT * FROM "{schema}"."{table}" ORDER BY id')
        assert found == [(1, Decimal("1.5"), 7, None), (2, None, None, {})]
    finally:
        query(schema_url, f'DROP SCHEMA "{schema}" CASCADE')


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (1, "x", 'invalid input syntax for type integer: "x".*COPY written, line 1500, column num'),
        (1, object(), "^1,500 rows were given by then: cannot adapt type 'object'"),
        (2, "a\0b", "^1,500 rows were given by then: .*cannot contain NUL"),
    ],
)
def test_wrong_row_is_told_by_the_server_s_line_or_by_how_many_were_given(
    schema_url: str, place: int, value: object, told: str
) -> None:
    seed(schema_url, 1, tables=[WRITTEN])
    rows: list[tuple[object, ...]] = list(written())
    rows[1499] = (*rows[1499][:place], value, *rows[1499][place + 1 :])
    printed: list[str] = []
    execute(code_with("except psycopg.Error"), schema_url, rows=rows, print=lambda line: printed.append(str(line)))
    assert re.search(told, "\n".join(printed), re.DOTALL)
    assert query(schema_url, "SELECT count(*) FROM written") == [(0,)]


class Keyed(DeclarativeBase):
    """Registry of an entity whose key is no number."""


class KeyedRecord(Keyed):
    """A row of table `written` with such a key."""

    __tablename__ = "written"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    num: Mapped[int]
    data: Mapped[str] = mapped_column(default="text")


@pytest.mark.parametrize("code", [parameter for parameter in WRITING if "last" in str(parameter.values[0])])
def test_pages_of_any_keys_change_each_row_once(code: str, schema_url: str) -> None:
    engine = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    Keyed.metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(insert(KeyedRecord), [{"num": num} for num in range(2500)])
        session.commit()
    engine.dispose()
    execute(code, schema_url, Record=KeyedRecord)
    assert query(schema_url, "SELECT num FROM written ORDER BY num") == [(num,) for num in range(1, 2501)]


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
