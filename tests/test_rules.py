"""What is advised is true: what a line of it promises, and where; and what cannot be known is not promised."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.yours.function.advising import advice, unadvised
from bench.yours.function.figures import FunctionFigures, Held
from bench.yours.function.launching import STATEMENTS, Order, run
from bench.yours.function.measuring import measure
from bench.yours.function.rules.change import attribute_of, awaiting
from bench.yours.function.rules.django import tuples
from bench.yours.function.rules.sizes import transient

ROWS, BODY = 12_000, 1_000
MODULE = f"""
import asyncio, os
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, defer, mapped_column

class Base(DeclarativeBase): ...
class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
class Slim(Base):
    __tablename__ = "slim"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(deferred=True)
BODY = {BODY}
MANY = f"SELECT i AS id, 'title ' || i AS title, repeat('x', {BODY}) AS body FROM generate_series(1, {ROWS}) AS i"
COLUMNS = text(MANY).columns(Post.id, Post.title, Post.body)
ENTITIES = select(Post).from_statement(COLUMNS)
PLAIN = text(MANY.replace(f", repeat('x', {BODY}) AS body", ""))
DEFERRED = select(Slim).from_statement(PLAIN.columns(Slim.id, Slim.title))
BY_OPTION = select(Post).options(defer(Post.body)).from_statement(PLAIN.columns(Post.id, Post.title))
async def read(driver, statement):
    url = "postgresql" + os.environ["DATABASE_URL"][os.environ["DATABASE_URL"].index("://"):]
    async with AsyncSession(create_async_engine(url.replace("postgresql:", f"postgresql+{{driver}}:"))) as session:
        return (await session.execute(statement)).all()
def set_up_django():
    from urllib.parse import urlsplit
    import django
    from django.conf import settings
    url = urlsplit(os.environ["DATABASE_URL"])
    names = {{"NAME": url.path[1:], "USER": url.username, "PASSWORD": url.password, "HOST": url.hostname}}
    engine = {{"ENGINE": "django.db.backends.postgresql", "PORT": url.port}}
    settings.configure(DATABASES={{"default": {{**names, **engine}}}}, INSTALLED_APPS=["ruled"])
    django.setup()
    from django.db import connection, models
    class Author(models.Model):
        class Meta: db_table, app_label = "author", "ruled"
    class Text(models.Model):
        author = models.ForeignKey(Author, models.CASCADE, related_name="texts")
        body = models.TextField()
        class Meta: db_table, app_label = "text", "ruled"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE author AS SELECT i AS id FROM generate_series(1, 2000) AS i")
        columns = "i AS id, 1 + i % 2000 AS author_id, repeat('x', {BODY}) AS body"
        cursor.execute(f"CREATE TEMP TABLE text AS SELECT {{columns}} FROM generate_series(1, 4000) AS i")
    set_up_django.texts = Text.objects
    return Author.objects, Text.objects
def prefetched():
    return sum(len(author.texts.all()) for author in set_up_django()[0].prefetch_related("texts"))
def kept_models(): return list(set_up_django()[1].all())
def streamed_models(): return len([text for text in set_up_django()[1].iterator(chunk_size=500)])
def bulk_updated(batch: int = 4000):
    texts = list(set_up_django()[1].all())
    for text in texts: text.author_id = 1
    for start in range(0, 4000, batch):
        set_up_django.texts.bulk_update(texts[start : start + batch], ["author_id"], batch_size=500)
def kept_tuples(): return list(set_up_django()[1].values_list())
def as_values(): return len(list(set_up_django()[1].values()))
def twice():
    texts = set_up_django()[1].order_by("id")
    most = max(text.id for text in texts)
    return most, sum(text.id for text in texts.order_by("-id"))
app = FastAPI()
class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
@app.get("/posts", response_model=list[PostOut])
async def posts(): return [post for post, in await read("asyncpg", ENTITIES)]
@app.get("/counts")
async def counts(): return {{post.id: len(post.title) for post, in await read("asyncpg", ENTITIES)}}
@app.get("/gathered")
async def gathered():
    return max([len(rows) for rows in await asyncio.gather(*(read("psycopg", COLUMNS) for _ in range(3)))])
async def kept_by_asyncpg(): return await read("asyncpg", ENTITIES)
async def columns_by_asyncpg(): return await read("asyncpg", COLUMNS)
async def deferred_by_asyncpg(): return await read("asyncpg", DEFERRED)
async def kept_by_psycopg(): return await read("psycopg", ENTITIES)
async def columns_by_psycopg(): return await read("psycopg", COLUMNS)
async def option_by_psycopg(): return await read("psycopg", BY_OPTION)
async def deferred_by_psycopg(): return await read("psycopg", DEFERRED)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ruled")
    (folder / "ruled.py").write_text(MODULE)
    return folder


@pytest.fixture
def found(folder: Path, database: str) -> "Found":
    """Return what is known of a function, measured when it is first asked for."""
    return Found(folder)


class Found(dict[str, FunctionFigures]):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, function: str) -> FunctionFigures:
        request = (f"GET {function}",) if function.startswith("/") else ()
        target = "app" if request else function
        order = Order(f"ruled:{target}", self.folder, Path(sys.executable), requests=request)
        self[function] = measure(order, not request, lambda _: None)
        assert not self[function].error
        return self[function]

    def peak(self, function: str) -> int:
        """Return what is traced at the peak, with nothing else looked at."""
        found = run(Order(f"ruled:{function}", self.folder, Path(sys.executable)), STATEMENTS).found
        return int(found["traced_peak"])


def test_most_of_the_peak_is_more_than_half_of_it(found: Found) -> None:
    kept = found["kept_by_asyncpg"]
    for size, said in ((6, "Most of the peak, 6.0 MiB, was added while a.py:1 ran."), (4, "a.py:1 added 4.0")):
        peak = Held(10 * 2**20, {}, {}, {}, [(("", 0), 4 * 2**20), (("a.py", 1), size * 2**20)], {}, {})
        told = " ".join(unadvised(replace(kept, at_peak=peak)))
        assert said in told
        assert "no rule applies" in told
        assert "1,000" in " ".join(unadvised(replace(kept, at_peak=peak, statements=[])))
    # A cursor's rows are dropped, unless a line has half as much as their values.
    cursors = [replace(one, streamed=True) for one in kept.statements]
    for size, names in ((ROWS * BODY, {"wide column"}), (2**20, set())):
        peak = Held(10 * 2**20, {}, {}, {}, [(("a.py", 1), size)], {}, {})
        advised = advice(replace(kept, at_peak=peak, statements=cursors, attributes={}))
        assert {step.name for step in advised} & {"wide column"} == names


def test_a_joined_class_s_column_is_told_by_its_label(found: Found) -> None:
    kept = found["kept_by_asyncpg"]
    [one] = kept.statements
    both = {"ruled.Post": 1, "ruled.Slim": 1}
    for label, attribute in (("slim_1_body", "Slim.body"), ("body", ""), ("slim_body", ""), ("slim_1_other", "")):
        assert attribute_of(kept, replace(one, classes=both, names=[label]), label) == attribute


def test_what_is_awaited_is_written_so(found: Found) -> None:
    [one] = found["kept_by_asyncpg"].statements
    for module, word in (("ext.asyncio.session", "await "), ("orm.session", "")):
        called = replace(one, called=f"sqlalchemy.{module}:execute")
        assert awaiting(called, "session.execute(…)") == f"{word}session.execute(…)"


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_what_is_promised_of_kept_entities_is_saved(driver: str, found: Found) -> None:
    """What asyncpg decodes is of the line that awaits it, too; and an option gives each state a dict."""
    promised = {step.name: step.saves or 0 for step in advice(found[f"kept_by_{driver}"])}
    peak = found.peak(f"kept_by_{driver}")
    for name, function in (("columns", "columns"), ("wide column", "deferred")):
        saved = peak - found.peak(f"{function}_by_{driver}")
        # Which is not traced: libpq's blocks of 2 KiB have room for one of these rows.
        beside = 2 * ROWS * (BODY + 50) if (driver, name) == ("psycopg", "wide column") else 0
        assert 0.7 * saved < promised[name] < 1.3 * saved + beside
    if driver == "psycopg":
        assert found.peak("option_by_psycopg") > found.peak("deferred_by_psycopg") + 100 * ROWS
    assert ("yield_per" in promised) == (driver == "psycopg")  # whose rows are beside the objects
    texts = {step.name: step.text for step in advice(found[f"kept_by_{driver}"])}
    assert "yield_per" not in texts or texts["yield_per"].endswith(" MiB at the peak, though these are kept.")


@pytest.mark.parametrize(
    ("request_line", "names", "streamed", "said"),
    [
        (
            "/posts",
            ["yield_per", "wide column", "columns"],
            True,
            "the ruled.PostOut made of them and the answer are there at once",
        ),
        ("/counts", ["wide column", "columns", "yield_per"], False, "where a loop drops each"),
        ("/gathered", ["wide column", "yield_per"], False, "rows of each of 3 executions are held at once"),
    ],
)
def test_what_saves_most_comes_first_and_an_answer_s_rows_are_streamed(
    request_line: str, names: list[str], streamed: bool, said: str, found: Found
) -> None:
    known = found[request_line]
    assert known.at_peak
    if streamed:  # a look may come before the answer's models are there, and most of the entities
        objects = {**known.at_peak.objects, "ruled.Post": ROWS, "ruled.PostOut": ROWS}
        traced = known.traced_peak or 0
        lines = [(line, traced) for line in {one.line for one in known.statements} if line]
        peak = replace(known.at_peak, objects=objects, traced=traced, lines=lines)
        known = replace(known, at_peak=peak, modelled=["ruled.PostOut"])
    advised = advice(known)
    assert sorted(step.name for step in advised) == sorted(names)
    assert [step.saves for step in advised] == sorted((step.saves for step in advised), key=lambda size: -(size or 0))
    [step] = [step for step in advised if step.name == "yield_per"]
    assert said in step.text
    # What is made of the rows for the answer goes, too.
    assert not streamed or (step.saves or 0) > 0.9 * transient(known)
    assert ("streaming response" in step.text, "StreamingResponse" in step.code) == (streamed, streamed)


def test_what_is_made_of_rows_stays_where_these_are_dropped(found: Found) -> None:
    known = found["/counts"]
    assert known.at_peak
    promised = []
    for made, word in ((0, "about"), (2**21, "up to")):
        peak = replace(known.at_peak, packages={"sqlalchemy": 2**24, "pydantic": made}, traced=known.traced_peak or 0)
        [step] = [step for step in advice(replace(known, kept=0, at_peak=peak)) if step.name == "yield_per"]
        assert f"Saves {word} " in step.text
        promised.append(step.saves or 0)
    assert promised[0] > promised[1]


def test_models_that_are_held_are_to_be_tuples(found: Found) -> None:
    saved = found.peak("kept_models") - found.peak("kept_tuples")
    [kept], [streamed] = tuples(found["kept_models"]), tuples(found["streamed_models"])
    assert "4,000 Text are kept. " in kept.text
    assert 0.8 * saved < (kept.saves or 0) < 1.2 * saved
    assert "Text are held by your code, though they are read by a cursor. " in streamed.text
    assert {kept.code, streamed.code} == {"Text.objects.values_list('id', 'author_id', …)"}
    assert not [*tuples(found["twice"])]  # whose models the query set holds


def test_bulk_update_makes_all_expressions_at_once(found: Found) -> None:
    code = "Text.objects.bulk_update(batch, …)  # a list of 1,000"
    for batch, advised in ((4000, True), (500, False)):
        order = Order("ruled:bulk_updated", found.folder, Path(sys.executable), {"batch": str(batch)})
        assert (code in [step.code for step in advice(measure(order, False, lambda _: None))]) == advised


BEHIND = "  # after your filter(), select_related(), …"


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        (
            "prefetched",
            [
                f"Author.objects.prefetch_related('texts').iterator(chunk_size=1000){BEHIND}",
                "prefetch_related(Prefetch('texts', Text.objects.defer('body')))",
            ],
        ),
        (
            "as_values",
            ["Text.objects.values('id', 'author_id')", f"Text.objects.values(…).iterator(chunk_size=1000){BEHIND}"],
        ),
        ("twice", ["", "Text.objects.defer('body')", f"Text.objects.iterator(chunk_size=1000){BEHIND}"]),
    ],
)
def test_a_query_set_is_changed_where_it_is_written(function: str, codes: list[str], found: Found) -> None:
    """A prefetch has no iterator, dicts have nothing to defer, and what is read twice is to be read once."""
    advised = advice(found[function])
    assert sorted(step.code for step in advised) == sorted(codes)
    assert ("read the same 4,000 rows" in advised[0].text) == (function == "twice")
