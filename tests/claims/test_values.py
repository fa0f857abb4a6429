"""What a value takes, by the driver and by what makes it: integers, texts, and the keys of a `jsonb`."""

import asyncio
import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

import asyncpg
import msgspec
import psycopg
import pydantic_core
import pytest
from psycopg.types.json import set_json_loads
from sqlalchemy import Enum, create_engine, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from tests.claims.fresh import COUNT, INTEGER, held, numbers
from tests.forks import in_a_fresh_process

# What a text takes beside its characters. On 3.11 each has 8 bytes more, those that are not ASCII another 8.
ASCII, LATIN_1, BEYOND = (41, 57, 58) if sys.version_info >= (3, 12) else (49, 73, 74)
NOTHING = "NULL::integer"
# Integers up to 1024 exist once on Python 3.15.
OBJECT = "jsonb_build_object('width', 2000 + i, 'height', 3000 + i)"


def read(url: str, value: str, how: str) -> list[Any]:
    """Return COUNT values of an SQL expression, `i` being the number of the row."""
    query = f"SELECT {value} FROM generate_series(1, {COUNT}) i"

    async def by_asyncpg() -> list[Any]:
        connection = await asyncpg.connect(url)
        found = [row[0] for row in await connection.fetch(query)]
        await connection.close()
        return found

    if how == "asyncpg":
        return asyncio.run(by_asyncpg())
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.cursor(binary=how == "binary").execute(query.encode()).fetchall()]


def sizes_of(url: str, values: list[str], decode: Any = json.loads) -> dict[tuple[str, str], float]:
    """Return how many bytes each value takes, traced: what a list of them takes more than one of NULL."""
    set_json_loads(decode)
    sizes = {}
    for how in ("text", "binary", "asyncpg"):
        for value in (NOTHING, NOTHING, *values):  # the first makes what is made once
            before = held()
            kept = read(url, value, how)
            sizes[value, how] = (held() - before) / COUNT
            del kept
    return {(value, how): size - sizes[NOTHING, how] for (value, how), size in sizes.items()}


# What an integer takes by each way to read it. asyncpg's format is binary, too.
INTEGERS = {
    "2000 + i": (28, 32),
    "(2000 + i)::bigint": (28, 32),
    "999990000 + i": (28, 32),
    "1000000000 + i": (32, 32),
    "999999999999990000 + i": (32, 32),
    "1000000000000000000 + i": (36, 32),
    "(1::bigint << 60) + i": (36, 36),
    "i % 257": (0, 0),
}


def test_an_integer_takes_what_its_digits_take_decimal_ones_of_a_text_and_binary_ones_else(url: str) -> None:
    """Up to nine decimal digits, up to 18, and 19; or up to 60 bits, and more."""
    found = in_a_fresh_process(sizes_of, url, list(INTEGERS))
    for value, (text, binary) in INTEGERS.items():
        sizes = [found[value, how] for how in ("text", "binary", "asyncpg")]
        assert sizes == pytest.approx([text, binary, binary], abs=1.9), value


# The header of a text by its widest character, and how many bytes each character then takes.
TEXTS = {
    "x": (ASCII, 1),
    **dict.fromkeys("éß", (LATIN_1, 1)),
    **dict.fromkeys("łěş€\u2019я", (BEYOND, 2)),
    "😀": (BEYOND + 2, 4),
}


def test_one_character_decides_the_header_and_the_width_of_all(url: str) -> None:
    values = {f"'{character}' || lpad(i::text, 19, 'x')": size for character, size in TEXTS.items()}
    found = in_a_fresh_process(sizes_of, url, list(values))
    for value, (header, width) in values.items():
        for how in ("text", "asyncpg"):
            assert found[value, how] == pytest.approx(header + 20 * width, abs=1.9), value


@pytest.mark.parametrize(("text", "once"), [("", True), ("x", True), ("é", True), ("я", False), ("xx", False)])
def test_one_character_of_latin_1_or_none_exists_once(url: str, text: str, once: bool) -> None:
    kept = read(url, f"'{text}'::text", "text")
    assert len({id(one) for one in kept}) == (1 if once else COUNT)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("inet '10.0.0.1'", IPv4Address),
        ("inet '10.0.0.1/24'", IPv4Interface),
        ("cidr '10.0.0.0/24'", IPv4Network),
    ],
)
def test_inet_with_a_mask_is_an_interface_and_a_cidr_a_network(url: str, value: str, kind: type) -> None:
    found = {type(read(url, value, how)[0]) for how in ("text", "binary", "asyncpg")}
    assert found == {kind}


def keys(objects: list[dict[str, int]]) -> int:
    """Return how many texts the keys of these objects are."""
    return len({id(key) for one in objects for key in one})


@pytest.mark.parametrize(
    ("key", "msgspec_s", "pydantic_s"),
    [("width", 1, 1), ("k" * 32, 1, 1), ("k" * 33, COUNT, 1), ("ключ", COUNT, 1), ("k" * 64, COUNT, COUNT)],
)
def test_the_keys_of_a_jsonb_are_new_in_each_row_and_shared_by_other_decoders(
    url: str, key: str, msgspec_s: int, pydantic_s: int
) -> None:
    with psycopg.connect(url) as connection:
        for loads, expected in (
            (json.loads, COUNT),
            (msgspec.json.decode, msgspec_s),
            (pydantic_core.from_json, pydantic_s),
        ):
            set_json_loads(loads, connection)
            query = f"SELECT jsonb_build_object('{key}', i) FROM generate_series(1, {COUNT}) i".encode()
            assert keys([one for (one,) in connection.execute(query)]) == expected


def sizes_by_fetch(url: str, columns: str) -> list[float]:
    """Return what a row's integers take, fetched row by row from a cursor that counts its rows, and all at once."""
    count = 3 * COUNT  # integers up to 1024 exist once on Python 3.15
    with psycopg.connect(url) as connection:

        def size_by(fetch: Callable[[psycopg.Cursor[Any]], list[Any]]) -> float:
            cursor = connection.execute(f"SELECT {columns} FROM generate_series(1, {count}) i".encode())
            before = held()
            kept = [number for row in fetch(cursor) for number in row]
            return (held() - before - sys.getsizeof(kept)) / count

        return [size_by(fetch) for fetch in (list, list, psycopg.Cursor.fetchall)][1:]


@pytest.mark.parametrize(
    ("columns", "once", "more"),
    [
        ("10000 + i", 28, 4),
        ("10000 + i, 20000 + i", 56, 4),
        ("i % 257, 10000 + i", 28, 4),
        ("10000 + i, i % 257", 28, 0),
    ],
)
def test_from_3_14_on_a_row_s_first_integer_takes_the_place_of_the_number_of_the_row_before(
    url: str, columns: str, once: int, more: int
) -> None:
    """A calculation makes integers of 32 bytes; the number takes the place of one below 257 that comes last."""
    row_by_row = once + (more if sys.version_info >= (3, 14) else 0)
    assert in_a_fresh_process(sizes_by_fetch, url, columns) == pytest.approx([row_by_row, once], abs=0.5)


def test_msgspec_s_decoder_saves_what_the_keys_of_a_jsonb_take(url: str) -> None:
    usual, shared = (
        in_a_fresh_process(sizes_of, url, [OBJECT], decode)[OBJECT, "text"]
        for decode in (json.loads, msgspec.json.decode)
    )
    of_keys = len("width" + "height") + 2 * ASCII
    assert usual == pytest.approx(sys.getsizeof({"width": 0, "height": 0}) + 2 * INTEGER + of_keys, abs=1)
    # From 3.14 on it makes integers of 32 bytes: `PYLONG_FROM_UINT` (Objects/longobject.c) does.
    larger = 2 * (32 - INTEGER) if sys.version_info >= (3, 14) else 0
    assert usual - shared == pytest.approx(of_keys - larger, abs=1)


# Infinity for `json.loads`, which `jsonb` keeps as it is where there is a fraction.
TOO_LARGE = f"1{'0' * 400}.5"
DOCUMENTS = ("1e400", "-0.0", "1.10", "12345678901234567890123", "1e-400", '"я😀"', '{"a": {"a": [1, null, true]}}')


def test_msgspec_s_decoder_finds_the_same_values_or_refuses_what_no_double_and_no_utf_8_can_hold(url: str) -> None:
    with psycopg.connect(url) as connection:
        found = []
        for loads in (json.loads, msgspec.json.decode):
            set_json_loads(loads, connection)
            rows = [connection.execute("SELECT %s::jsonb", [one]).fetchone() for one in DOCUMENTS]
            found.append([(repr(value), type(value)) for value in rows])
        assert found[0] == found[1]
        refused = ("SELECT '1e400'::json", f"SELECT '{TOO_LARGE}'::jsonb", r"""SELECT '"\ud83d"'::json""")
        for statement in refused:
            with pytest.raises(msgspec.DecodeError):
                connection.execute(statement).fetchone()
        set_json_loads(json.loads, connection)
        decoded = [connection.execute(statement).fetchone() for statement in refused]
        assert decoded == [(float("inf"),), (float("inf"),), ("\ud83d",)]


def test_sqlalchemy_takes_another_decoder_for_an_engine(url: str) -> None:
    address = url.replace("postgresql:", "postgresql+psycopg:")
    statement = select(func.jsonb_build_object("width", numbers(), type_=JSONB))
    for loads, expected in ((None, COUNT), (msgspec.json.decode, 1)):
        engine = create_engine(address, json_deserializer=loads)
        with engine.connect() as connection:
            assert keys(list(connection.scalars(statement))) == expected
        engine.dispose()


@pytest.mark.skipif((3, 12, 5) < sys.version_info < (3, 13), reason="it is told of the versions up to 3.12.5")
def test_interned_texts_are_never_given_back_on_3_12() -> None:
    gc.collect()
    tracemalloc.start()
    texts = [sys.intern(f"{number:01000}") for number in range(COUNT)]
    before, _ = tracemalloc.get_traced_memory()
    del texts
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after > before / 2) == (sys.version_info[:2] == (3, 12))


def test_mapped_enum_is_one_text_for_each_label() -> None:
    kind: Any = Enum("new", "paid")
    dialect: Any = postgresql
    read = kind.result_processor(dialect.dialect(), None)
    assert read("".join(["n", "ew"])) is read("".join(["ne", "w"]))
