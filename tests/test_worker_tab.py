"""The tab "Your worker" of `docs/index.html`: its arithmetic is the study's, and its code counts what a worker has.

The page has prices that are made up here, by the maker of its block: nothing depends on what was measured of a worker.
"""

import functools
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from bench import results
from bench.look import pages, picture
from bench.studies.processes import page as processes
from bench.studies.requests import page as requests
from bench.studies.requests.endpoints import EndpointFigures
from bench.studies.worker.model import WorkerModel, units
from bench.studies.worker.page import prices
from bench.studies.worker.sources import FASTAPI, MAPPED, entity, model, reference, route
from bench.studies.worker.stack import INTERPRETER, STACK
from tests.support import PROJECT
from tests.test_calculator import CHROMIUM, anew, chromium, opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium")
MIB = 2**20
PYTHONS = ("3.11", "3.12")
INCLUDED = {"Pydantic": {"model": 3, "code": 5000}, "asyncpg and an engine": {"model": 1000}}
CODE = {"class": 400, "model": 150}


@functools.cache
def models() -> dict[str, WorkerModel]:
    """Return prices that nobody has measured: a library takes MiB, a part KiB."""
    chance = random.Random(28)
    libraries = [INTERPRETER.name, *(library.name for library in STACK)]

    def made() -> WorkerModel:
        parts = units(lambda _: chance.uniform(1e3, 1e5))
        return WorkerModel(
            {name: chance.randrange(5 * MIB, 25 * MIB) for name in libraries},
            {name: abs(round(size)) for name, size in parts.items()},
            2.137,
        )

    return {python: made() for python in PYTHONS}


def endpoints() -> dict[str, EndpointFigures]:
    measured = requests.figures(results.load("requests")).by_name
    return {endpoint.scenario.short: endpoint for endpoint in measured.values()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the page with these prices."""
    worker: Any = SimpleNamespace(models=models(), included=INCLUDED, own_code=CODE)
    block = prices(worker, requests.figures(results.load("requests")))
    text = picture.CALCULATOR.read_text(encoding="utf-8")
    blocks = {match[1]: match[0].split("\n", 1)[1].rpartition("\n")[0] for match in pages.BLOCK.finditer(text)}
    folder = tmp_path_factory.mktemp("page")
    for path, changed in pages.rewritten({folder / "index.html": text}, blocks | {"worker-prices": block}).items():
        path.write_text(changed, encoding="utf-8")
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def visitor(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, {}, address) as page:
        yield page


@pytest.fixture
def page(visitor: Page, address: str) -> Page:
    anew(visitor, address).get_by_role("tab", name="Your worker").click()
    return visitor


def test_script_computes_as_the_model_does_to_the_byte(page: Page) -> None:
    chance, usual = random.Random(9), page.evaluate("USUAL")
    workers: list[dict[str, Any]] = [
        {name: chance.randrange(2000) if isinstance(value, int) else value for name, value in usual.items()}
        | {"driver": driver, "uvicorn": chance.randrange(2), "documented": chance.randrange(2)}
        for driver in ("psycopg", "asyncpg") * 20
    ]
    script = """workers => workers.map((has) => [countsOf(has), ...Object.values(WORKERS).map((model) =>
        workerSize(pricesOf(model), countsOf(has))), workerOf(has).requests])"""
    named: set[str] = set()
    for worker, (counts, *sizes, peak) in zip(workers, page.evaluate(script, workers), strict=True):
        assert sizes == [model.worker(counts) for model in models().values()]
        endpoint = endpoints()[worker["kind"]]
        holding = min(worker["requests"], worker["connection"])
        assert peak == (round(endpoint.peak) + round(endpoint.further) * (holding - 1) if holding else 0)
        named |= set(counts)
    assert named == set(models()["3.12"].prices), "each part that has a price can be there, and no other one"


def test_forked_workers_share_what_was_measured_of_gunicorn_s(page: Page) -> None:
    script = "ways => ways.map((way) => [together(3, 100, 7, way), workersThatFit(1000, 100, 7, way)])"
    sizes = {"gunicorn": (320, 400), "gunicorn, preloaded": (150, 300), "gunicorn, preloaded, frozen": (150, 192)}
    services = {
        way: {"before": {"pss": before}, "after": {"pss": after}, "requests": 9}
        for way, (before, after) in sizes.items()
    }
    measured: Any = SimpleNamespace(by_way=services)
    [block] = re.findall(r"{.*}", processes.forks(measured), re.DOTALL)
    page.evaluate("found => Object.assign(FORKS, found)", json.loads(block))
    found = page.evaluate(script, ["apart", "forked", "frozen"])
    assert found == [[321, 9], [100 + 3 * (100 * 0.4375 + 7), 17], [pytest.approx(100 + 3 * (10 + 7)), 52]]


def test_what_it_has_is_answered_drawn_and_held_by_the_address(page: Page, browser: Browser) -> None:
    for label, text in {"Mapped classes": "200", "Columns": "2,400", "Requests at once": "20", "Workers": "3"}.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Driver").select_option("asyncpg")
    page.get_by_label("Python").select_option("3.11")
    page.get_by_label("They are").select_option("forked from one that has loaded all")
    page.get_by_text("Further parts").click()
    page.get_by_label("uvicorn").uncheck()
    counts = page.evaluate("countsOf(has)")
    given = {"class": 200, "column": 2400, "connection, asyncpg": 15, "statement's column": 150 * 12}
    assert given.items() <= counts.items()
    assert not {"uvicorn", "connection, psycopg", "psycopg and an engine"} & set(counts)
    later = ("queried", "statement", "connection", "prepared", "documented")
    first = {name: count for name, count in counts.items() if not name.startswith(later)}
    before, warm = (models()["3.11"].worker(some) for some in (first, counts))
    entities = endpoints()["entities"]
    peak = warm + round(entities.peak) + 14 * round(entities.further)
    fit = int((2048 * MIB - before) / (page.evaluate("ownShare('forked')") * before + peak - before))
    answer = f"{before / MIB:,.0f} MiB before its first request, {peak / MIB:,.0f} with 20 requests"
    fitting = f"(entities: 92,000 rows each); {fit} of them fit into 2 GiB"
    assert page.locator("#takes").inner_text() == f"This worker takes {answer} {fitting}"
    assert "5 of them hold no rows yet" in page.locator("#assumptions").inner_text()
    parts = page.locator("#picture i").evaluate_all("all => all.map(({ style }) => parseFloat(style.height))")
    limit = max(512 * MIB, peak)
    assert sum(parts) == pytest.approx(100 * peak / limit)
    assert parts[0] == pytest.approx(100 * models()["3.11"].libraries[INTERPRETER.name] / limit, 1e-4)
    answered = page.get_by_role("region", name="This worker takes").inner_text()
    page.get_by_role("tab", name="A row of your table").click()
    assert page.get_by_label("Python").input_value() == "3.11"
    page.locator("#text").fill("CREATE TABLE t (a int, b text)")
    page.get_by_role("tab", name="Your worker").click()
    other = browser.new_page()
    other.goto(page.url)
    assert other.get_by_role("region", name="This worker takes").inner_text() == answered
    assert other.evaluate("shown().name") == "t"
    other.close()
    page.get_by_label("A worker has, MiB").fill("100")
    assert "It does not fit 100 MiB" in page.locator("#assumptions").inner_text()
    page.get_by_label("Workers", exact=True).fill("x")
    assert page.get_by_label("Workers", exact=True).get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("hash_", ["tab=worker&w=class%7Cx&w=toString%7C1&w=driver%7Ceight&w&worker=256", "tab=worker"])
def test_address_that_nobody_made_is_read_as_far_as_it_goes(page: Page, address: str, hash_: str) -> None:
    anew(page, f"{address}#{hash_}")
    assert page.evaluate("JSON.stringify(has) === JSON.stringify(USUAL)")
    assert page.evaluate("state.worker") == (256 if "256" in hash_ else 512)
    assert page.get_by_role("heading", level=1).inner_text() == "What does a worker cost?"


def test_anyone_can_use_it(page: Page) -> None:
    """By keys, by ear, in the dark, on a phone, and on paper."""
    page.get_by_text("Further parts").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert (found := Axe().run(page)).violations_count == 0, found.generate_report()
    page.get_by_role("tab", name="Your worker").press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "tab-row"
    assert page.get_by_role("tabpanel").get_attribute("aria-labelledby") == "tab-row"
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.labels[0].textContent") == "Mapped classes"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Mapped classes").fill("999999999")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    heights = "[...document.querySelectorAll('button, input, select, textarea')].map((one) => one.offsetHeight)"
    assert not [height for height in page.evaluate(heights) if 0 < height < 44]
    assert Axe().run(page).violations_count == 0
    page.emulate_media(media="print")
    assert page.locator("#picture").is_visible()
    assert page.get_by_role("button").count() == page.get_by_role("tab").count() == 0


APPLICATION = "".join(
    [
        *(MAPPED, entity("Shop", 5, ['orders: Mapped[list["Order"]] = relationship(back_populates="shop")'])),
        entity("Order", 7, [reference("shop_id", "Shop"), 'shop: Mapped["Shop"] = relationship()']).replace(
            "relationship()", 'relationship(back_populates="orders")'
        ),
        *(FASTAPI, model("Money", 3), model("Paid", 4, "int | None = None"), route(1, ", response_model=list[Paid]")),
        *(route(2, "", ", page: int = 1, size: int = 2"), route(3, "", ", paid: Paid = None")),
    ]
)
COUNTS = {
    **{"class": 2, "column": 5 + 7 + 1, "inherited column": 0, "foreign key": 1, "relationship": 2},
    **{"model": 2, "field": 7, "default": 4, "description": 0},
    **{"route": 3, "response model": 1, "query parameter": 2, "body": 1, "dependency": 0},
}


def test_code_that_counts_is_pasted_run_and_its_line_taken(page: Page, tmp_path: Path) -> None:
    counting = page.locator("#count-code").text_content()
    assert counting
    (tmp_path / "service.py").write_text(APPLICATION, encoding="utf-8")
    more = "\nfrom bench.studies.worker import count\nmade = {'lark': {'made': 5_000_000, 'code': 0}}\n"
    more += "print(json.dumps({'counts': count.with_made(count.parts(), made)}))"
    run = subprocess.run(
        [sys.executable, "-c", f"import service\n{counting}{more}"],
        cwd=PROJECT,
        env={"PYTHONPATH": f"{tmp_path}:{PROJECT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed, counted = run.stdout.splitlines()
    counts, of_all = json.loads(printed), json.loads(counted)["counts"]
    code = counts.pop("code")
    assert counts == COUNTS
    assert 1_000 < code < 100_000, "the service's, and what CPython has made of its build"
    alike = set(counts) - {"model", "field", "default", "description"}
    assert {name: of_all[name] for name in alike} == {name: counts[name] for name in alike}
    page.get_by_label("What it printed").fill(printed)
    taken = page.evaluate("has")
    assert counts.items() <= taken.items()
    assert taken["code"] == code - 2 * CODE["class"] - 2 * CODE["model"]
    assert "Taken: 2 mapped classes, 13 columns" in page.locator("#taken").inner_text()
    page.get_by_label("What it printed").fill(counted)
    taken = page.evaluate("has")
    assert taken["model"] == of_all["model"] - INCLUDED["Pydantic"]["model"]
    assert taken["made"] == 5_000_000
    assert taken["uvicorn"] == 0
    assert taken["statement"] == page.evaluate("USUAL.statement")
    ones = {"class": "mapped class", "statement": "different query", "body": "body", "default": "field"}
    page.get_by_label("What it printed").fill(json.dumps(dict.fromkeys(ones, 1)))
    assert {*re.findall(r"1 ([^,]*?)(?: with a default)?[,.]", page.locator("#taken").inner_text())} == {*ones.values()}
    page.get_by_label("What it printed").fill("[1, {")
    assert re.match("This is not the line", page.locator("#taken").inner_text())
