"""What the endpoints' page says around their code: addresses behind a proxy, an order to page by, and the pool."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, create_model
from sqlalchemy import Engine, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from db_model import DbModel
from tests.serving import served
from tests.support import ROWS, TIMEOUT, expected_rows, wait_until


@pytest.mark.filterwarnings("ignore:The Row._?t attribute is deprecated")
@pytest.mark.parametrize("name", ["t", "tuple", "_mapping", "_fields", "_data", "_parent"])
def test_column_that_is_called_as_a_row_s_own_is_no_attribute_but_an_item_of_its_mapping(
    engine: Engine, name: str
) -> None:
    fields: Any = {"value": (int, Field(alias=name))}
    kind: Any = create_model("Labelled", **fields)
    models: TypeAdapter[list[Any]] = TypeAdapter(list[kind])
    query = text(f"SELECT 5 AS {name}")
    with engine.connect() as connection:
        with pytest.raises(ValidationError, match=rf"0\.{name}\n"):
            models.validate_python(connection.execute(query).all(), from_attributes=True)
        [batch] = connection.execute(query).mappings().partitions(10)
        assert [model.value for model in models.validate_python(batch, from_attributes=True)] == [5]


class Numbered(BaseModel):
    id: int
    num: int


@pytest.mark.parametrize(
    ("name", "which", "expected"),
    [
        ("include", {"id"}, []),
        ("include", {"__all__": {"id"}}, [{"id": 1}]),
        ("exclude", {"id"}, [{"id": 1, "num": 2}]),
        ("exclude", {"__all__": {"id"}}, [{"num": 2}]),
    ],
)
def test_what_is_included_of_a_list_is_named_by_element(name: str, which: Any, expected: list[dict[str, int]]) -> None:
    app = FastAPI()
    options: dict[str, Any] = {f"response_model_{name}": which}

    @app.get("/", response_model=list[Numbered], **options)
    async def numbers() -> list[Numbered]:
        return [Numbered(id=1, num=2)]

    with served(app) as where:
        assert httpx.get(where.url).json() == expected
    models = TypeAdapter(list[Numbered])
    assert models.dump_python([Numbered(id=1, num=2)], **{name: which}) == expected


@pytest.mark.parametrize(
    ("root_path", "headers", "address"),
    [
        ("", {}, "http://{own}/"),
        ("", {"Host": "shop.example"}, "http://shop.example/"),
        ("", {"Host": "shop.example", "X-Forwarded-Proto": "https"}, "https://shop.example/"),
        ("", {"X-Forwarded-Host": "shop.example"}, "http://{own}/"),
        ("/api", {"Host": "shop.example"}, "http://shop.example/api/"),
    ],
)
def test_the_next_page_s_address_is_the_proxy_s_where_it_says_host_scheme_and_prefix(
    root_path: str, headers: dict[str, str], address: str
) -> None:
    app = FastAPI()

    @app.get("/")
    async def following(request: Request) -> str:
        return str(request.url.include_query_params(start=5))

    with served(app, root_path=root_path) as where:
        expected = address.format(own=where.url.removeprefix("http://"))
        assert httpx.get(where.url, headers=headers).json() == f"{expected}?start=5"


@pytest.mark.parametrize(
    ("client", "scheme"),
    [(("127.0.0.1", 1), "https"), (("::1", 1), "https"), (("172.17.0.2", 1), "http"), (None, "http")],
)
def test_a_proxy_is_believed_where_it_connects_from_this_machine_but_not_by_a_unix_socket(
    client: Any, scheme: str
) -> None:
    """Such a one has no address. The application is that which uvicorn makes of one, by its own defaults."""
    app = FastAPI()

    @app.get("/")
    async def scheme_of(request: Request) -> str:
        return request.url.scheme

    async def ask() -> str:
        config = uvicorn.Config(app)
        config.load()
        transport = httpx.ASGITransport(config.loaded_app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as asking:
            return str((await asking.get("/", headers={"X-Forwarded-Proto": "https"})).json())

    assert asyncio.run(ask()) == scheme


def test_pages_of_an_order_that_is_not_unique_are_whole_with_the_key_and_not_without_it_or_with_nulls(
    session: Session,
) -> None:
    def pages(after: Any, num: Any = DbModel.num) -> list[int]:
        query = select(num.label("num"), DbModel.id).order_by(num, DbModel.id).limit(7)
        found, page = [], session.execute(query).all()
        while page:
            found += [row.id for row in page]
            page = session.execute(query.where(after(page[-1]))).all()
        return found

    every = sorted((num, number) for number, num, _ in expected_rows(ROWS))
    assert pages(lambda last: tuple_(DbModel.num, DbModel.id) > (last.num, last.id)) == [key for _, key in every]
    assert len(pages(lambda last: DbModel.num > last.num)) < len(every)
    num = func.nullif(DbModel.num, every[0][0])
    assert 0 < len(pages(lambda last: tuple_(num, DbModel.id) > (last.num, last.id), num)) < len(every)


def test_no_more_requests_hold_rows_than_the_pool_lends_and_others_fail_once_they_have_waited(url: str) -> None:
    """Two connections and a fifth of a second, in place of fifteen and thirty seconds."""
    address = url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_async_engine(address, pool_size=1, max_overflow=1, pool_timeout=0.2)
    app, enough = FastAPI(), threading.Event()

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    @app.get("/")
    async def rows(session: Annotated[AsyncSession, Depends(open_session)]) -> int:
        kept = (await session.scalars(select(DbModel).limit(10))).all()
        while not enough.is_set():
            await asyncio.sleep(0.01)
        return len(kept)

    with served(app) as where, ThreadPoolExecutor(10) as pool:
        answers = [pool.submit(lambda: httpx.get(where.url, timeout=TIMEOUT).status_code) for _ in range(10)]
        try:
            wait_until(lambda: sum(answer.done() for answer in answers) == 8)
        finally:
            enough.set()
    asyncio.run(engine.dispose())
    assert sorted(answer.result() for answer in answers) == [200] * 2 + [500] * 8
