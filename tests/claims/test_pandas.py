"""What the pages say of pandas' frames: their types where there is NULL, how they are copied, and what ADBC takes."""

import json
import tracemalloc
import warnings
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, create_engine, text

pandas: Any = pytest.importorskip("pandas")
numpy: Any = pytest.importorskip("numpy")
dbapi: Any = pytest.importorskip("adbc_driver_postgresql.dbapi")

ARROW = {"dtype_backend": "pyarrow"}
# Nine rows, of which those from the fourth to the sixth have NULL.
SOME = "SELECT CASE WHEN i NOT BETWEEN 4 AND 6 THEN i END AS one FROM generate_series(1, 9) i"
NONE = "SELECT NULL::integer AS one FROM generate_series(1, 9) i"


@pytest.fixture
def own(schema_url: str) -> Iterator[Engine]:
    """Give an engine whose tables go with the test's schema."""
    made = create_engine(schema_url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.dispose()


def by_copy(table: Any, connection: Connection, columns: list[str], rows: Iterator[Any]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def test_a_time_span_is_copied_as_a_number_unless_it_is_an_object(own: Engine) -> None:
    frame = pandas.DataFrame({"span": pandas.to_timedelta(["1h"])})
    for made, expected in ((frame, "1000000:00:00"), (frame.astype({"span": object}), "01:00:00")):
        with own.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS spans; CREATE TABLE spans (span interval)"))
            with warnings.catch_warnings(action="ignore"):
                made.to_sql("spans", connection, if_exists="append", index=False, method=by_copy)
            assert connection.scalar(text("SELECT span::text FROM spans")) == expected


def test_chunks_are_made_of_all_rows_as_objects(own: Engine) -> None:
    """What to_sql holds by the time of its first chunk is not bounded by the chunk."""
    frame = pandas.DataFrame({"number": numpy.arange(20_000) + 10**6})
    held = []
    for chunksize in (None, 1000):
        tracemalloc.start()
        write = partial(frame.to_sql, "numbers", index=False, if_exists="replace", chunksize=chunksize)
        with own.begin() as connection:
            write(connection, method=lambda *_: held.append(tracemalloc.get_traced_memory()[0]))
        tracemalloc.stop()
    assert len(held) == 21
    assert held[1] > 0.9 * held[0] > 20_000 * 32


def kinds(engine: Engine, query: str, **options: Any) -> list[str]:
    """Return the type of the column in the frame, or in each chunk."""
    with engine.connect().execution_options(stream_results="chunksize" in options) as connection:
        found = pandas.read_sql(text(query), connection, **options)
        return [str(frame["one"].dtype) for frame in (found if "chunksize" in options else [found])]


def test_integers_beside_null_are_floats_and_arrow_s_stay_integers_unless_all_are_null(engine: Engine) -> None:
    assert kinds(engine, SOME) == ["float64"]
    assert kinds(engine, SOME, **ARROW) == ["int64[pyarrow]"]
    assert kinds(engine, NONE) == ["object"]
    assert kinds(engine, NONE, **ARROW) == ["string[pyarrow]"]


def test_types_change_from_chunk_to_chunk(engine: Engine) -> None:
    assert kinds(engine, SOME, chunksize=3) == ["int64", "object", "int64"]
    assert kinds(engine, SOME, chunksize=4) == ["float64", "float64", "int64"]
    assert kinds(engine, SOME, chunksize=3, **ARROW) == ["int64[pyarrow]", "string[pyarrow]", "int64[pyarrow]"]


def test_adbc_knows_the_server_s_type_and_takes_no_parameters_and_no_chunks(url: str) -> None:
    with dbapi.connect(url) as connection:
        for query in (SOME, NONE):
            assert str(pandas.read_sql(query, connection, **ARROW)["one"].dtype) == "int32[pyarrow]"
        typed = "SELECT current_date AS day, gen_random_uuid() AS one, ARRAY[1] AS many, '\\xff'::bytea AS raw"
        types = [str(kind) for kind in pandas.read_sql(typed, connection, **ARROW).dtypes]
        expected = ["date32[day][pyarrow]", "extension<arrow.uuid>[pyarrow]", "list<item: int32>[pyarrow]"]
        assert types == [*expected, "binary[pyarrow]"]
        for options in ({"params": [1]}, {"chunksize": 3}):
            with pytest.raises(NotImplementedError, match=next(iter(options))):
                pandas.read_sql(NONE, connection, **options)


# What stands for a value of each type, with numpy's types and with Arrow's.
BY_TYPE = {
    "integer": ("5", "int64", "int64[pyarrow]"),
    "boolean": ("true", "bool", "bool[pyarrow]"),
    "double precision": ("0.5", "float64", "double[pyarrow]"),
    "numeric": ("1.5", "float64", "double[pyarrow]"),
    "timestamp": ("'2026-01-02'", "datetime64[us]", "timestamp[us][pyarrow]"),
    "interval": ("'1 hour'", "timedelta64[us]", "duration[us][pyarrow]"),
    "text": ("'x'", "str", "string[pyarrow]"),
    **{
        kind: (value, "object", "string[pyarrow]")
        for kind, value in {
            **{"date": "'2026-01-02'", "time": "'10:00'", "uuid": f"'{'0' * 32}'", "inet": "'10.0.0.1'"},
            **{"bytea": "'x'", "jsonb": """'{"a": 1}'""", "integer[]": "'{1, 2}'"},
        }.items()
    },
}


def test_what_numpy_holds_no_array_of_stays_an_object_and_arrow_s_types_make_a_text_of_it(engine: Engine) -> None:
    query = ", ".join(f'{value}::{kind} AS "{kind}"' for kind, (value, _, _) in BY_TYPE.items())
    with engine.connect() as connection:
        frames = [pandas.read_sql(text(f"SELECT {query}"), connection, **options) for options in ({}, ARROW)]
        [plain] = connection.execute(text(f"SELECT {query}")).mappings()
    for frame, kinds_of in zip(frames, zip(*(kinds for _, *kinds in BY_TYPE.values()), strict=True), strict=True):
        assert [str(kind) for kind in frame.dtypes] == list(kinds_of)
    objects = [kind for kind, (_, of_numpy, _) in BY_TYPE.items() if of_numpy == "object"]
    assert [frames[0][kind][0] for kind in objects] == [plain[kind] for kind in objects]
    assert {type(frames[1][kind][0]) for kind in objects} == {str}
    assert frames[1]["jsonb"][0] == "{'a': 1}"
    assert frames[1]["bytea"][0] == "x"


def test_numeric_stays_a_decimal_if_asked_for_and_with_arrow_s_types_a_text(engine: Engine) -> None:
    with engine.connect() as connection:
        found = [
            pandas.read_sql(text("SELECT 1.50 AS one"), connection, coerce_float=False, **options)["one"][0]
            for options in ({}, ARROW)
        ]
    assert [(type(value), str(value)) for value in found] == [(Decimal, "1.50"), (str, "1.50")]


def test_bytes_that_are_no_utf_8_and_a_column_called_keys_fail(engine: Engine) -> None:
    with engine.connect() as connection:
        for query, options, kind in (
            (r"SELECT '\xff'::bytea AS one", ARROW, UnicodeDecodeError),
            ("SELECT 1 AS keys", {}, AttributeError),
        ):
            with pytest.raises(kind):
                pandas.read_sql(text(query), connection, **options)
        assert pandas.read_sql(text("SELECT 1 AS keys_"), connection)["keys_"].tolist() == [1]


def test_array_of_arrow_s_column_is_read_only_or_a_copy_where_there_is_text_or_null(engine: Engine) -> None:
    query = (
        f"SELECT one, i AS number, i::float AS fraction, now() AT TIME ZONE 'UTC' AS moment, 'x' AS word FROM ({SOME}"
    )
    with engine.connect() as connection:
        frame = pandas.read_sql(text(f"{query}) s, generate_series(1, 2) i"), connection, **ARROW)
    for name, shared in {"number": True, "fraction": True, "moment": True, "one": False, "word": False}.items():
        array, again = frame[name].to_numpy(), frame[name].to_numpy()
        assert numpy.shares_memory(array, again) == shared, name
        assert array.flags.writeable == (not shared), name


def test_copy_of_a_frame_needs_int64_for_integers_beside_null_and_json_as_text(engine: Engine) -> None:
    numbers = pandas.DataFrame({"id": [1, 2], "num": [1, None]})
    documents = pandas.DataFrame({"id": [1, 2], "num": [{"a": 1}, None]})
    with engine.connect() as connection:

        def written(kind: str, frame: Any) -> list[Any]:
            connection.rollback()
            connection.execute(text(f"CREATE TEMPORARY TABLE framed (id integer, num {kind})"))
            frame.to_sql("framed", connection, if_exists="append", index=False, method=by_copy)
            return [tuple(row) for row in connection.execute(text("SELECT id, num FROM framed ORDER BY id"))]

        with pytest.raises(errors.InvalidTextRepresentation, match=r"integer: \"1\.0\""):
            written("integer", numbers)
        assert written("integer", numbers.astype({"num": "Int64"})) == [(1, 1), (2, None)]
        with pytest.raises(Exception, match="cannot adapt type 'dict'"):
            written("jsonb", documents)
        texts = documents["num"].map(json.dumps, na_action="ignore")
        assert written("jsonb", documents.assign(num=texts)) == [(1, {"a": 1}), (2, None)]
