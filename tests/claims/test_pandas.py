"""What the pages say of pandas' frames: their types where there is NULL, how they are copied, and what ADBC takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, text

pandas: Any = pytest.importorskip("pandas")
numpy: Any = pytest.importorskip("numpy")
dbapi: Any = pytest.importorskip("adbc_driver_postgresql.dbapi")

ARROW = {"dtype_backend": "pyarrow"}
# Nine rows, of which those from the fourth to the sixth have NULL.
SOME = "SELECT CASE WHEN i NOT BETWEEN 4 AND 6 THEN i END AS one FROM generate_series(1, 9) i"
NONE = "SELECT NULL::integer AS one FROM generate_series(1, 9) i"


def by_copy(table: Any, connection: Connection, columns: list[str], rows: Iterator[Any]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


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
        for options in ({"params": [1]}, {"chunksize": 3}):
            with pytest.raises(NotImplementedError, match=next(iter(options))):
                pandas.read_sql(NONE, connection, **options)


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
