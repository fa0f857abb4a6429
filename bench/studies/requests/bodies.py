"""What a response has to be: every row, once, in order, in the format that its type names."""

import csv
import json
from typing import Any


def count_rows(content_type: str, body: bytes, start: int, announced: str | None) -> int:
    """Return how many rows a body has, which are all from `start` on. Raises ValueError where it is not as it says.

    What a CSV lacks can be seen from its header `Row-Count` alone, which is `announced`.
    """
    media_type = content_type.partition(";")[0]
    rows = rows_of(media_type, body.decode())
    if media_type == "text/csv" and announced != f"{len(rows)}":
        raise ValueError(f"a CSV has {len(rows)} rows, and its header says {announced}")
    if rows != [(i, 5 * i % 200, f"hello-{i}") for i in range(start, start + len(rows))]:
        raise ValueError(f"a body of type {content_type} has other rows than the table")
    return len(rows)


def rows_of(media_type: str, text: str) -> list[tuple[int, int, str]]:
    """Return the rows of a text. Raises ValueError where it is not of that type, or that is none of those known."""
    if media_type == "text/csv":
        names, *lines = csv.reader(text.splitlines(keepends=True))
        if names != ["id", "num", "data"]:
            raise ValueError(f"a CSV has other columns: {names}")
        return [(int(key), int(num), data) for key, num, data in lines]
    if media_type == "application/jsonl":
        *rows, last = map(json.loads, text.rstrip("\n").split("\n"))
        if last != {"complete": True, "rows": len(rows)}:
            raise ValueError(f"lines were cut, or some are missing: the last one is {last}")
        return [as_tuple(row) for row in rows]
    if media_type == "application/json":
        return [as_tuple(row) for row in json.loads(text)]
    raise ValueError(f"a body is of type {media_type}")


def as_tuple(row: dict[str, Any]) -> tuple[int, int, str]:
    """Return one object's values. Raises ValueError where it has others."""
    if list(row) != ["id", "num", "data"]:
        raise ValueError(f"a row has other fields: {list(row)}")
    return row["id"], row["num"], row["data"]
