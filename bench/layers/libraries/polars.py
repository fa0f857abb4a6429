"""polars' frames, made of Arrow's tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars

from bench.layers.libraries.adbc import adbc_rows
from bench.layers.reading import Read, Reading


@contextmanager
def polars_frame(reading: Reading) -> Iterator[Read]:
    """Yield one frame of all rows, as `arrow_table` does, made of Arrow's table."""
    yield from adbc_rows(reading, polars.from_arrow)


LAYERS = {"polars frame": polars_frame}
