"""The endpoints: each answers with every row, and what measures their requests sees what it says that it sees."""

import asyncio
import re
import runpy
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench import process, results
from bench.digests import Snapshot
from bench.look import pages
from bench.runs import UNTRACED, Job
from bench.scripts import ENDPOINTS, PROJECT, Scenario
from bench.studies.requests import client, measure
from bench.studies.requests.bodies import count_rows, rows_of
from bench.studies.requests.endpoints import PATIENCE, EndpointFigures, Requests, figures_of
from bench.studies.requests.page import blocks, charts, given_back, tables
from bench.studies.requests.serving import AGAIN, MANY, Client, Load, Output, Slow
from bench.studies.requests.watching import Watch
from common import MIB
from db_model import DbModel
from domain_model import DomainModel
from tests.serving import passing_on, reading_all, served
from tests.support import ROWS, query

TYPES = {"csv_copy": "text/csv", **dict.fromkeys(("lines", "lines_database", "lines_loaded"), "application/jsonl")}
NAMES = [one.name for one in ENDPOINTS]


def application(name: str) -> FastAPI:
    """Return an endpoint's application, with an engine of its own: each belongs to one event loop."""
    found = runpy.run_module(name)["app"]
    assert isinstance(found, FastAPI)
    return found


def test_missing_package_is_known_beforehand(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(Scenario, "missing", "fastapi")
    assert list(measure.measure(NAMES, None, full=True)) == []
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(NAMES)
    assert said[0] == (
        "endpoints.entities is left out: fastapi is not installed for this Python: "
        "`make venv groups=requests` installs it into .venv"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_in_the_response_in_a_format_that_its_type_names(name: str, database: str) -> None:
    with served(application(name)) as one:
        answer = client.several(one.port, 2, 0)
        assert answer["rows"] == ROWS
        assert len(answer["first"]) == len(answer["last"]) == 2
        bodies = client.read_all(one.port, ROWS - 10)
        assert len(bodies) == 1
        expected = TYPES.get(name.removeprefix("endpoints."), "application/json")
        assert bodies[0].content_type.partition(";")[0] == expected
        assert len(rows_of(expected, bodies[0].content.decode())) == 10
        [none] = client.read_all(one.port, ROWS)
        assert rows_of(expected, none.content.decode()) == []


def application_of_the_page(url: str, model: type[BaseModel]) -> tuple[FastAPI, dict[str, Any]]:
    """Return an application of all of its blocks, as they stand there, and the names that they define."""
    page = (PROJECT / "docs" / "a-request.md").read_text(encoding="utf-8")
    engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    app = FastAPI()
    names: dict[str, Any] = {"app": app, "engine": engine, "DbModel": DbModel, "DomainModel": model}
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        exec(block, names)
    return app, names


def test_the_page_s_code_answers_with_every_row(url: str) -> None:
    app, _ = application_of_the_page(url, DomainModel)
    sizes: dict[str, list[int]] = {}
    with served(app) as one:
        for path in ("/array", "/lines", "/pages"):
            following: str | None = f"{one.url}{path}"
            start = 0
            while following:
                response = httpx.get(following)
                count = count_rows(response.headers["content-type"], response.content, start, None)
                sizes[path] = [*sizes.get(path, []), count]
                following, start = response.links.get("next", {}).get("url"), start + count
        documented = httpx.get(f"{one.url}/openapi.json").json()["paths"]["/array"]["get"]["responses"]["200"]
    assert sizes == {"/array": [ROWS], "/lines": [ROWS], "/pages": [1000, 1000, 0]}
    assert "DomainModel" in str(documented)


class Renamed(BaseModel):
    """A response's model as many are: another name in JSON, and no `from_attributes`, which FastAPI does not need."""

    id: int
    num: int = Field(serialization_alias="theNumber")
    data: str


def test_the_page_s_array_is_what_response_model_answers(url: str) -> None:
    app, names = application_of_the_page(url, Renamed)

    @app.get("/before", response_model=list[Renamed])
    async def before(session: Annotated[AsyncSession, Depends(names["open_session"])]) -> Sequence[DbModel]:
        return (await session.scalars(select(DbModel))).all()

    with served(app) as one:
        expected, found = (httpx.get(f"{one.url}{path}").text.split("{") for path in ("/before", "/array"))
    assert found[:3] == expected[:3] == ["[", '"id":0,"theNumber":0,"data":"hello-0"},', found[2]]
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []


def test_pages_are_followed_to_the_last_one(database: str) -> None:
    with served(application("endpoints.pages")) as one:
        bodies = client.read_all(one.port, 0)
        assert [len(rows_of("application/json", body.content.decode())) for body in bodies] == [1000, 1000, 0]
        assert client.several(one.port, 1, 500)["rows"] == ROWS - 500


@pytest.mark.parametrize(
    ("media_type", "text", "message"),
    [
        ("application/json", '[{"id": 1, "num": 5, "data": "hello-1"}', "Expecting"),
        ("application/json", '[{"id": 1, "num": 5}]', "other fields"),
        ("application/jsonl", '{"id": 1, "num": 5, "data": "hello-1"}', "are missing"),
        ("application/jsonl", '{"complete": true, "rows": 1}\n', "are missing"),
        ("text/csv", "id,num\n", "other columns"),
        ("text/html", "", "a body is of type text/html"),
    ],
)
def test_a_body_that_is_not_as_its_type_says_is_an_error(media_type: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows_of(media_type, text)


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b'[{"id": 1, "num": 5, "data": "hello-1"}]', 200, "other rows than the table"),  # the first one is missing
        (b"[]", 500, "answers with status 500"),
    ],
)
def test_the_client_refuses_what_is_wrong(content: bytes, status: int, message: str) -> None:
    app = FastAPI()

    @app.get("/rows")
    async def rows() -> Response:
        return Response(content, status, media_type="application/json")

    with served(app) as one, pytest.raises(ValueError, match=message):
        client.several(one.port, 1, 0)


@pytest.mark.parametrize("announced", [None, "0", "2"])
def test_a_csv_that_lacks_rows_is_seen_from_its_header(announced: str | None) -> None:
    body = b"id,num,data\n0,0,hello-0\n"
    assert count_rows("text/csv", body, 0, "1") == 1
    with pytest.raises(ValueError, match=f"a CSV has 1 rows, and its header says {announced}"):
        count_rows("text/csv", body, 0, announced)


FAILS_AT_5_000 = """
CREATE VIEW data AS
SELECT i AS id, 5 * i % 200 + 0 / (5000 - i) AS num, 'hello-' || i AS data FROM generate_series(0, 6000) AS i
"""


@pytest.mark.parametrize("middleware", [passing_on, reading_all])
@pytest.mark.parametrize("name", ["lines", "lines_database", "json_array", "json_array_sync", "csv_copy"])
def test_a_stream_that_a_middleware_has_finished_too_early_can_be_told_from_a_whole_one(
    name: str, middleware: Any, schema_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(schema_url, FAILS_AT_5_000)
    monkeypatch.setenv("DATABASE_URL", schema_url)
    app = application(f"endpoints.{name}")
    app.middleware("http")(middleware)
    with served(app) as one:
        response = httpx.get(f"{one.url}/rows")
        assert response.status_code == 200
        assert '"hello-3000"' in response.text or ",hello-3000\n" in response.text
        with pytest.raises(ValueError, match=r"lines were cut|Expecting|its header says (6001|None)"):
            client.several(one.port, 1, 0)


def test_why_the_client_has_failed_is_told(database: str) -> None:
    app = FastAPI()

    @app.get("/rows")
    async def rows() -> Response:
        return Response(b"[]", 404, media_type="application/json")

    with served(app) as one:
        reader = Client(one.port, one.port)
        with pytest.raises(RuntimeError, match=r"^the client says: .*Error: the endpoint answers with status 404$"):
            reader.tell("1 few")
        reader.end()


@pytest.fixture(scope="module")
def output(url: str) -> Output:
    """Measure one endpoint as the study does, in processes of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        job = Job(Scenario("endpoints.json_array"), UNTRACED, module="bench.studies.requests.serving")
        [outcome] = process.succeeded(process.run([], [job]))
    found: Output = measure.measured(outcome, {}).record
    return found


def test_what_is_measured_of_an_endpoint(output: Output) -> None:
    single = [output["one"], *output["more"]]
    assert output["rows"] == ROWS
    assert len(single) == 1 + MANY
    assert 40 * MIB < output["warm"] < 200 * MIB
    assert all(len(one["first"]) == 1 and 0 < one["first"][0] <= one["last"][0] for one in single)
    assert all(one["after"] <= one["peak"] + MIB < 50 * MIB for one in single)
    assert all(one["held"] > 0 for one in single)
    assert {one["connections"] for one in single} == {1}
    assert [len(many["last"]) for many in output["many"]] == [MANY] * AGAIN
    assert all(1 <= many["connections"] <= MANY for many in output["many"])
    assert output["crowds"] == []
    assert output["slow"]["connections"] in (0, 1)  # a body this small may lie in the kernel's buffers
    assert output["given_back"] is not None
    assert {"fastapi", "uvicorn", "sqlalchemy", "psycopg", "pydantic", "python"} <= set(output["versions"])


def test_the_watch_sees_a_blocked_loop_and_a_held_connection(url: str) -> None:
    watch = Watch()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))

    async def block() -> None:
        ticking = asyncio.create_task(watch.tick())
        await asyncio.sleep(0.02)
        time.sleep(0.2)
        await asyncio.sleep(0.02)
        ticking.cancel()

    with watch.seeing() as seen:
        with engine.connect(), engine.connect():
            assert watch.connections == 2
            asyncio.run(block())
        with engine.connect():
            pass
    engine.dispose()
    assert 0.19 < seen["blocked"] < seen["held"]
    assert (seen["connections"], watch.connections) == (2, 0)
    with watch.seeing() as later:
        pass
    assert (later["blocked"], later["held"], later["connections"]) == (0, 0, 0)


def figures(warm: int, single: int, many: int) -> EndpointFigures:
    """Return figures of so many MiB: the warm process, the peak of a request, and that of ten at once."""

    def load(peak: int) -> Load:
        return Load(
            peak=peak * MIB,
            after=0,
            blocked=0.0,
            held=1.0,
            connections=1,
            first=[0.1],
            last=[0.2],
            rows=1,
            size=1,
            refused=0,
        )

    output = Output(
        rows=1,
        warm=warm * MIB,
        one=load(single),
        more=[load(single)] * MANY,
        many=[load(many), load(many + 1), load(many - 1)],
        crowds=[],
        slow=Slow(waiting=0, connections=0, held=0.0),
        given_back=0.0,
        versions={},
    )
    return figures_of("endpoints.json_array", output)


@pytest.mark.parametrize(
    ("warm", "single", "many", "fitting"),
    [
        (82, 150, 240, None),  # 280 MiB are left, and each further request takes 10: all fifteen of the pool's fit
        (82, 150, 420, 1 + 9),  # 30
        (82, 150, 1320, 1 + 2),  # 130
        (82, 430, 430 + 90, 1),  # exactly one
        (82, 431, 431 + 90, 0),
        (412, 10, 10 + 9 * 6, None),  # exactly fifteen
        (412, 17, 17 + 9 * 6, 14),
    ],
)
def test_how_many_requests_fit_a_worker(warm: int, single: int, many: int, fitting: int | None) -> None:
    one = figures(warm, single, many)
    assert one.fitting(512 * MIB) == fitting
    further = (many - single) / 9
    if fitting:
        assert warm + single + (fitting - 1) * further <= 512 < warm + single + fitting * further


def test_the_pool_has_connections_in_time_for_those_it_lends_and_for_who_waits_no_longer_than_it_does() -> None:
    assert figures(82, 150, 240).in_time == 15 + 1500  # ten take 0.2 s
    one = figures(82, 150, 240)
    slow = replace(
        one, many=[Load(**{**one.many[0], "last": [14.0, 15.0]})], single=[Load(**{**one.single[0], "held": 2.0})]
    )
    assert slow.in_time == 15 + 20
    assert create_engine("postgresql+psycopg://").pool.timeout() == PATIENCE  # type: ignore[attr-defined]


@pytest.mark.parametrize("crowd", [True, False])
def test_a_crowd_of_which_some_are_refused(crowd: bool, database: str) -> None:
    app = FastAPI()
    answered: list[int] = []

    @app.get("/rows")
    async def rows() -> Response:
        answered.append(1)
        return Response(b"[]", 200 if len(answered) % 2 else 500, media_type="application/json")

    with served(app) as one, nullcontext() if crowd else pytest.raises(ValueError, match="with status 500"):
        answer = client.several(one.port, 4, 0, crowd)
        assert (answer["refused"], len(answer["last"])) == (2, 2)


def all_figures(warm: int = 82, single: int = 150, many: int = 240) -> Requests:
    names = {"fastapi": "1", "uvicorn": "2", "sqlalchemy": "3"}
    header = results.header(ROWS, names)
    return Requests({one.name: replace(figures(warm, single, many), scenario=one) for one in ENDPOINTS}, header)


def test_every_block_has_its_place() -> None:
    page = (PROJECT / "docs" / "a-request.md").read_text(encoding="utf-8")
    assert {match[1] for match in pages.BLOCK.finditer(page)} == blocks(all_figures()).keys()


def test_the_answer_and_the_line_below_the_table_say_what_memory_and_what_the_pool_allow() -> None:
    found = blocks(all_figures())
    assert "has memory for any number of the former at once, for any number of the latter" in found["request"]
    assert (
        "in a worker of 512 MiB, whose process takes 82 MiB without any: the others any number, "
        in found["requests-fit"]
    )
    assert "entities hundreds" in found["requests-fit"]
    assert (
        "In 3 runs, ten at once took 239.0 to 241.0 MiB (entities) and 239.0 to 241.0 MiB (JSON array). "
        in found["requests-fit"]
    )
    assert "Measured with entities" not in found["requests-fit"]
    few = all_figures(82, 150, 1320)
    entities = few.by_name["endpoints.entities"]
    crowds = [Load(**{**entities.many[0], "last": [1.0] * 17 + [29.0], "refused": 2})]
    entities = replace(entities, crowds=crowds)
    text = blocks(replace(few, by_name={**few.by_name, "endpoints.entities": entities}))["requests-fit"]
    assert ": entities 3; entities (def) 3; " in text
    assert "of 20, 18 were answered with rows, in 29 s, at a peak of 1,320 MiB. In 3 runs, " in text


def test_tables_name_every_endpoint_once() -> None:
    found = all_figures()
    for table in tables(found, NAMES[:2]):
        assert [row[0] for row in table.texts()[1:]] == [one.title for one in ENDPOINTS[:2]]
    assert set(charts(found)) == {"a-request.svg"}


def test_what_a_reader_who_leaves_gives_back_is_told() -> None:
    one = figures(82, 150, 240)
    assert given_back(one) == "before"
    holding = replace(one, slow=Slow(waiting=1, connections=1, held=1.0))
    assert given_back(holding) == "0.00"
    assert given_back(replace(holding, given_back=None)) == "never"


def test_an_endpoint_s_result_is_decided_by_its_file_and_by_what_measures_it() -> None:
    command = Job(Scenario("endpoints.json_array"), UNTRACED, module="bench.studies.requests.serving").command[1:]
    files = Snapshot.now().loaded(command)
    assert {
        "endpoints/json_array.py",
        "domain_model.py",
        "bench/studies/requests/client.py",
        "bench/memory.py",
    } <= files.keys()
    assert not [file for file in files if file.startswith("endpoints/l")]
    assert "bench/studies/requests/page.py" not in files
