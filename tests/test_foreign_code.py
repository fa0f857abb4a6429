"""Functions as others write them, each told of truly: by whom, from which line, how many rows, and how they came."""

import os
import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bench.yours.function.advising import advice
from bench.yours.function.figures import FunctionFigures
from bench.yours.function.launching import EVERYTHING, STATEMENTS, Order, run
from bench.yours.function.measuring import figures, measure
from bench.yours.function.page import show
from bench.yours.function.phases import EXECUTED, phase_of

MODULE = """
import asyncpg, json, os, psycopg, sys, types
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from sqlalchemy import ForeignKey, func, select, text
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload
from sqlalchemy.orm import object_session, with_parent

class Base(AsyncAttrs, DeclarativeBase): ...
class Node(Base):
    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    above_id: Mapped[int] = mapped_column(ForeignKey("node.id"))
    below: Mapped[list["Node"]] = relationship()
class Data(Base):
    __tablename__ = "data"
    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    data: Mapped[str]
class Customer(Base):
    __tablename__ = "shop_customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    orders: Mapped[list["Order"]] = relationship()
class Order(Base):
    __tablename__ = "shop_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    items: Mapped[list["Item"]] = relationship()
class Item(Base):
    __tablename__ = "shop_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_order.id"))

def psycopg_alone(connection: psycopg.Connection):
    connection.execute("SELECT EXTRACT(day FROM placed_on) FROM shop_order LIMIT 7").fetchall()
    for number in range(3): connection.execute(f"/* 'x' */ SELECT num FROM data WHERE id = {number}")
    with connection.cursor(name="server") as cursor:
        cursor.execute("SELECT * FROM data")
    for row in connection.cursor().stream("SELECT * FROM data LIMIT 2"): ...
    with connection.cursor().copy("COPY (SELECT num FROM data LIMIT 9) TO STDOUT WITH (HEADER)") as copy: list(copy)
    connection.execute("CREATE TEMP TABLE written (id int)")
    with connection.cursor().copy(statement="COPY written FROM STDIN") as copy:
        for number in range(6): copy.write_row([number])
    other = psycopg.connect(os.environ["DATABASE_URL"])
    manager = other.cursor().copy("COPY data TO STDOUT")
    assert isinstance(manager, AbstractContextManager) and not isinstance(manager, AbstractAsyncContextManager)
    connection.execute(params=["it's FROM elsewhere"], query="SELECT num FROM data WHERE data = %s")
    with manager as copy: copy.read()
    other.close()
async def psycopg_later(connection: psycopg.AsyncConnection):
    cursor = await connection.execute("SELECT * FROM data LIMIT 5")
    yield await cursor.fetchone()
    async with connection.cursor() as cursor, cursor.copy("COPY (SELECT num FROM data LIMIT 9) TO STDOUT") as copy:
        async for row in copy.rows(): ...
async def asyncpg_alone(connection: asyncpg.Connection):
    await connection.fetch("SELECT id, num FROM data LIMIT 9")
    await connection.fetchrow("SELECT id, num FROM data LIMIT 1")
    await connection.executemany("SELECT $1::int", args=[(1,), (2,), (3,)])
    async with connection.transaction():
        async for row in connection.cursor("SELECT * FROM data LIMIT 60", prefetch=20): ...
        await (await connection.cursor(query="SELECT * FROM data LIMIT 60")).fetch(30)
    await connection.execute("CREATE TEMP TABLE written (id int)")
    await connection.copy_records_to_table("written", records=[(1,), (2,)], columns=["id"])
    await connection.copy_from_query("SELECT num FROM data LIMIT 9", output=os.devnull)
async def asyncpg_pooled():
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1) as pool, pool.acquire() as connection:
        statement = await connection.prepare("SELECT num FROM data WHERE id <= $1")
        await statement.fetch(4)  # its ids begin at 0
async def asyncpg_dropped(connection: asyncpg.Connection):
    return len(await connection.fetch("SELECT i FROM generate_series(1, 20000) AS i"))
async def asyncpg_returned(connection: asyncpg.Connection):
    return await connection.fetch("SELECT i FROM generate_series(1, 20000) AS i")
def its_own():
    sys.modules["psycopg2"] = types.ModuleType("psycopg2")
    kept = [str(number) * 9 for number in range(30000)]
def core(session: Session):
    for options in ({"stream_results": True}, {"yield_per": 10}):
        for row in session.execute(text("SELECT id, num FROM data LIMIT 25"), execution_options=options): ...
def written(session: Session):
    session.add_all([Data(id=10**6 + number, num=number, data="secret") for number in range(2500)])
    session.flush()
    session.rollback()
def in_chunks(session: Session):
    options = selectinload(Customer.orders)
    for customer in session.scalars(select(Customer).options(options).execution_options(yield_per=10)): ...
def set_up_django():
    from urllib.parse import urlsplit
    import django
    from django.conf import settings
    url = urlsplit(os.environ["DATABASE_URL"])
    names = {"NAME": url.path[1:], "USER": url.username, "PASSWORD": url.password, "HOST": url.hostname}
    engine = {"ENGINE": "django.db.backends.postgresql", "PORT": url.port}
    settings.configure(DATABASES={"default": {**names, **engine}})
    django.setup()
def django_alone():
    set_up_django()
    from django.db import connection
    with connection.cursor() as cursor:
        for ids in ([1, 2], [3, 4, 5]):
            cursor.execute(f"SELECT num FROM data WHERE id IN ({', '.join('%s' for _ in ids)})", ids)
class Tools:
    def __init__(self, unknown): ...
    @staticmethod
    def static(session: Session): session.execute(text("SELECT 1"))
    @staticmethod
    def nothing(): ...
    @classmethod
    def of_class(cls, session: Session): session.execute(text("SELECT 1"))
def django_fk():
    set_up_django()
    from django.db import connection, models
    class Buyer(models.Model):
        class Meta: db_table, app_label = "buyer", "foreign"
    class Sale(models.Model):
        buyer = models.ForeignKey(Buyer, models.CASCADE)
        class Meta: db_table, app_label = "sale", "foreign"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE buyer AS SELECT 1::bigint AS id")
        cursor.execute("CREATE TEMP TABLE sale AS SELECT i AS id, 1 AS buyer_id FROM generate_series(1, 50) AS i")
    return sum(sale.buyer.id for sale in Sale.objects.all())
def lazy(session: Session):
    session.execute(text("CREATE TEMP TABLE shop_customer AS SELECT i AS id FROM generate_series(1, 50) AS i"))
    session.execute(text("CREATE TEMP TABLE shop_order AS SELECT id, id AS customer_id FROM shop_customer"))
    session.execute(text("CREATE TEMP TABLE shop_item AS SELECT id, id AS order_id FROM shop_order"))
    customers = session.scalars(select(Customer)).all()
    return sum(len(order.items) for customer in customers for order in customer.orders)
def got(session: Session):
    ids = session.scalars(text("SELECT i FROM generate_series(0, 49) AS i")).all()
    return [session.get(Data, number).num for number in ids]
def customers(session, number, orders):
    session.execute(text(f"CREATE TEMP TABLE shop_customer AS SELECT i AS id FROM generate_series(1, {number}) AS i"))
    some = f"SELECT i AS id, 1 + i % {number} AS customer_id FROM generate_series(0, {orders - 1}) AS i"
    session.execute(text("CREATE TEMP TABLE shop_order AS " + some))
    return select(Customer).options(selectinload(Customer.orders))
def with_orders(session: Session):
    return sum(len(customer.orders) for customer in session.scalars(customers(session, 3000, 6000)))
def with_orders_in_batches(session: Session):
    statement = customers(session, 3000, 6000).execution_options(yield_per=1000)
    return sum(len(customer.orders) for customer in session.scalars(statement))
def with_many_orders(session: Session):
    return sum(len(customer.orders) for customer in session.scalars(customers(session, 400, 8000)))
def queried(session: Session):
    customers(session, 3000, 6000)
    return sum(len(one.orders) for one in session.query(Customer).options(selectinload(Customer.orders)).all())
def queried_in_batches(session: Session):
    customers(session, 3000, 6000)
    query = session.query(Customer).options(selectinload(Customer.orders)).yield_per(1000)
    return sum(len(one.orders) for one in query)
async def awaited(session: AsyncSession):
    statement = await session.run_sync(customers, 3000, 6000)
    return sum([len(customer.orders) for customer in await session.scalars(statement)])
async def awaited_in_batches(session: AsyncSession):
    statement = await session.run_sync(customers, 3000, 6000)
    rows = await session.stream_scalars(statement.execution_options(yield_per=1000))
    return sum([len(customer.orders) async for customer in rows])
def joined(session: Session):
    customers(session, 3000, 6000)
    return session.scalars(select(Customer).options(joinedload(Customer.orders)).order_by(Customer.id)).unique().all()
def gathered(connection: psycopg.Connection, size: int = 20000):
    cursor = connection.cursor()
    cursor.execute("CREATE TEMP TABLE written (id int, note text)")
    for start in range(0, 20000, size):
        numbers = range(start, start + size)
        cursor.executemany("INSERT INTO written VALUES (%s, %s)", [(i, f"note {i}") for i in numbers])
    with cursor.copy("COPY (SELECT note || repeat('x', 90) FROM written) TO STDOUT") as copy:
        return sum(map(len, [bytes(row) for row in copy] if size == 20000 else map(bytes, copy)))
def in_turn(connection: psycopg.Connection):
    kept = [str(number) * 20 for number in range(100000)]
    rows = connection.cursor().stream("SELECT i, repeat('x', 90) FROM generate_series(1, 20000) AS i")
    return len([0 for row in rows if row[0] % 2]), len(kept)
def dumped_each():
    return sum(map(len, [json.dumps({"number": number, "text": f"text {number}"}) for number in range(40000)]))
def different(session: Session, path: str):
    if not os.path.exists(path):
        open(path, "w").close()
        session.execute(text("SELECT 1"))
    session.execute(text("SELECT num FROM data"))
def dumped(whole: bool = True):
    document = [{"number": number, "text": f"text {number}"} for number in range(40000)]
    with open(os.devnull, "w") as file:
        if whole: file.write(json.dumps(document))
        else: json.dump(document, file)
def options(*arguments, known=1, **options): assert (known, options) == (2, {"limit": 5, "word": "x"})
def lazily(session: Session):
    customers(session, 1, 8000)
    return sum(order.id for order in session.get(Customer, 1).orders)
def lazily_in_batches(session: Session):
    customers(session, 1, 8000)
    customer = session.get(Customer, 1)
    rows = select(Order).where(with_parent(customer, Customer.orders))
    return sum(order.id for order in object_session(customer).scalars(rows.execution_options(yield_per=1000)))
async def lazily_awaited(session: AsyncSession):
    await session.run_sync(customers, 1, 8000)
    customer = await session.get(Customer, 1)
    return sum(order.id for order in await customer.awaitable_attrs.orders)
def tree(session: Session):
    nodes = "SELECT i AS id, i / 2 AS above_id FROM generate_series(1, 99) AS i"
    session.execute(text("CREATE TEMP TABLE node AS " + nodes))
    left = [session.get(Node, 1)]
    while left: left += left.pop().below
def numbered(session: Session):
    numbers = select(func.count()).select_from(Order)
    customers(session, 50, 500)
    ids = session.scalars(select(Customer.id)).all()
    return [session.scalar(numbers.where(Order.customer_id == number)) for number in ids]
def in_library(session: Session):
    names = {"__name__": "store"}
    code = compile("def load(session, statement):\\n  return session.scalars(statement).all()",
        "/x/site-packages/store/models.py", "exec")
    exec(code, names)
    return names["load"](session, customers(session, 3000, 6000))
def fetched(session: Session):
    rows = session.execute(text("SELECT i FROM generate_series(1, 30000) AS i")).fetchall()
    return sum(row.i for row in rows)
def wide(session: Session):
    return len(session.execute(text("SELECT repeat('x', 1000 + i % 9) FROM generate_series(1, 5000) AS i")).all())
def framed(session: Session):
    import pandas
    rows = text("SELECT i, i / 3 AS third FROM generate_series(1, 30000) AS i")
    return pandas.read_sql(rows, session.connection())["third"].sum()
def framed_in_chunks(session: Session):
    import pandas
    rows = text("SELECT i, i / 3 AS third FROM generate_series(1, 30000) AS i")
    connection = session.connection().execution_options(stream_results=True)
    return sum(chunk["third"].sum() for chunk in pandas.read_sql(rows, connection, chunksize=1000))
def application():
    def answer(environ, start_response):
        start_response("200 OK", [])
        return [b"12345"]
    return answer
"""
# Its classes' methods are in C, and fixed: all that is heard of is what `connect` makes.
PSYCOPG2 = """
import types
class cursor:
    __slots__ = ("name", "rowcount", "description", "rows")
    def __init__(self, connection, name=None): self.name = name
    def execute(self, query, values=None):
        self.rows, self.description = iter([[1, "a"], [2, "b"], [3, "c"]]), [["id"]]
        self.rowcount = -1 if self.name else 3
    executemany = copy_expert = execute
    def copy_from(self, file, table): self.rowcount = len(file.readlines())
    copy_to = copy_from
    def fetchone(self): return next(self.rows, None)
    def fetchall(self): return list(self.rows)
    fetchmany = fetchall
    def __iter__(self): return self
    def __next__(self): return next(self.rows)
class connection:
    __slots__ = ("cursor_factory",)
    def __init__(self, dsn): self.cursor_factory = None
    def cursor(self, name=None, cursor_factory=None): return (cursor_factory or cursor)(self, name)
extensions = types.SimpleNamespace(connection=connection, cursor=cursor)
def connect(dsn, connection_factory=None): return (connection_factory or connection)(dsn)
"""
READER = """
import io, psycopg2
class Cursor(psycopg2.extensions.cursor): ...
def read():
    connection = psycopg2.connect("dbname=db")
    cursor = connection.cursor()
    cursor.execute("SELECT num FROM data")
    assert len(list(cursor)) == 3
    cursor = connection.cursor("server", cursor_factory=Cursor)
    cursor.execute("SELECT num FROM other")
    assert isinstance(cursor, Cursor) and cursor.fetchone() == [1, "a"]
    file = io.StringIO()
    file.write("1\\n2\\n" * 10**6)
    connection.cursor().copy_from(file, "written")
class Own(psycopg2.extensions.connection):
    def cursor(self): return Cursor(self)
def read_by_its_own(): psycopg2.connect("dbname=db", Own).cursor().execute("SELECT num FROM data")
"""
LINES = MODULE.splitlines()


@pytest.fixture
def folder(tmp_path: Path, database: str) -> Path:
    (tmp_path / "foreign.py").write_text(MODULE)
    return tmp_path


def told(folder: Path, function: str, *requests: str) -> FunctionFigures:
    told = run(Order(f"foreign:{function}", folder, Path(sys.executable), requests=requests), STATEMENTS)
    assert [path.name for path in folder.iterdir()] == ["foreign.py"]
    found = figures(function, {STATEMENTS: told})
    assert not found.error
    return found


def of(found: FunctionFigures) -> list[tuple[Any, ...]]:
    """Return of each statement what its line begins with, its relation, how often, rows, columns, and by a cursor."""
    return [
        (LINES[one.line[1] - 1].split()[0], one.text, one.times, one.rows, one.columns, one.streamed)
        for one in found.statements
        if one.line
    ]


def test_a_driver_alone_tells_of_its_statements(folder: Path) -> None:
    assert of(told(folder, "psycopg_alone")) == [
        ('connection.execute("SELECT', "SELECT shop_order", 1, 7, 1, False),
        ("for", "SELECT data", 3, 3, 1, False),
        ('cursor.execute("SELECT', "SELECT data", 1, None, 3, True),
        ("for", "SELECT data", 1, 2, 3, True),
        ("with", "COPY data", 1, 9, 1, True),
        ('connection.execute("CREATE', "CREATE", 1, None, 0, False),
        ("with", "COPY written", 1, 6, 0, True),
        ("connection.execute(params=[\"it's", "SELECT data", 1, 0, 1, False),
        ("with", "COPY data", 1, 1, 1, True),
    ]
    assert [one[1:] for one in of(told(folder, "psycopg_later"))] == [
        ("SELECT data", 1, 5, 3, False),
        ("COPY data", 1, 9, 1, True),
    ]
    assert [one[1:] for one in of(told(folder, "asyncpg_alone"))] == [
        ("SELECT data", 1, 9, 2, False),
        ("SELECT data", 1, 1, 2, False),
        ("SELECT", 1, 3, 0, False),
        ("BEGIN", 1, None, 0, False),
        ("SELECT data", 1, 60, 3, True),
        ("SELECT data", 1, 30, 3, True),
        ("COMMIT", 1, None, 0, False),
        ("CREATE", 1, None, 0, False),
        ("COPY written", 1, 2, 0, True),
        ("COPY data", 1, 9, 0, True),
    ]
    assert ("await", "SELECT data", 1, 5, 1, False) in of(told(folder, "asyncpg_pooled"))


@pytest.mark.parametrize(
    ("function", "code"),
    [
        ("django_fk", ["Sale.objects.select_related('buyer')"]),
        ("got", ["select(Data).where(Data.id.in_(ids))"]),
        ("tree", ["options(selectinload(Node.below, recursion_depth=-1))"]),
        ("numbered", ["select(Order.…).where(Order.….in_(…))"]),
        (
            "lazy",
            [
                "options(selectinload(Customer.orders))",
                "options(selectinload(Customer.orders).selectinload(Order.items))",
            ],
        ),
    ],
)
def test_n_plus_1_comes_first_with_the_class_s_own_attribute(function: str, code: list[str], folder: Path) -> None:
    told = run(Order(f"foreign:{function}", folder, Path(sys.executable)), EVERYTHING)
    assert [step.code for step in advice(figures(function, {EVERYTHING: told}))][: len(code)] == code


@pytest.mark.parametrize(
    ("function", "advised"),
    [("asyncpg_dropped", ["cursor"]), ("asyncpg_returned", []), ("framed", ["chunks"]), ("framed_in_chunks", [])],
)
def test_who_reads_is_told_how_and_asyncpg_s_connection_holds_what_it_read_last(
    function: str, advised: list[str], folder: Path
) -> None:
    if "framed" in function:
        pytest.importorskip("pandas", reason="pandas is not installed: `make venv groups=dataframes`")
    told = run(Order(f"foreign:{function}", folder, Path(sys.executable)), EVERYTHING)
    assert [step.name for step in advice(figures(function, {EVERYTHING: told}))] == advised


def test_rows_are_written_in_batches_and_what_a_copy_gives_is_not_gathered(folder: Path) -> None:
    for arguments, advised in ({}, ["in turn", "batches"]), ({"size": "1000"}, []):
        order = Order("foreign:gathered", folder, Path(sys.executable), arguments)
        found = figures("gathered", {EVERYTHING: run(order, EVERYTHING)})
        assert [step.name for step in advice(found)] == advised
    assert [(one.verb, one.rows) for one in found.statements] == [
        ("CREATE", None),
        ("INSERT", 20_000),
        ("COPY", 20_000),
    ]


def test_columns_of_all_that_is_joined_are_selected(folder: Path) -> None:
    found = figures("joined", {EVERYTHING: run(Order("foreign:joined", folder, Path(sys.executable)), EVERYTHING)})
    [code] = [step.code for step in advice(found) if step.name == "columns"]
    both = "select(Customer.id, …, Order.id, …).outerjoin(Customer.orders)"
    assert code.startswith(f"session.execute({both})\n# … also is the rest")
    names = runpy.run_path(str(folder / "foreign.py"))
    with Session(create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"))) as session:
        names["customers"](session, 3000, 2000)
        assert len(session.execute(eval(both.replace(", …", ""), names)).all()) == 3000  # 1,000 of which have no order


def test_a_text_of_all_rows_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for whole, advised in (("true", ["json"]), ("false", [])):
        order = Order("foreign:dumped", folder, Path(sys.executable), {"whole": whole})
        found = measure(order, False, lambda _: None)
        assert [step.name for step in advice(found)] == advised
        show(found)
        assert ("standard library, most by json.encoder" in capsys.readouterr().out) == bool(advised)


@pytest.mark.parametrize("function", ["in_turn", "dumped_each"])
def test_what_is_read_or_written_by_itself_is_as_it_should_be(function: str, folder: Path) -> None:
    told = run(Order(f"foreign:{function}", folder, Path(sys.executable)), EVERYTHING)
    assert not advice(figures(function, {EVERYTHING: told}))


def test_runs_that_differ_are_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, differ in ((tmp_path / "done", True), (folder, False)):
        order = Order("foreign:different", folder, Path(sys.executable), {"path": str(path)})
        found = measure(order, False, lambda _: None)
        show(found)
        assert found.differ == differ == ("did not execute the same statements" in capsys.readouterr().out)


def test_a_function_that_takes_any_name_is_given_it(folder: Path) -> None:
    given = {"limit": "5", "word": "x", "known": "2"}
    assert not run(Order("foreign:options", folder, Path(sys.executable), given), STATEMENTS).found.get("error")


def test_what_django_needs_is_said_and_another_project_s_variable_is_not_missed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "models.py").write_text("from django.conf import settings\nsettings.DEBUG\n")
    found = run(Order("models:shop", folder, Path(sys.executable)), STATEMENTS).found
    assert found["error"] == {
        "kind": "ImproperlyConfigured",
        "text": "set DJANGO_SETTINGS_MODULE",
        "line": ["models.py", 2],
    }
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "elsewhere.settings")
    assert not run(Order("foreign:Tools.nothing", folder, Path(sys.executable)), STATEMENTS).found.get("error")


def test_what_the_driver_holds_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = measure(Order("foreign:wide", folder, Path(sys.executable)), False, lambda _: None)
    show(found)
    [line] = {one.line[1] for one in found.statements if one.line}
    [size] = re.findall(
        rf"driver held about (\S+) MiB of SELECT generate_series's rows at foreign.py:{line}, ", capsys.readouterr().out
    )
    assert found.process
    assert found.traced_peak
    assert 0.5 < float(size) * 2**20 / (found.process.peak - found.traced_peak) < 1.5


BY_1000 = "execution_options(yield_per=1000)"


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        ("with_orders", [f"select(…).{BY_1000}"]),
        ("with_many_orders", ["select(…).execution_options(yield_per=100)"]),
        ("queried", ["session.query(…).yield_per(1000)"]),
        ("awaited", [f"await session.stream_scalars(select(…).{BY_1000})"]),
        (
            "lazily",
            [
                "rows = select(Order).where(with_parent(customer, Customer.orders))"
                "  # in the order that the relationship has, if any\n"
                f"object_session(customer).scalars(rows.{BY_1000})"
            ],
        ),
        (
            "lazily_awaited",
            [
                "rows = select(Order).where(with_parent(customer, Customer.orders))"
                "  # in the order that the relationship has, if any\n"
                f"await session.stream_scalars(rows.{BY_1000})",
                "await session.execute(select(Order.id, Order.customer_id, …)"
                ".where(with_parent(customer, Customer.orders)))\n"
                "# … also is the rest of the statement, but for loader options",
            ],
        ),
        ("fetched", [f"select(…).{BY_1000}"]),
        *((f"{name}_in_batches", []) for name in ("with_orders", "queried", "awaited", "lazily")),
    ],
)
def test_what_is_to_be_read_in_batches_is_written_as_the_reader_does(
    function: str, codes: list[str], folder: Path
) -> None:
    """It is the statement of the parents, which come with their children; and the code reads it in a loop."""
    told = run(Order(f"foreign:{function}", folder, Path(sys.executable)), EVERYTHING)
    found = figures(function, {EVERYTHING: told})
    advised = advice(found)
    assert sorted(step.code for step in advised) == sorted(codes)
    for step in advised:
        assert ("without list(), .all(), .fetchall() or a commit in it" in step.text) == ("yield_per" in step.code)
        assert "beside the objects" not in step.text
        assert "6,000 that come with them" in step.text or function not in ("with_orders", "queried")


def test_a_library_s_line_stands_beside_the_reader_s(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = run(Order("foreign:in_library", folder, Path(sys.executable)), EVERYTHING)
    found = figures("in_library", {EVERYTHING: whole})
    line = next(number for number, text in enumerate(LINES, 1) if 'return names["load"]' in text)
    places = {(one.text, one.line, one.library_line) for one in found.statements if one.verb == "SELECT"}
    assert places == {
        (f"SELECT shop_{name}", ("foreign.py", line), ("store/models.py", 2)) for name in ("customer", "order")
    }
    assert all(one.library_line is None for one in found.statements if one.verb != "SELECT")
    show(found)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"foreign.py:{line} → store/models.py:2" in shown
    assert f"at foreign.py:{line} (store/models.py:2)" in shown
    children = "session.execute(select(Customer.id, Order.id, Order.customer_id, …).join(Customer.orders))"
    assert f"session.execute(select(Customer.id, …)) {children}" in shown
    names = runpy.run_path(str(folder / "foreign.py"))
    [code] = [step.code for step in advice(found) if step.name == "columns"]
    with Session(create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"))) as session:
        names["customers"](session, 3000, 6000)
        lines = [line.replace(", …", "") for line in code.splitlines() if line.startswith("session.")]
        results = [eval(line, names, {"session": session}) for line in lines]
        assert [len(result.all()) for result in results] == [3000, 6000]
    # What is the reader's comes first, and what is not counted is said.
    assert "at the peak: 6,000 foreign.Order, 3,000 foreign.Customer, " in shown
    assert "Only those that the garbage collector tracks count" in shown


def test_all_statements_are_counted_though_not_all_are_marked() -> None:
    marks = [(0.0, 0.0, 0, 0, 0, 1), (0.0, 0.0, 5, 100, 0, 3)]
    statement = {"times": 3, "last_row": 0.0, "peak": 100}
    found = {"traced_peak": 100, "marks": marks, "statements": [statement]}
    phase = phase_of(found, found)
    assert phase
    assert (phase.stage, phase.number, phase.marked) == (EXECUTED, 3, 3)


def test_django_tells_of_its_statements(folder: Path) -> None:
    [statement] = told(folder, "django_alone").statements
    assert (statement.by, statement.text, statement.times, statement.rows) == ("django", "SELECT data", 2, 5)


def test_what_a_connection_of_its_own_executes_is_not_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = run(Order("foreign:its_own", folder, Path(sys.executable)), EVERYTHING)
    found = figures("its_own", {EVERYTHING: whole})
    assert not found.statements
    show(found)
    shown = " ".join(capsys.readouterr().out.split())
    assert "what psycopg2 executes alone is not known" in shown
    assert "nothing follows from its rows. Most of the peak, " in shown
    line = next(number for number, text in enumerate(LINES, 1) if "kept = [str(number)" in text)
    assert f"MiB, was added while foreign.py:{line} ran" in shown


def test_a_connection_that_psycopg2_makes_tells_of_its_statements(tmp_path: Path) -> None:
    (tmp_path / "psycopg2.py").write_text(PSYCOPG2)
    (tmp_path / "reader.py").write_text(READER)
    found = figures("read", {STATEMENTS: run(Order("reader:read", tmp_path, Path(sys.executable)), STATEMENTS)})
    assert (found.error, found.hooks) == ("", ["psycopg2"])
    told = [(one.line, one.text, one.rows, one.streamed) for one in found.statements]
    assert told == [
        (("reader.py", 7), "SELECT data", 3, False),
        (("reader.py", 10), "SELECT other", 1, True),
        (("reader.py", 14), "COPY written", 0, False),
    ]
    [step] = [step for step in advice(replace(found, traced_peak=2**23, traced=0)) if step.name == "file"]
    assert "buffer for the COPY at reader.py:14, of 3.8 MiB: saves up to 8.0" in step.text
    order = Order("reader:read_by_its_own", tmp_path, Path(sys.executable))
    found = figures("read_by_its_own", {STATEMENTS: run(order, STATEMENTS)})
    assert (found.error, found.hooks) == ("", [])  # which is not known, and said to be


@pytest.mark.parametrize("name", ["static", "of_class"])
def test_no_object_is_made_where_a_method_needs_none(name: str, folder: Path) -> None:
    assert [statement.times for statement in told(folder, f"Tools.{name}").statements] == [1]


def test_the_rows_of_a_stream_are_counted(folder: Path) -> None:
    [statement] = told(folder, "core").statements
    assert (statement.times, statement.rows, statement.columns, statement.streamed) == (2, 50, 2, True)
    assert sum(statement.sizes) / 50 <= statement.widest < 100


def test_each_row_counts_once(folder: Path) -> None:
    [insert] = told(folder, "written").statements
    assert (insert.text, insert.rows) == ("INSERT data", 2500)


def test_entities_belong_to_the_statement_that_loads_them(folder: Path) -> None:
    customers, orders = told(folder, "in_chunks").statements
    assert customers.classes.keys() == {"foreign.Customer"}
    assert orders.classes.keys() == {"foreign.Order"}
    assert (customers.times, orders.times) == (1, -(-customers.loaded // 10))
    assert customers.loaded > 10


@pytest.mark.parametrize("name", ["application", "application()"])
def test_a_function_makes_the_application(name: str, folder: Path) -> None:
    assert told(folder, name, "GET /").answers == [(200, 5)]
