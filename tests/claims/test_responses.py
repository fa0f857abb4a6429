"""What is lost by a response that is streamed, or that FastAPI does not make; and what a client does to each."""

import asyncio
import gc
import json
import re
import socket
import threading
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing, contextmanager
from typing import Annotated, Any
from urllib.parse import quote

import anyio.to_thread
import httpx
import psutil
import psycopg
import pytest
from fastapi import Depends, FastAPI, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.ext.asyncio import AsyncResult, AsyncScalarResult, AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from common import MIB
from db_model import DbModel
from domain_model import DomainModel
from tests.forks import in_a_fresh_process
from tests.serving import Served, passing_on, reading_all, served
from tests.support import PROJECT, ROWS, TIMEOUT, expected_rows, linux, query, wait_until

# Large enough for what the kernel does not take at once: 20 MB.
WIDE = "SELECT i AS id, i AS num, repeat('x', 1000) AS data FROM generate_series(1, 20000) AS i"
# A megabyte in each batch, of which the kernel takes next to nothing where its buffers are small.
LARGE = WIDE.replace("1000)", "10000)")
# The second batch's middle takes a minute.
SLEEPS = "SELECT i, pg_sleep(CASE i WHEN 150 THEN 60 ELSE 0 END)::text FROM generate_series(1, 20000) AS i"
FAILS_LATER = "SELECT i AS id, 1 / (1500 - i) AS num, 'x' AS data FROM generate_series(1, 20000) AS i"
FAILS_AT_ONCE = "SELECT id FROM no_such_table"
FAILS_AT_THE_FIRST_ROW = "SELECT i AS id, 1 / (i - 1) AS num, 'x' AS data FROM generate_series(1, 20000) AS i"
BATCH = 100
PASSING = [Middleware(BaseHTTPMiddleware, dispatch=passing_on)]


class Service:
    """An application with a pool of its own, whose sessions the server knows by name."""

    def __init__(
        self,
        url: str,
        response: type[StreamingResponse] = StreamingResponse,
        middleware: Sequence[Middleware] = (),
        **options: Any,
    ) -> None:
        self.response = response
        self.name = f"service {time.monotonic_ns()}"
        self.url = url
        arguments = {"application_name": self.name, **options.pop("connect_args", {})}
        address = url.replace("postgresql:", "postgresql+psycopg:")
        self.engine = create_async_engine(address, connect_args=arguments, **options)
        self.plain_engine = create_engine(address, connect_args=arguments, **options)
        self.ended: list[str] = []
        self.made = 0
        self.app = FastAPI(middleware=middleware)
        opened = Annotated[AsyncSession, Depends(self.open_session)]

        @self.app.get("/lines")
        async def lines(session: opened, sql: str = WIDE) -> StreamingResponse:
            result = await session.stream(text(sql), execution_options={"yield_per": BATCH})
            return self.response(self.lines(result), media_type="application/jsonl")

        @self.app.get("/plain")
        def plain(session: Annotated[Session, Depends(self.open_plain_session)], sql: str = WIDE) -> StreamingResponse:
            result = session.execute(text(sql), execution_options={"yield_per": BATCH})
            return self.response("".join(map(str, batch)) for batch in result.partitions())

        @self.app.get("/late")
        async def late(sql: str = WIDE) -> StreamingResponse:
            return StreamingResponse(self.lines_of(sql), media_type="application/jsonl")

        @self.app.get("/array")
        async def array(session: opened, sql: str = WIDE) -> StreamingResponse:
            result = await session.stream(text(sql), execution_options={"yield_per": BATCH})
            return StreamingResponse(self.array(result), media_type="application/json")

        @self.app.get("/copy")
        async def copy(session: opened, sql: str = WIDE) -> StreamingResponse:
            return self.response(self.copied(await driver(session), sql), media_type="text/csv")

        @self.app.get("/driver")
        async def of_the_driver(session: opened, sql: str = WIDE) -> StreamingResponse:
            return self.response(self.driven(await driver(session), sql), media_type="text/plain")

        @self.app.get("/closed")
        async def closed(
            session: Annotated[AsyncSession, Depends(self.open_session, scope="function")], sql: str = WIDE
        ) -> StreamingResponse:
            result = await session.stream(text(sql), execution_options={"yield_per": BATCH})
            return StreamingResponse(self.lines(result), media_type="application/jsonl")

        @self.app.get("/whole")
        async def whole(session: opened, sql: str = WIDE) -> Response:
            found = [dict(row) for row in (await session.execute(text(sql))).mappings()]
            return Response(json.dumps(found), media_type="application/json")

        @self.app.get("/yield")
        async def yields(sql: str = WIDE) -> AsyncIterable[DomainModel]:
            async for row in self.rows_of(sql):
                yield DomainModel.model_validate(row)

        @self.app.get("/yield-of-a-session")
        async def yields_of_a_session(session: opened, sql: str = WIDE) -> AsyncIterable[DomainModel]:
            result = await session.stream(text(sql), execution_options={"yield_per": BATCH})
            async for row in result:
                yield DomainModel.model_validate(row)

    async def open_session(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine) as session:
            yield session
        self.ended.append("session")

    def open_plain_session(self) -> Iterator[Session]:
        with Session(self.plain_engine) as session:
            yield session

    async def rows_of(self, sql: str) -> AsyncIterator[Any]:
        async with self.engine.connect() as connection:
            async for row in await connection.stream(text(sql), execution_options={"yield_per": 20_000}):
                yield row

    async def lines_of(self, sql: str) -> AsyncIterator[str]:
        async with self.engine.connect() as connection:
            result = await connection.stream(text(sql), execution_options={"yield_per": BATCH})
            async for part in self.lines(result):
                yield part

    async def lines(self, result: AsyncResult[Any]) -> AsyncIterator[str]:
        async for batch in result.mappings().partitions(BATCH):
            self.made += 1
            yield "".join(json.dumps(dict(row)) + "\n" for row in batch)
        self.ended.append("lines")

    async def copied(self, connection: Any, sql: str) -> AsyncIterator[bytes]:
        async with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
            async for line in copy:
                yield bytes(line)

    async def driven(self, connection: Any, sql: str) -> AsyncIterator[str]:
        async for row in connection.cursor().stream(sql):
            yield f"{row[2]}\n"

    async def array(self, result: AsyncResult[Any]) -> AsyncIterator[str]:
        before = "["
        async for batch in result.mappings().partitions(BATCH):
            yield before + json.dumps([dict(row) for row in batch])[1:-1]
            before = ","
        yield "]"

    def states(self) -> list[tuple[int, str]]:
        """Return the number and the state of each of the service's sessions."""
        return query(
            self.url, f"SELECT pid, state FROM pg_stat_activity WHERE application_name = '{self.name}' ORDER BY pid"
        )

    @property
    def lent(self) -> int:
        """How many connections the pools have lent."""
        return sum(engine.pool.checkedout() for engine in (self.engine, self.plain_engine))  # type: ignore[attr-defined]


async def driver(session: AsyncSession) -> Any:
    return (await (await session.connection()).get_raw_connection()).driver_connection


@contextmanager
def running_service(url: str, **options: Any) -> Iterator[tuple[Service, Served]]:
    one = Service(url, **options)
    with served(one.app) as where:
        yield one, where
    asyncio.run(one.engine.dispose())
    one.plain_engine.dispose()


@pytest.fixture
def service(url: str) -> Iterator[tuple[Service, Served]]:
    with running_service(url) as both:
        yield both


@contextmanager
def stopped(where: Served, path: str) -> Iterator[socket.socket]:
    """Read the first bytes of a response, and then no more for as long as this lasts."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", where.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        yield client


def get(where: Served, path: str, **parameters: str) -> httpx.Response:
    return httpx.get(where.url + path, params=parameters, timeout=TIMEOUT)


def text_until_cut(where: Served, path: str, sql: str) -> str:
    """Return what came of a response with status 200 until it was cut, as a client notices."""
    found: list[bytes] = []
    with httpx.stream("GET", where.url + path, params={"sql": sql}, timeout=TIMEOUT) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            found.extend(response.iter_raw())
    return b"".join(found).decode()


def test_what_fails_after_the_first_byte_has_status_200_and_is_cut(service: tuple[Service, Served]) -> None:
    _, where = service
    lines = text_until_cut(where, "/lines", FAILS_LATER).splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(1, len(lines) + 1))
    assert 0 < len(lines) < 1500


def test_an_array_that_is_cut_cannot_be_read(service: tuple[Service, Served]) -> None:
    _, where = service
    with pytest.raises(json.JSONDecodeError):
        json.loads(text_until_cut(where, "/array", FAILS_LATER))
    assert len(get(where, "/array").json()) == 20_000


def test_entities_that_are_streamed_are_there_one_batch_at_a_time(service: tuple[Service, Served]) -> None:
    one, _ = service
    app, models = FastAPI(), TypeAdapter(list[DomainModel])
    alive, counts = weakref.WeakSet[DbModel](), list[int]()

    async def parts(result: AsyncScalarResult[DbModel]) -> AsyncIterator[bytes]:
        async for batch in result.partitions():
            alive.update(batch)
            counts.append(len(alive))
            yield models.dump_json(models.validate_python(batch))[1:-1] + b","

    @app.get("/entities")
    async def entities(session: Annotated[AsyncSession, Depends(one.open_session)]) -> StreamingResponse:
        query = select(DbModel).order_by(DbModel.id).execution_options(yield_per=BATCH)
        return StreamingResponse(parts(await session.stream_scalars(query)), media_type="application/json")

    with served(app) as where:
        found = json.loads(f"[{get(where, '/entities').text[:-1]}]")
    assert [tuple(row.values()) for row in found] == expected_rows(ROWS)
    assert len(counts) == ROWS // BATCH
    assert max(counts) <= 2 * BATCH


def test_a_statement_that_fails_is_status_500_only_where_it_is_executed_before_the_response(
    service: tuple[Service, Served],
) -> None:
    _, where = service
    for sql in (FAILS_AT_ONCE, FAILS_AT_THE_FIRST_ROW):
        assert get(where, "/lines", sql=sql).status_code == 500
        assert text_until_cut(where, "/late", sql) == ""


def test_with_http_1_0_a_response_that_is_cut_ends_as_a_whole_one_does(service: tuple[Service, Served]) -> None:
    """Without chunks, the end of the connection is the end of the response: https://www.rfc-editor.org/rfc/rfc9112#section-6.3."""
    _, where = service
    with socket.create_connection(("127.0.0.1", where.port)) as client:
        client.sendall(f"GET /lines?sql={FAILS_LATER.replace(' ', '%20')} HTTP/1.0\r\n\r\n".encode())
        received = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert not {b"content-length", b"transfer-encoding"} & {line.partition(b":")[0] for line in head.splitlines()}
    assert body.endswith(b"}\n")


def failing(*middlewares: Callable[..., Any]) -> FastAPI:
    """Return an application whose stream fails after so many parts."""
    app = FastAPI()

    async def parts(count: int) -> AsyncIterator[str]:
        for number in range(count):
            yield f"{number}\n"
        raise RuntimeError

    @app.get("/fails")
    async def fails(after: int, media_type: str = "application/jsonl") -> StreamingResponse:
        return StreamingResponse(parts(after), media_type=media_type)

    for middleware in middlewares:
        app.middleware("http")(middleware)
    return app


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("middleware", [passing_on, reading_all])
def test_behind_a_middleware_a_stream_that_fails_ends_as_a_whole_one_does(middleware: Any, after: int) -> None:
    """A client of httpx raises where a response is cut: `text_until_cut`."""
    with served(failing(middleware)) as where:
        response = get(where, "/fails", after=f"{after}")
    assert (response.status_code, response.text) == (200, "0\n1\n" if after else "")


def test_behind_compression_a_stream_that_fails_before_its_first_part_is_a_500_and_a_later_one_is_cut() -> None:
    app = failing()
    app.add_middleware(GZipMiddleware)
    with served(app) as where:
        for media_type in ("application/jsonl", "application/json", "text/csv"):
            assert get(where, "/fails", after="0", media_type=media_type).status_code == 500
        for options in ({"after": "2"}, {"after": "0", "media_type": "text/event-stream"}):
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                get(where, "/fails", **options)
    with served(failing()) as where, pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        get(where, "/fails", after="0")


def test_a_streamed_response_has_no_length(service: tuple[Service, Served]) -> None:
    _, where = service
    streamed, whole = get(where, "/lines"), get(where, "/whole")
    assert "content-length" not in streamed.headers
    assert streamed.headers["transfer-encoding"] == "chunked"
    assert int(whole.headers["content-length"]) == len(whole.content)


@pytest.mark.parametrize(("middleware", "batches"), [([], 2), (PASSING, 3)])
def test_a_slow_client_holds_a_transaction_open_while_one_batch_is_buffered_and_the_next_waits(
    url: str, middleware: list[Middleware], batches: int
) -> None:
    with running_service(url, middleware=middleware) as (one, where):
        where.server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with stopped(where, f"/lines?sql={quote(LARGE)}"):
            wait_until(lambda: one.made == batches)
            time.sleep(0.2)
            assert one.made == batches
            assert [state for _, state in one.states()] == ["idle in transaction"]
            assert 65_536 < where.waiting < 65_536 + 110 * 10_100


@pytest.mark.parametrize("middleware", [[], [Middleware(GZipMiddleware)], PASSING], ids=["", "gzip", "passing on"])
def test_of_a_whole_response_the_server_buffers_all_and_the_transaction_has_ended_unless_a_middleware_passes_it_on(
    url: str, middleware: list[Middleware]
) -> None:
    with running_service(url, middleware=middleware) as (one, where), stopped(where, "/whole") as client:
        wait_until(lambda: where.waiting > 10_000_000)
        if middleware == PASSING:
            time.sleep(0.2)
            assert [state for _, state in one.states()] == ["idle in transaction"]
            while where.waiting > 16_384:
                client.recv(65_536)
        wait_until(lambda: [state for _, state in one.states()] == ["idle"])


@pytest.mark.parametrize(("path", "middleware"), [("/lines", []), ("/whole", []), ("/whole", PASSING)])
def test_slow_clients_take_the_pool_s_connections_where_a_response_is_streamed_or_a_middleware_passes_it_on(
    url: str, path: str, middleware: list[Middleware]
) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2}
    with running_service(url, middleware=middleware, **options) as (one, where), stopped(where, path):
        wait_until(lambda: where.waiting)
        if path == "/whole" and not middleware:
            wait_until(lambda: not one.lent)
            assert get(where, "/whole").status_code == 200
        else:
            assert get(where, "/whole").status_code == 500
        if path == "/lines":
            assert text_until_cut(where, "/late", WIDE) == ""  # where the connection is asked for too late


# So much that neither the kernel nor the driver takes it all: 400 MB.
ENDLESS = WIDE.replace("20000", "400000").replace(" ", "%20")
CURSOR, EXECUTING = ("idle in transaction", "ClientRead"), ("active", "ClientWrite")


@contextmanager
def three_stopped(where: Served) -> Iterator[list[socket.socket]]:
    """Let three clients read no further: of rows by `yield_per`, by COPY, and by psycopg's `stream()`."""
    with ExitStack() as stack:
        yield [stack.enter_context(stopped(where, f"{path}?sql={ENDLESS}")) for path in ("/lines", "/copy", "/driver")]


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        ("idle_in_transaction_session_timeout", [EXECUTING, EXECUTING]),
        pytest.param("tcp_user_timeout", [CURSOR], marks=linux),
    ],
)
def test_which_setting_ends_a_session_for_which_a_client_is_too_slow_and_none_frees_the_pool_s_connection(
    url: str, setting: str, left: list[tuple[str, str]]
) -> None:
    options = {"options": f"-c {setting}=1000"}
    with running_service(url, connect_args=options) as (one, where), three_stopped(where):
        sql = f"SELECT state, wait_event FROM pg_stat_activity WHERE application_name = '{one.name}' ORDER BY state"
        wait_until(lambda: query(url, sql) == left)
        time.sleep(2)
        assert query(url, sql) == left
        assert one.lent == 3


def test_a_session_that_waits_to_send_heeds_its_termination_and_nothing_else(url: str) -> None:
    """`statement_timeout` cancels, too: it sends the session the signal that `pg_cancel_backend` sends.

    Any signal makes it send again, if there is room by now, and then it heeds the rest. So the room is filled first.
    """
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        pid = connection.info.backend_pid
        connection.execute("LISTEN room")
        connection.pgconn.send_query(f"COPY ({WIDE.replace('20000', '400000')}) TO STDOUT".encode())
        sql = f"SELECT state, wait_event FROM pg_stat_activity WHERE pid = {pid}"
        wait_until(lambda: query(url, sql) == [EXECUTING])
        for _ in range(20):
            query(url, "NOTIFY room")
            time.sleep(0.02)
        assert query(url, f"SELECT pg_cancel_backend({pid})") == [(True,)]
        time.sleep(1)
        assert query(url, sql) == [EXECUTING]
        query(url, f"SELECT pg_terminate_backend({pid})")
        wait_until(lambda: not query(url, sql))


def test_what_the_database_ends_is_cut(url: str) -> None:
    options = {"options": "-c idle_in_transaction_session_timeout=1000"}
    path = f"/lines?sql={ENDLESS}"
    with running_service(url, connect_args=options) as (one, where), stopped(where, path) as client:
        wait_until(lambda: not one.states())
        assert was_cut(client)


def was_cut(client: socket.socket) -> bool:
    return not b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"0\r\n\r\n")


def limited(seconds: float) -> type[StreamingResponse]:
    """Return the page's response with a deadline, which is this one."""
    page = (PROJECT / "docs" / "a-request.md").read_text(encoding="utf-8")
    [code] = [block for block in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S) if "class Limited" in block]
    names: dict[str, Any] = {}
    exec(code.replace("timeout(60)", f"timeout({seconds})"), names)
    response: type[StreamingResponse] = names["Limited"]
    return response


def test_what_copies_holds_the_connection_until_it_is_closed(url: str) -> None:
    async def main() -> None:
        connection = await psycopg.AsyncConnection.connect(url)

        async def lines() -> AsyncGenerator[bytes]:
            async with connection.cursor() as cursor, cursor.copy("COPY data TO STDOUT") as copy:
                async for line in copy:
                    yield bytes(line)

        async with aclosing(lines()) as generator:
            await anext(generator)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connection.rollback(), 0.3)
        await connection.rollback()
        await connection.close()

    asyncio.run(main())


@pytest.mark.parametrize("hidden", [False, True])
def test_a_deadline_around_the_response_gives_connections_back_while_their_clients_do_not_read(
    url: str, hidden: bool
) -> None:
    options: dict[str, Any] = {"response": limited(1), "middleware": PASSING if hidden else []}
    with running_service(url, **options) as (one, where), three_stopped(where) as clients:
        wait_until(lambda: not one.lent)
        assert [state for _, state in one.states()] == ["idle"] * 3
        assert [was_cut(client) for client in clients] == [not hidden] * 3


def test_a_deadline_around_the_response_lets_a_whole_one_pass(url: str) -> None:
    with served(Service(url, limited(TIMEOUT)).app) as where:
        assert len(get(where, "/lines").text.splitlines()) == 20_000


@pytest.mark.parametrize(
    ("path", "left"),
    [("/lines", []), ("/copy", []), ("/driver", []), ("/yield-of-a-session", ["idle"]), ("/plain", ["idle"])],
)
def test_a_client_that_leaves_ends_the_transaction_and_with_asyncio_the_connection_but_where_fastapi_yields(
    service: tuple[Service, Served], path: str, left: list[str]
) -> None:
    one, where = service
    with stopped(where, path):
        wait_until(lambda: where.waiting > 65_536)
    wait_until(lambda: not one.lent)
    wait_until(lambda: [state for _, state in one.states()] == left)
    assert "lines" not in one.ended


@pytest.mark.parametrize("leaves", [True, False])
def test_what_the_server_executes_goes_on_there_once_its_client_has_left_or_the_deadline_has_passed(
    url: str, leaves: bool
) -> None:
    with running_service(url, response=StreamingResponse if leaves else limited(1)) as (one, where):
        with stopped(where, f"/lines?sql={quote(SLEEPS)}"):
            wait_until(lambda: sleeping(one))
            wait_until(lambda: leaves or not one.lent)
        wait_until(lambda: not one.lent)
        [pid] = sleeping(one)
        assert get(where, "/whole", sql="SELECT pg_backend_pid() AS pid").json() != [{"pid": pid}]
        query(url, f"SELECT pg_terminate_backend({pid})")


def test_a_deadline_interrupts_no_plain_generator_that_waits_for_the_database(url: str) -> None:
    with running_service(url, response=limited(0.5)) as (one, where), stopped(where, f"/plain?sql={quote(SLEEPS)}"):
        wait_until(lambda: sleeping(one))
        time.sleep(1)
        assert one.lent == 1
        query(url, f"SELECT pg_terminate_backend({sleeping(one)[0]})")
        wait_until(lambda: not one.lent)


def sleeping(one: Service) -> list[int]:
    """Return the numbers of the service's sessions that execute `pg_sleep`."""
    sql = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{one.name}' AND wait_event = 'PgSleep'"
    return [pid for (pid,) in query(one.url, sql)]


@pytest.mark.filterwarnings("ignore:The garbage collector is trying")
def test_a_generator_that_opens_its_connection_itself_may_keep_it_until_garbage_is_collected(
    service: tuple[Service, Served],
) -> None:
    one, where = service
    gc.disable()
    try:
        with stopped(where, "/yield"):
            wait_until(lambda: where.waiting > 65_536)
        wait_until(lambda: not where.server.server_state.connections)
        time.sleep(0.2)
        assert [state for _, state in one.states()] == ["idle in transaction"]
    finally:
        gc.enable()
    gc.collect()
    wait_until(lambda: not one.lent)


def test_a_client_that_leaves_before_the_response_begins_ends_nothing(service: tuple[Service, Served]) -> None:
    one, where = service
    with socket.create_connection(("127.0.0.1", where.port)) as client:
        client.sendall(b"GET /whole?sql=SELECT%20pg_sleep(60) HTTP/1.1\r\nHost: here\r\n\r\n")
        wait_until(lambda: [state for _, state in one.states()] == ["active"])
    wait_until(lambda: not where.server.server_state.connections)
    time.sleep(0.1)
    [(pid, state)] = one.states()
    assert state == "active"
    query(one.url, f"SELECT pg_terminate_backend({pid})")


def test_a_dependency_ends_after_the_response_or_by_its_scope_before(service: tuple[Service, Served]) -> None:
    one, where = service
    get(where, "/lines")
    wait_until(lambda: one.ended == ["lines", "session"])
    one.ended.clear()
    assert text_until_cut(where, "/closed", WIDE) == ""
    assert one.ended == ["session"]


def test_fastapi_s_own_yield_sends_a_message_for_each_row(service: tuple[Service, Served]) -> None:
    one, _ = service
    sent: dict[str, int] = {}

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def count(message: Any) -> None:
            sent[scope.get("path", "")] = sent.get(scope.get("path", ""), 0) + (message["type"] == "http.response.body")
            await send(message)

        await one.app(scope, receive, count)

    with served(counting) as where:
        sql = "SELECT i AS id, i AS num, 'x' AS data FROM generate_series(1, 1000) AS i"
        same = [get(where, path, sql=sql).text.replace(" ", "") for path in ("/yield", "/lines")]
    assert same[0] == same[1]
    assert (sent["/yield"], sent["/lines"]) == (1000 + 1, 10 + 1)


class Held:
    """What yields a first part, and a second one only once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.app = FastAPI()

        @self.app.get("/streamed")
        async def streamed(media_type: str = "application/jsonl") -> StreamingResponse:
            return StreamingResponse(self.parts(), media_type=media_type)

        @self.app.get("/whole")
        async def whole() -> Response:
            return Response("1\n2\n", media_type="application/jsonl")

    async def parts(self) -> AsyncIterator[str]:
        yield "1\n"
        while not self.may.is_set():
            await asyncio.sleep(0.01)
        yield "2\n"

    def first_part(self, where: Served, patience: float = 30) -> bytes:
        """Return what a client gets first, of which not all may be sent yet."""
        with httpx.stream("GET", f"{where.url}/streamed", timeout=patience) as response:
            try:
                return next(response.iter_bytes())
            finally:
                self.may.set()


def test_middlewares_pass_a_stream_on_unless_they_read_it_all() -> None:
    held, compressed, passed = Held(), Held(), Held()
    compressed.app.add_middleware(GZipMiddleware)
    passed.app.middleware("http")(passing_on)
    for one in (held, compressed, passed):
        with served(one.app) as where:
            assert one.first_part(where) == b"1\n"
    read = Held()
    read.app.middleware("http")(reading_all)
    with served(read.app) as where:
        with pytest.raises(httpx.ReadTimeout):
            read.first_part(where, 0.3)
        read.may.set()


def test_compression_takes_even_a_small_stream_and_no_small_response() -> None:
    one = Held()
    one.app.add_middleware(GZipMiddleware)
    one.may.set()
    with served(one.app) as where:
        streamed, whole = (get(where, path) for path in ("/streamed", "/whole"))
        for media_type in ("text/event-stream", "application/gzip", "image/png", "video/mp4"):
            assert "content-encoding" not in get(where, "/streamed", media_type=media_type).headers
    assert streamed.headers["content-encoding"] == "gzip"
    assert "content-length" not in streamed.headers
    assert "content-encoding" not in whole.headers
    assert streamed.text == whole.text == "1\n2\n"


class Public(BaseModel):
    id: int


def test_response_model_filters_and_documents_and_of_a_response_it_documents_only() -> None:
    app = FastAPI()
    rows = [{"id": 1, "secret": "x"}]

    @app.get("/model", response_model=list[Public])
    async def model() -> Any:
        return rows

    @app.get("/response")
    async def response() -> Response:
        return Response(json.dumps(rows), media_type="application/json")

    @app.get("/kept", response_model=list[Public])
    async def kept() -> Response:
        return Response(json.dumps(rows), media_type="application/json")

    @app.get("/documented", responses={200: {"model": list[Public]}})
    async def documented() -> Response:
        return Response(json.dumps(rows), media_type="application/json")

    @app.get("/yield")
    async def yields() -> AsyncIterable[Public]:
        yield Public(id=1)

    with served(app) as where:
        assert get(where, "/model").json() == [{"id": 1}]
        assert [get(where, path).json() for path in ("/response", "/kept", "/documented")] == [rows] * 3
        paths = get(where, "/openapi.json").json()["paths"]
    named = {path: "Public" in json.dumps(paths[path]["get"]["responses"]["200"]) for path in paths}
    assert named == {"/model": True, "/response": False, "/kept": True, "/documented": True, "/yield": True}


@pytest.mark.parametrize(("cast", "lines"), [("json", 2), ("jsonb", 1)])
def test_a_column_of_json_keeps_its_line_breaks_in_a_row_and_one_of_jsonb_has_none(
    url: str, cast: str, lines: int
) -> None:
    sql = f"SELECT row_to_json(one)::text FROM (SELECT E'[\\n1]'::{cast} AS told, E'\\n' AS text) AS one"
    [(text_of_row,)] = query(url, sql)
    assert len(text_of_row.split("\n")) == lines
    assert json.loads(text_of_row) == {"told": [1], "text": "\n"}


def test_a_type_adapter_filters_what_is_no_field_of_its_model() -> None:
    models = TypeAdapter(list[Public])
    assert models.dump_json(models.validate_python([{"id": 1, "secret": "x"}])) == b'[{"id":1}]'


def test_entities_live_once_for_each_request_where_something_is_awaited_before_they_are_encoded(
    service: tuple[Service, Served],
) -> None:
    """That is closing a session, for example; a dependency is closed after they were encoded. Or in threads."""
    one, _ = service
    alive, counts = weakref.WeakSet[DbModel](), dict[str, int]()
    app = FastAPI()
    # The server answers several at about the same time, and the sessions wait for one another while they are closed.
    ending = asyncio.Barrier(5)
    event.listen(one.engine.sync_engine, "reset", lambda connection, *_: connection.run_async(lambda _: ending.wait()))
    query = select(DbModel).where(DbModel.id < 100, text("(SELECT pg_sleep(0.2)) IS NOT NULL"))

    async def read(session: AsyncSession, name: str) -> Sequence[DbModel]:
        found = (await session.scalars(query)).all()
        alive.update(found)
        counts[name] = max(counts.get(name, 0), len(alive))
        return found

    @app.get("/dependency", response_model=list[DomainModel])
    async def dependency(session: Annotated[AsyncSession, Depends(one.open_session)]) -> Any:
        return await read(session, "dependency")

    @app.get("/closed", response_model=list[DomainModel])
    async def closed() -> Any:
        async with AsyncSession(one.engine) as session:
            return await read(session, "closed")

    barrier, engine = threading.Barrier(5), create_engine(one.engine.url)

    @app.get("/thread", response_model=list[DomainModel])
    def thread() -> Any:
        with Session(engine) as session:
            found = session.scalars(query).all()
            alive.update(found)
            barrier.wait(TIMEOUT)  # five can be here at once
            counts["thread"] = max(counts.get("thread", 0), len(alive))
            barrier.wait(TIMEOUT)
        return found

    with served(app) as where, ThreadPoolExecutor(5) as pool:
        for path in ("/dependency", "/closed", "/thread"):
            sizes = pool.map(lambda _, path=path: len(get(where, path).json()), range(5))
            assert list(sizes) == [100] * 5
    engine.dispose()
    assert counts["dependency"] == 100
    assert counts["closed"] == 500
    assert counts["thread"] == 500


def test_a_pool_lends_fifteen_connections_and_threads_are_forty(service: tuple[Service, Served]) -> None:
    pool: Any = service[0].engine.pool
    assert (pool.size() + pool._max_overflow, pool.timeout()) == (15, 30)
    app = FastAPI()

    @app.get("/threads")
    async def threads() -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    with served(app) as where:
        assert get(where, "/threads").json() == 40


def test_limit_concurrency_refuses_what_is_too_many(service: tuple[Service, Served]) -> None:
    one, _ = service
    with served(one.app, limit_concurrency=3) as where, stopped(where, "/lines"), stopped(where, "/lines"):
        assert get(where, "/whole").status_code == 503
    with served(one.app, limit_concurrency=4) as where, stopped(where, "/lines"), stopped(where, "/lines"):
        assert get(where, "/whole").status_code == 200


def kept_by_connections(url: str) -> list[float]:
    """Return by how many MiB the process has grown after one large row, by another of the same connection, and so on.

    That is by a row of another connection, and after both were closed.
    """
    process, connections = psutil.Process(), [psycopg.connect(url) for _ in range(2)]
    before, found = process.memory_info().rss, []
    for connection in (connections[0], connections[0], connections[1]):
        connection.execute("SELECT repeat('x', 40 * 1024 * 1024)").fetchone()
        found.append((process.memory_info().rss - before) / MIB)
    for connection in connections:
        connection.close()
    return [*found, (process.memory_info().rss - before) / MIB]


@linux
def test_a_connection_keeps_a_buffer_as_large_as_its_largest_row(url: str) -> None:
    """So large a block is one of its own, which is given back once it is freed."""
    first, second, other, closed = in_a_fresh_process(kept_by_connections, url)
    assert 35 < first < 60
    assert abs(second - first) < 5
    assert 35 < other - first < 60
    assert closed < 10
