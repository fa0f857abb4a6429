"""The parts of the probe that need no process of their own: what is called and how, and what is told of it."""

import json
import logging
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import make_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from inspect import Parameter
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest

from bench.yours.function.probe.calling.arguments import Arguments
from bench.yours.function.probe.calling.call import Call
from bench.yours.function.probe.calling.finding import Method, script
from bench.yours.function.probe.failures import UncallableError, described
from bench.yours.function.probe.holders import sizes
from bench.yours.function.probe.libraries.marks import Marks, Moment
from bench.yours.function.probe.libraries.rows import given_of, sizes_of
from bench.yours.function.probe.libraries.texts import asked_of, described_text, text_of, without_literals
from bench.yours.function.probe.libraries.wrapping import names_of, placed
from bench.yours.function.probe.memory import package_of
from bench.yours.function.probe.objects import class_name, sample, size_of
from bench.yours.function.probe.paths import holder


@pytest.mark.parametrize(
    "text",
    ['"note"', "1", "1000", "null", '{"first": [1000, {"second": "own", "third": [true, 2.5]}], "fourth": null}', "[]"],
)
def test_a_value_has_the_size_of_all_that_it_holds(text: str) -> None:
    tracemalloc.start()
    try:
        document = [json.loads(text) for _ in range(5000)]
        traced, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    own = sys.getsizeof(document)
    assert sum(map(size_of, document)) == pytest.approx(traced - own, rel=0.05, abs=100)


def test_who_holds_items_is_found_below_what_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("held")
    monkeypatch.setitem(sys.modules, "held", module)
    module.__file__ = str(tmp_path / "held.py")
    code = """
import contextvars, logging
def counter():
    kept = [1]
    def count(seen=[1, 2]): kept.append(seen)
    return count
class Keeper(logging.Handler):
    records = ()
class Store:
    def __init__(self): self.items = [1] * 4
    def keep(self): ...
count, keep = counter(), Store().keep
variable = contextvars.ContextVar("variable", default=[1] * 5)
keeper = Keeper()
keeper.records = [1] * 6
"""
    exec(code, vars(module))
    monkeypatch.setattr(logging.getLogger("held"), "handlers", [vars(module).pop("keeper")])
    expected = {"count.kept": 1, "count.seen": 2, "keep.items": 4, "variable": 5, "Keeper.records": 6}
    found = sizes()
    assert {name: found.get(f"held.{name}") for name in expected} == expected


def test_the_same_is_asked_where_text_and_values_are_the_same_whatever_the_order() -> None:
    asked = asked_of("SELECT a FROM t WHERE id > %s", (5,))
    assert asked == asked_of('SELECT a FROM t WHERE id > %s ORDER BY "t"."a" DESC, b', (5,))
    others = (
        ("SELECT a FROM t WHERE id > %s", (6,)),
        ("SELECT a FROM t WHERE id > %s", (5.0,)),
        ("SELECT a FROM t WHERE id > %s", ((5,),)),
        ("SELECT a FROM t WHERE id > %s ORDER BY a LIMIT 10", (5,)),
        ("SELECT a FROM t WHERE id > %s ORDER BY a LIMIT 10 OFFSET 10", (5,)),
        ("SELECT a FROM t WHERE id > 5", ()),
        ("SELECT DISTINCT ON (a) b FROM t ORDER BY a, b", ()),
        ("SELECT DISTINCT ON (a) b FROM t ORDER BY a, c", ()),
    )
    assert len({asked, *(asked_of(*other) for other in others)}) == 1 + len(others)
    assert asked_of("SELECT %s", (Refusing(),)) is None
    assert asked_of("SELECT %s", (list(range(500)),)) is None


def test_a_statement_reads_from_what_its_parentheses_have_and_no_long_text_is_kept() -> None:
    texts = {
        "SELECT * FROM (SELECT a FROM shop LIMIT 5) AS anon_1 LEFT OUTER JOIN item ON true": "shop",
        "COPY (SELECT * FROM ONLY shop) TO STDOUT": "shop",
        "COPY shop TO STDOUT": "shop",
        "SELECT count(*) FROM assets": "assets",
        "SELECT item.id, anon_1.a FROM (SELECT a FROM shop) AS anon_1 JOIN item ON item.a = anon_1.a": "item",
        "SELECT anon_1.a, item_1.id FROM (SELECT a FROM shop LIMIT 5) AS anon_1 JOIN item AS item_1 ON true": "shop",
    }
    for text, relation in texts.items():
        assert described_text(text)[1]["relation"] == relation, text
    long = f"SELECT '{'x' * 10**6}'"
    references = sys.getrefcount(long)
    described_text(long)
    assert sys.getrefcount(long) == references
    assert asked_of(long, ()) is None


def test_of_many_executions_those_are_remembered_where_the_memory_rose() -> None:
    marks, rises = Marks(), {3_003: 500, 7_777: 500, 8_999: 40}
    peak = 1_000
    for number in range(1, 9_001):
        before, peak = peak, peak + rises.get(number, 0)
        marks.add(Moment(number, 0, before, 0), Moment(number + 0.5, 0, peak, 0), 0)
        assert len(marks.told) < 2_000
    ordinals = [mark[5] for mark in marks.told]
    assert {1, *rises} <= {*ordinals}
    assert len(ordinals) >= 1_000
    assert max(after - before for before, after in pairwise(ordinals)) <= 32


def test_how_many_executions_are_under_way_at_once() -> None:
    spans = {(0, 2): 1, (2, 3): 1, (1, 4): 2, (3, 5): 2, (6, 7): 1, (6.5, 8): 2, (0, 9): 3}
    marks = Marks()
    found = [marks.add(Moment(begin, 0, 0, 0), Moment(end, 0, 0, 0), 0) for begin, end in spans]
    assert found == [*spans.values()]


class Hiding:
    """A row that gives its dict to nobody."""

    def __init__(self) -> None:
        self.text = "x" * 1000

    __dict__: Any = property(lambda _: sys.exit())


def test_a_row_may_be_a_class_or_hide_its_dict() -> None:
    members: dict[int, list[Any]] = {}
    assert [len(sizes_of(row, members)) for row in (Hiding, Hiding(), type)] == [1, 1, 1]


def test_rows_that_are_given_share_their_values() -> None:
    text = "x" * 10_000
    number, size = given_of([(number, text) for number in range(400)])
    assert (number, 10_000 < size < 60_000) == (400, True)
    others: list[Any] = [[], iter([1]), {}]
    assert [given_of(rows) for rows in others] == [(0, 0)] * 3


def test_arguments_by_name_are_those_by_place() -> None:
    def method(self: object, query: str, params: object = None, *, binary: bool = False) -> None: ...

    names = names_of(method)
    by_name: dict[str, Any] = {"params": [1], "query": "q"}
    assert placed(names, ("q", [1]), {}) == placed(names, (), by_name) == ("q", [1])
    assert placed(names, ("q",), {"params": [1]}) == ("q", [1])
    assert placed(names, ("q",), {"binary": True}) == ("q", None, True)
    assert placed(names_of(print), (), {"other": 1}) == ()


def test_a_library_s_own_source_is_not_the_reader_s(tmp_path: Path) -> None:
    own = tmp_path / "own.pyx"
    own.touch()
    files = {"psycopg_binary/pq/pgconn.pyx": "psycopg_binary", "asyncpg.pyx": "asyncpg", str(own): ""}
    assert {file: package_of(file) for file in files} == files


def test_a_sample_is_from_all_over() -> None:
    for number in (1, 499, 500, 501, 1_500, 10_000):
        some = sample(list(range(number)))
        assert min(number, 250) <= len(some) <= 500
        assert (some[0], some[-1] >= 0.99 * (number - 1)) == (0, True)
    assert sample([]) == []


class Refusing:
    """What may not be asked for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(name)


class UntoldError(Exception):
    """What may not be written as a text, nor asked what it wraps."""

    orig = name = property(lambda _: sys.exit())

    def __str__(self) -> str:
        sys.exit()


class Named(NamedTuple):
    """A row with a field whose name is a method's elsewhere."""

    values: int
    text: str


def test_nothing_of_the_reader_s_own_objects_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert described(UntoldError(), "t:f") == {"kind": "UntoldError", "text": "", "line": None}
    module = ModuleType("refusing")
    monkeypatch.setitem(sys.modules, "refusing", module)
    vars(module)["kept"] = kept = Refusing()
    assert holder(class_name(Refusing)) == ["refusing", ".kept"]
    del kept
    asked: list[str] = []
    own = type("Own", (), {"values": lambda _: asked.append("values"), "__iter__": lambda _: asked.append("iter")})
    assert [len(sizes_of(row, {})) for row in ([1, 2], {"a": 1, "b": 2}, Named(5, "a"), 5, own())] == [2, 2, 2, 1, 1]
    assert not asked


def test_a_row_that_is_an_object_has_the_values_that_it_holds() -> None:
    text = "a text of the reader's"
    for slots in (False, True):
        row = make_dataclass("Row", ["number", "text"], slots=slots)(5, text)
        assert sizes_of(row, {}) == [sys.getsizeof(text)]


def test_a_statement_is_the_same_however_many_values_it_is_given() -> None:
    for given in ("%s", "%(keys_1)s::INTEGER", "$1::BIGINT"):
        texts = [f"SELECT a FROM told WHERE id IN ({', '.join([given] * n)}) ORDER BY id" for n in (1, 93, 2000)]
        assert len({described_text(text)[0] for text in texts}) == 1
    others = [f"SELECT {column} FROM told WHERE id IN (%s)" for column in "ab"]
    others += [f"SELECT a FROM told WHERE {name} IN ('IN (%s, ', %s)" for name in ("first", "other")]
    assert len({described_text(text)[0] for text in others}) == 4


def test_a_template_has_no_value_in_its_text() -> None:
    template = type("Template", (), {"__module__": "string.templatelib", "strings": ("SELECT ", " FROM told")})
    assert text_of(template(), None) == "SELECT ? FROM told"


def test_no_literal_of_a_statement_is_shown() -> None:
    literals = (
        *("'S'", "'it''s S'", "E'it\\'s S'", "e'S\\\\'", r"'S\'", "U&'S \\0041'", "N'S'", "B'1'", "'S\nS'"),
        *("$$ it's S $$", "$a$ $$ 'S' $b$ $a$", "$größe$ S $größe$", "/* S /* ' */ S */ 1", "-- it's S\n 1"),
        *("''", "'S' 'S'", "1", "$1", "%s", "a$b", '"it\'s"', '"a""b"', "'\"'"),
    )
    for literal in literals:
        for text in (f"SELECT {literal} FROM told WHERE {literal} = 'S'", f"/* S */ SELECT {literal} FROM told"):
            shown = described_text(text)[1]
            assert (shown["verb"], shown["relation"]) == ("SELECT", "told"), text
            assert "S" not in without_literals(text).replace("SELECT", ""), text
    for text in ("'S", "E'S\\", "$$S", "$S$S", "$a$ S $$", "/* S /* S */ S", "-- S", "E'S\\'S"):
        assert "S" not in without_literals(f"SELECT {text}").replace("SELECT", ""), text
    relations = {
        **{"SELECT trim(both 'x' from 'S')": "", "SELECT substring(num FROM 20240101)": "", "COPY told TO 'S'": "told"},
        **{'UPDATE "a.b"."c""d" SET a = 1': '"a.b"."c""d"', "SELECT 1 FROM shop.told": "shop.told"},
    }
    assert {text: described_text(text)[1]["relation"] for text in relations} == relations


class Colour(Enum):
    RED = "r"
    BLUE = 2


def test_an_argument_is_what_its_annotation_wants() -> None:
    def given(hint: Any, text: str) -> Any:
        def function(parameter: Any) -> Any:
            return parameter

        function.__annotations__["parameter"] = hint
        order = {"arguments": {"parameter": text}, "url": ""}
        with ExitStack() as stack:
            return Arguments(order).ready(function, stack)()

    wanted: tuple[tuple[Any, str, Any], ...] = (
        *((Colour, text, Colour.RED) for text in ("RED", "r")),
        *((hint, "2", Colour.BLUE) for hint in (Colour | None, Colour | str)),
        *((bool, text, True) for text in ("1", "true", "Yes", "y", "T", "on")),
        *((bool | None, text, False) for text in ("0", "False", "no", "n", "f", "OFF")),
        *((hint, "None", None) for hint in (int | None, Literal["a"] | None)),
        *((int, "5", 5), (float, "1e3", 1000.0), (Decimal, "1.50", Decimal("1.50")), (str, "5", "5")),
        *((str | int, "x", "x"), (date, "2024-05-06", date(2024, 5, 6)), (Path | None, "/a", Path("/a"))),
        *((Literal["a", 1], "1", 1), (list[int], "[1, 2]", [1, 2]), (Annotated[int, "most"], "3", 3)),
        *((int | str, "5", 5), (Parameter.empty, "5", 5), (Any, "a", "a"), ("Unknown", "a", "a")),
        (NewType("Id", int), "7", 7),
    )
    for hint, text, value in wanted:
        assert (found := given(hint, text)) == value, (hint, text)
        assert type(found) is type(value), (hint, text)
    refusals: tuple[tuple[Any, str, str], ...] = (
        *((bool, text, "bool") for text in ("maybe", "", "2")),
        *((Colour | None, "red", "Colour: RED, BLUE"), (Literal["a", 1], "b", "Literal: a, 1")),
        *((list[int], "1", "list"), (dict, "a", "dict"), (date, "today", "date"), (int | date, "x", "int or date")),
        (int | None, "", "int"),
    )
    for hint, text, line in refusals:
        with pytest.raises(UncallableError, match=f"^--arg parameter is no {line}$"):
            given(hint, text)


FAILING = """
import importlib, os, types
import psycopg
class OperationalError(Exception): ...
class Stated(Exception): sqlstate = "42P01"
class Thing: ...
url = os.environ.get("DATABASE_URL")
def key(): {}["SECRET"]
def variable(): os.environ["NOT_SET"]
def variables():
    for name in ("NOT_SET", "NOR_THIS"): os.environ[name]
def variable_of_a_value(value="SEC"): os.environ[value + "RET"]
def attribute(): Thing().nothing
def attribute_of_a_value(value="SEC"): getattr(Thing(), value + "RET")
def name(): nothing
def name_of_a_value(): raise NameError("SECRET", name="SECRET")
def module():
    import nothing.at_all
def module_of_a_value(): importlib.import_module("SECRET")
def own_error(): raise OperationalError("could not connect with SECRET")
def stated(): raise Stated('relation "SECRET" does not exist')
def of_the_system(): raise OSError("connection refused for SECRET")
def as_asyncio_says(): raise OSError("[Errno 111] Connect call failed ('SECRET', 1)")
def unconnected(): psycopg.connect("host=127.0.0.1 port=1")
def untranslated(host):
    raise psycopg.OperationalError(f'could not translate host name "{host}" to address: timeout expired')
def with_a_secret(): untranslated("SECRET@db")
def with_another(): untranslated("SECRET")
def in_other_words(): raise psycopg.OperationalError("connection failed: SECRET")
def executed(sql):
    with psycopg.connect(url) as connection: connection.execute(sql)
def relation(): executed("SELECT * FROM nothing")
def column(): executed("SELECT nothing FROM data")
def column_of_a_value(): executed('SELECT * FROM data WHERE data = "a SECRET"')
def raised(): executed("DO $$ BEGIN RAISE 'relation \\"SECRET\\" does not exist' USING errcode = '42P01'; END $$")
def wrapped():
    try: relation()
    except psycopg.Error as error: raise Stated("SECRET") from error
"""


def error_of(function: Callable[[], None]) -> Exception:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError(function)


def test_of_an_error_a_name_is_told_where_it_stands_in_the_code_and_no_value(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "videos.py").write_text(FAILING)  # which ends as os.py does
    names: dict[str, Any] = {}
    exec(compile(FAILING, str(tmp_path / "videos.py"), "exec"), names)
    monkeypatch.setenv("OTHER_URL", "postgresql://user:12/SECRET@db")
    expected = {
        **{"key": "", "variable": "NOT_SET is not set", "variables": "NOT_SET is not set"},
        "variable_of_a_value": "a variable of the environment is not set",
        **{"attribute": "there is no nothing", "attribute_of_a_value": ""},
        **{"name": "there is no nothing", "name_of_a_value": ""},
        **{"module": "No module named 'nothing'", "module_of_a_value": ""},
        **{"own_error": "", "stated": "", "of_the_system": "", "as_asyncio_says": "", "in_other_words": ""},
        "unconnected": "no connection to 127.0.0.1:1: Connection refused",
        "with_a_secret": "no connection to db: timeout expired",
        "with_another": "no connection: timeout expired",
        "relation": 'relation "nothing" does not exist',
        "column": 'column "nothing" does not exist',
        **{"column_of_a_value": "a column does not exist", "raised": ""},
        "wrapped": 'relation "nothing" does not exist',
    }
    told = {name: described(error_of(names[name]), "videos:f") for name in expected}
    assert {name: one["text"] for name, one in told.items()} == expected
    assert "SECRET" not in str(told)


CALLED = """
import asyncio, contextlib, functools
def plainly(function):
    @functools.wraps(function)
    def call(*arguments): return function(*arguments)
    return call
def at_once(function):
    @functools.wraps(function)
    def call(*arguments): return asyncio.run(function(*arguments))
    return call
def items(): yield from "ab"
async def items_later():
    for item in "ab": yield item
async def later(): return 5
wrapped, run, wrapped_items = plainly(later), at_once(later), plainly(items_later)
@contextlib.contextmanager
def opened(): yield 5
@contextlib.asynccontextmanager
async def opened_later(): yield 5
class Later:
    async def __call__(self): return 5
class ItemsLater:
    async def __call__(self):
        for item in "ab": yield item
called, called_items = Later(), ItemsLater()
def returned(): return items()
def returned_later(): return items_later()
async def returned_by_a_coroutine(): return items()
def iterated(): return iter(["a", "b"])
def mapped(): return map(str.lower, "AB")
def zipped(): return zip("ab")
def listed(): return ["a", "b"]
class Own:
    def __next__(self): raise RuntimeError
def own(): return Own()
class Shop:
    def __init__(self, limit, path): ...
    def read(self, limit): ...
async def silent(scope, receive, send): ...
def nothing(environ, start_response): ...
def odd(request, answer, *_, level=0):
    answer("odd", [])
    return [b"abc"]
async def closed_badly(scope, receive, send):
    if scope["type"] == "http": return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise ZeroDivisionError
"""


@pytest.fixture
def names() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "called"}
    exec(CALLED, names)
    return names


def call_of(thing: Any, *requests: str) -> tuple[Call, list[Any]]:
    """Return a call that was run, and the result that was in hand."""
    call = Call(thing, {"arguments": {}, "url": "", "keep": True, "requests": list(requests)})
    results: list[Any] = []
    call.run(nullcontext, lambda: None, results.append, lambda: None)
    return call, results


def test_what_is_called_is_what_it_is_and_what_iterates_is_read(names: dict[str, Any]) -> None:
    for name in ("later", "wrapped", "run", "called", "opened", "opened_later"):
        call, results = call_of(names[name])
        assert (results, call.items) == ([5], 0), name
    for name in ("items", "items_later", "wrapped_items", "called_items", "returned", "returned_later"):
        call, results = call_of(names[name])
        assert (results, call.items) == ([["a", "b"]], 2), name
    for name in ("returned_by_a_coroutine", "iterated", "mapped", "zipped"):
        assert call_of(names[name])[0].items == 2, name
    for name in ("listed", "own"):  # one who makes an iterator of his own says when it is read
        assert call_of(names[name])[0].items == 0, name


def test_what_is_missing_is_named_once(names: dict[str, Any]) -> None:
    with pytest.raises(UncallableError, match=r"^it needs limit, path: --arg limit=… --arg path=…$"):
        call_of(Method(names["Shop"], names["Shop"].read))


def test_an_application_may_not_answer_and_may_fail_at_its_end(names: dict[str, Any]) -> None:
    told = {name: call_of(names[name], "GET /")[0].answers.found for name in ("silent", "nothing", "odd")}
    assert told == {"silent": [(0, 0)], "nothing": [(0, 0)], "odd": [(0, 3)]}
    with pytest.raises(ZeroDivisionError):
        call_of(names["closed_badly"], "GET /")


def test_what_is_no_module_may_be_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [""])
    for target in ("nowhere", "json.dumps"):
        with pytest.raises(UncallableError, match=f"^there is no module {target}: .* MODULE:FUNCTION$"):
            script(target)()
