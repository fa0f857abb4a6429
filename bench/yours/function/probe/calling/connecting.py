"""Sessions and connections for parameters that are annotated as such, to the database of DATABASE_URL."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

from bench.yours.function.probe.failures import UncallableError

OF_SQLALCHEMY = ("Session", "Connection", "Engine")
OF_SQLALCHEMY_LATER = ("AsyncSession", "AsyncConnection", "AsyncEngine")
IN_A_LOOP = {
    **dict.fromkeys(("sqlalchemy", "sqlmodel"), OF_SQLALCHEMY_LATER),
    **{"psycopg": ("AsyncConnection",), "asyncpg": ("Connection",)},
}


@contextmanager
def to_database(url: str) -> Iterator[None]:
    """Let what cannot be connected to be explained where the reader named no database."""
    try:
        yield
    except (ImportError, UncallableError):
        raise
    except Exception:
        if os.environ.get("DATABASE_URL"):
            raise
        text = f"there is no connection to {url.rpartition('@')[2]}, for DATABASE_URL is not set"
        raise UncallableError(text) from None


def opened(kind: Any, url: str, stack: ExitStack, stack_async: AsyncExitStack | None) -> Any:
    """Return what is opened for an annotation, else None; what of it has to be awaited, its caller awaits."""
    library, name = _named(kind)
    if library == "sqlalchemy" or library == "sqlmodel":
        if name.startswith("Async"):
            return _of_sqlalchemy_async(kind, name, url, stack_async) if stack_async is not None else None
        return _of_sqlalchemy(kind, name, url, stack)
    if library == "psycopg" and name == "Connection":
        return stack.enter_context(sys.modules["psycopg"].connect(_driverless(url)))
    if library == "psycopg" and name == "AsyncConnection" and stack_async is not None:
        return sys.modules["psycopg"].AsyncConnection.connect(_driverless(url))
    if library == "psycopg2" and name == "connection":
        return sys.modules["psycopg2"].connect(_driverless(url))
    if library == "asyncpg" and name == "Connection" and stack_async is not None:
        return sys.modules["asyncpg"].connect(_driverless(url))
    return None


def is_opened_in_a_loop(kind: Any) -> bool:
    """Return whether what is opened for an annotation has to be awaited."""
    library, name = _named(kind)
    return name in IN_A_LOOP.get(library, ())


def _named(kind: Any) -> tuple[str, str]:
    if not isinstance(kind, type):
        return "", ""
    for base in kind.__mro__:  # a session of the reader's own is one, too
        library = base.__module__.partition(".")[0]
        if library in ("sqlalchemy", "sqlmodel", "psycopg", "psycopg2", "asyncpg"):
            return library, base.__name__
    return "", ""


def _driverless(url: str) -> str:
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def url_for(url: str, asynchronous: bool) -> str:
    """Return the URL with the driver that it names, else one that is installed."""
    url = re.sub(r"^postgres://", "postgresql://", url)
    if "+" in url.partition("://")[0]:
        return url
    drivers = ("asyncpg", "psycopg") if asynchronous else ("psycopg2", "psycopg", "pg8000")
    driver = next((driver for driver in drivers if find_spec(driver)), "")
    return url.replace("postgresql://", f"postgresql+{driver}://", 1) if driver else url


def _of_sqlalchemy(kind: Any, name: str, url: str, stack: ExitStack) -> Any:
    from sqlalchemy import create_engine

    if name not in OF_SQLALCHEMY:
        return None
    engine = create_engine(url_for(url, asynchronous=False))
    stack.callback(engine.dispose)
    with engine.connect():  # connecting is a fixed cost
        pass
    if name == "Engine":
        return engine
    return stack.enter_context(engine.connect() if name == "Connection" else kind(engine))


def _of_sqlalchemy_async(kind: Any, name: str, url: str, stack: AsyncExitStack) -> Any:
    from sqlalchemy.ext.asyncio import create_async_engine

    if name not in OF_SQLALCHEMY_LATER:
        return None
    engine = create_async_engine(url_for(url, asynchronous=True))
    stack.push_async_callback(engine.dispose)

    async def connected() -> Any:
        async with engine.connect():
            pass
        if name == "AsyncEngine":
            return engine
        return await stack.enter_async_context(engine.connect() if name == "AsyncConnection" else kind(engine))

    return connected()
