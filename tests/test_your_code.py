"""The reader's own function: what is told of it, what follows from it, and how it may end; nothing of it stays."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest

import your_code
from bench import process
from bench.runs import Job, checkpoint
from bench.scripts import Scenario
from bench.yours.function.launching import EVERYTHING, PARTS, PROBE, STATEMENTS, UNTRACED, Order, run
from bench.yours.function.measuring import figures
from bench.yours.function.page import show
from bench.yours.function.watching import ProcessWatch
from common import LAST_CHECKPOINT
from tests.functions import as_function
from tests.support import PROJECT, TIMEOUT, refused, wait_until
from tests.test_report import in_terminal

ROWS = 10_000
MODULE = f"""
import ctypes, functools, gc, os, psycopg, re, signal, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy import ForeignKey, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship
from sqlalchemy.orm import selectinload, subqueryload

class Base(DeclarativeBase): ...
class Data(Base):
    __tablename__ = "data"
    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    data: Mapped[str]
class Parent(Base):
    __tablename__ = "parent"
    id: Mapped[int] = mapped_column(primary_key=True)
    children: Mapped[list["Child"]] = relationship()
    same: Mapped[list["Child"]] = relationship(viewonly=True)
class Child(Base):
    __tablename__ = "child"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))
    name: Mapped[str]

print("to be ignored")
MANY = text("SELECT i AS id, i AS num, 'hello-' || i AS data FROM generate_series(1, {ROWS}) AS i")
COLUMNS = MANY
PART = text("SELECT i AS id, i AS num, repeat('x', 50) AS data FROM generate_series(1, 1000) AS i")
PART = PART.columns(Data.id, Data.num, Data.data)
MANY = select(Data).from_statement(MANY.columns(Data.id, Data.num, Data.data))
CACHE = {{}}

def entities(session: Session):
    return sum(row.num for row in session.scalars(MANY))
def streamed(session: Session):
    return sum(row.num for row in session.scalars(MANY.execution_options(yield_per=1000)))
def in_a_list(session: Session):
    rows = sorted(session.scalars(MANY), key=lambda row: -row.num)
    return [row.id for row in rows[:10]]
def streamed_list(session: Session):
    rows = list(session.scalars(MANY.execution_options(yield_per=1000)))
    return sum(row.num for row in rows)
def third(session: Session):
    rows = [row for row in session.scalars(MANY.execution_options(yield_per=500)) if row.id % 3 == 0]
    return sum(row.num for row in rows)
def large_batches(session: Session):
    return sum(row.num for row in session.scalars(MANY.execution_options(yield_per={ROWS})))
def dicts(session: Session):
    return len([{{"num": row.num, "text": row.data * 9}} for row in session.scalars(MANY)])
def dirty(session: Session):
    for row in session.scalars(MANY): row.num += 1
    session.rollback()
def columns_list(session: Session):
    rows = list(session.execute(COLUMNS, execution_options={{"yield_per": 1000}}))
    return sum(row.num for row in rows)
def at_once(session: Session):
    def part(number):
        with Session(session.get_bind()) as own:
            return sum(row.num for row in own.scalars(select(Data).from_statement(PART)).all())
    with ThreadPoolExecutor(5) as pool: return sum(pool.map(part, range(10)))
def to_change(session: Session):
    rows = "SELECT i AS id, i AS num, 'x' AS data FROM generate_series(1, 4000) AS i"
    session.execute(text("CREATE TEMP TABLE data AS " + rows))
    return session.scalars(select(Data).execution_options(yield_per=500))
def changed(session: Session):
    for row in to_change(session): row.num += 1
    session.flush()
def changed_in_batches(session: Session):
    for batch in to_change(session).partitions():
        for row in batch: row.num += 1
        session.flush()
def inserted(session: Session, size: int = 6000):
    session.execute(text("CREATE TEMP TABLE data (id int, num int, data text)"))
    for start in range(0, 6000, size):
        session.execute(insert(Data), [{{"id": i, "num": i, "data": "x" * 50}} for i in range(start, start + size)])
def patterns():
    for number in range(500): re.compile("|".join(f"{{letter}}{{number}}+" for letter in "abcdefghijklmnop"))
def kept(session: Session):
    return session.scalars(MANY).all()
def cached(session: Session):
    for row in session.execute(COLUMNS): CACHE[row.id] = row
@functools.lru_cache(None)
def label(number): return "label " * 20 + str(number)
def labels():
    return sum(len(label(number)) for number in range(20000))
class Seen: pairs = []
def seen(session: Session):
    for row in session.execute(COLUMNS, execution_options={{"yield_per": 1000}}): Seen.pairs.append((row.data * 9, 1))
def texts(session: Session):
    for number in range(30): session.execute(select(Data.id).where(or_(*[Data.id == i for i in range(50 + number)])))
def literals(session: Session):
    columns = ", ".join(f"1 AS a_rather_long_name_{{number}}" for number in range(80))
    for number in range(300): session.execute(text(f"SELECT {{columns}} WHERE 0 = {{number}}"))
def late(session: Session):
    rows = []
    for row in session.scalars(MANY.execution_options(yield_per=1000)):
        rows.append(row)
        if len(rows) == 5000: raise ValueError("it is odd")
def often(session: Session):
    return [session.scalar(select(func.repeat("x", 2000 + number % 10))) for number in range(1000)]
def joined(session: Session):
    session.execute(text("CREATE TEMP TABLE parent AS SELECT i AS id FROM generate_series(1, 1500) AS i"))
    children = "SELECT i AS id, 1 + i / 2 AS parent_id, repeat('x', 200) AS name FROM generate_series(0, 2999) AS i"
    session.execute(text("CREATE TEMP TABLE child AS " + children))
    both = joinedload(Parent.children), joinedload(Parent.same)
    return session.scalars(select(Parent).options(*both)).unique().all()
def added(session: Session):
    session.execute(text("CREATE TEMP TABLE parent (id serial PRIMARY KEY)"))
    for number in range(3000): session.add(Parent())
    session.flush()
    session.rollback()
def added_both(session: Session, size: int = 3000):
    session.execute(text("CREATE TEMP TABLE parent (id serial PRIMARY KEY)"))
    session.execute(text("CREATE TEMP TABLE child (id serial PRIMARY KEY, parent_id int, name text)"))
    for start in range(0, 3000, size):
        batch = [Parent(children=[Child(name="x")]) for number in range(size)]
        session.add_all(batch)
        session.flush()
        session.expunge_all()
        del batch
    session.rollback()
def one_update(session: Session):
    rows = to_change(session).all()
    session.execute(update(Data).values(num=Data.num + 1))
    return [row.id for row in rows]
def as_it_is(session: Session):
    gc.callbacks.clear()
    cursor = session.execute(COLUMNS).cursor
    assert isinstance(cursor, psycopg.Cursor) and next(cursor)[0] == 1
    told = []
    for name in (signal.SIGXCPU, signal.SIGXFSZ, signal.SIGTERM):
        signal.signal(name, lambda number, _: told.append(number))
        os.kill(os.getpid(), name)
    assert told == [signal.SIGXCPU, signal.SIGXFSZ, signal.SIGTERM]
def read_and_inserted(session: Session):
    rows = session.scalars(MANY).all()
    inserted(session, 500)
    return rows[0].num
def read_twice(session: Session):
    families(session)
    parents = session.scalars(select(Parent).limit(1500)).all()
    return sum(len(parent.children) for parent in parents)
def families(session: Session):
    session.execute(text("CREATE TEMP TABLE parent AS SELECT i AS id FROM generate_series(1, 5000) AS i"))
    name = "SELECT i AS id, i AS parent_id, repeat('x', 300) AS name FROM parent AS p(i) WHERE i > 100"
    session.execute(text("CREATE TEMP TABLE child AS " + name))
def subqueried(session: Session):
    families(session)
    return sum(len(parent.children) for parent in session.query(Parent).options(subqueryload(Parent.children)).all())
def parents_of(session):
    families(session)
    both = joinedload(Parent.children), selectinload(Parent.same)  # which finds all children loaded
    return session.scalars(select(Parent).options(*both)).unique()
def collected(session: Session):
    return sum(len(parent.children) for parent in parents_of(session))
def all_collected(session: Session):
    return parents_of(session).all()
def wide_entities(session: Session):
    rows = text("SELECT i AS id, i AS num, repeat('x', 3000) AS data FROM generate_series(1, 4000) AS i")
    rows = rows.columns(Data.id, Data.num, Data.data)
    return sum(row.num for row in session.scalars(select(Data).from_statement(rows)))
def wide(session: Session):
    rows = text("SELECT i AS num, repeat('x', 3000) AS body FROM generate_series(1, 4000) AS i")
    return sum(row.num for row in session.execute(rows).all())
def items(limit: int):
    for number in range(limit): yield str(number)
async def later(session: AsyncSession): return len((await session.scalars(MANY)).all())
class Repository:
    def __init__(self, session: Session): self.session = session
    def first(self): return self.session.scalars(select(Data).limit(1)).one().num
class AsyncRepository:
    def __init__(self, session: AsyncSession): self.session = session
    async def all(self): return (await self.session.scalars(MANY)).all()
def wrong(session: Session): raise ValueError(f"nobody may read {{session.scalars(MANY).first().data}}")
def in_c(): return max(sorted([0] * 2**21, key=abs))
def leaves():
    command = [sys.executable, "-c", "import time; time.sleep(600)", "left behind {os.getpid()}"]
    for alone in (False, True): subprocess.Popen(command, start_new_session=alone)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: os.execv(sys.executable, command)
        os._exit(0)
    if os.fork(): time.sleep(1)
class Refuses(type):
    def __getattribute__(kind, name): raise RuntimeError("ask somebody else")
class Odd(Exception, metaclass=Refuses):
    def __getattr__(self, name): raise RuntimeError("ask somebody else")
    def __str__(self): raise RuntimeError("ask somebody else")
def odd(): return [Odd() for number in range(2000)][0]
def odder(): raise Odd
def ends(): os._exit(3)
def asks(): input()
def forever(): ctypes.CDLL(None).system(b"sleep 600")
def grows():
    kept = []
    while True: kept.append(bytes(2**20))
STARTED = []
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        STARTED.extend(str(number) * 9 for number in range(30000))
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200, "headers": []}})
        await send({{"type": "http.response.body", "body": bytes(5000)}})
"""


@pytest.fixture
def folder(tmp_path: Path, database: str) -> Path:
    (tmp_path / "shop.py").write_text(MODULE)
    return tmp_path


def measured(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return what the command says of a function, as JSON."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["", f"shop:{arguments[0]}", "--folder", str(folder), "--json", *arguments[1:]])
        your_code.main()
    assert [path.name for path in folder.iterdir()] == ["shop.py"]
    found = json.loads(capsys.readouterr().out)
    if peak := found["at_peak"]:
        assert 0.9 * peak["traced"] < sum(size for _, size in peak["lines"]) <= peak["traced"]
    return found


def test_all_entities_before_the_first_one_lead_to_yield_per(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = measured(folder, capsys, "entities")
    [statement] = found["statements"]
    line = MODULE.splitlines().index("def entities(session: Session):") + 2
    assert (statement["line"], statement["rows"], statement["classes"]) == (
        ["shop.py", line],
        ROWS,
        {"shop.Data": ROWS},
    )
    assert (statement["widest"] > 100, found["process"]["phase"]["stage"]) == (True, "read")
    objects = found["at_peak"]["objects"]
    assert 0.9 * ROWS < objects["shop.Data"] <= ROWS
    assert found["at_peak"]["packages"]["sqlalchemy"] > found["at_peak"]["traced"] / 2
    assert found["imports"]["own"]["sqlalchemy"] > 2**20
    assert ["column", "shop", 7] in found["imports"]["made"]
    assert [step["name"] for step in found["advice"]] == ["yield_per"]


@pytest.mark.parametrize(
    ("function", "advised"),
    [
        *(("streamed", []), ("kept", ["columns", "yield_per"]), ("cached", ["cache"])),
        *(("in_a_list", ["columns"]), ("streamed_list", ["columns"]), ("columns_list", []), ("at_once", [])),
        *(("third", ["columns"]), ("large_batches", ["yield_per"]), ("dicts", ["yield_per"])),
        *(("dirty", ["update"]), ("changed", ["update"]), ("changed_in_batches", [])),
        *(("inserted", ["batches"]), ("inserted size=1000", [])),
        *(("labels", ["cache"]), ("seen", ["cache"]), ("patterns", []), ("texts", ["texts"]), ("literals", ["texts"])),
        *(("joined", ["selectinload"]), ("collected", ["yield_per", "wide column"])),
        ("all_collected", ["columns", "wide column", "yield_per"]),
        ("subqueried", ["yield_per", "wide column"]),
        ("wide_entities", ["wide column", "yield_per"]),
        *(("added", ["batches"]), ("added_both", ["batches"]), ("added_both size=500", [])),
        *(("read_twice", ["n + 1", "yield_per"]), ("read_and_inserted", ["columns"])),
        *(("one_update", ["columns"]), ("as_it_is", [])),
        *(("wide", ["wide column", "yield_per"]), ("Repository.first", [])),
    ],
)
def test_what_follows(function: str, advised: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    function, *arguments = function.split()
    found = measured(folder, capsys, function, "--once", *(part for one in arguments for part in ("--arg", one)))
    assert (found["error"], [step["name"] for step in found["advice"]]) == ("", advised)
    refused = {"collected": "joined collections, and with unique()", "subqueried": "subqueryload"}
    if function in refused:
        assert f"refuses yield_per with {refused[function]}." in found["advice"][0]["text"]
        assert ".options(selectinload(Parent.children)" in found["advice"][0]["code"]
        assert "options(defer(Child.name))" in found["advice"][1]["code"] or function == "collected"
    if function == "wide_entities":  # the driver has it, too
        [size] = re.findall(r"saves up to (\S+) MiB", found["advice"][0]["text"])
        assert float(size) > 1.5 * found["statements"][0]["sizes"][2] / 2**20
    if function == "kept":
        assert found["advice"][0]["code"].startswith("session.execute(select(Data.")
    if function == "at_once":  # not that of the main thread, which waits
        (_, line), _ = found["at_peak"]["lines"][0]
        assert "own.scalars(" in MODULE.splitlines()[line - 1]
    if function == "added":
        assert [one["texts"] for one in found["statements"] if one["verb"] == "INSERT"] == [1]
    if function == "added_both" and advised:
        assert "3,000 and 3,000 entities were pending at once" in found["advice"][0]["text"]
        assert found["advice"][0]["code"] == "session.add_all(batch)\nsession.flush()\nsession.expunge_all()"
    if function == "joined":
        assert "1,500 Parent and 3,000 Child repeat each other" in found["advice"][0]["text"]
    holders = {"cached": ("shop.CACHE", ROWS), "labels": ("shop.label", 20_000), "seen": ("shop.Seen.pairs", ROWS)}
    if holder := holders.get(function):
        assert found["grown"] == [*holder]
        assert f"{holder[0]} grew by {holder[1]:,} items" in found["advice"][0]["text"]
        assert re.search(r"added at shop\.py:\d+", found["advice"][0]["text"])
    if function in ("texts", "literals"):
        assert ("literals" in found["advice"][0]["text"]) == (function == "literals")


def test_the_line_of_the_pages_runs(tmp_path: Path, database: str) -> None:
    pages = [(PROJECT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/your-code.md")]
    [line] = {
        line for page in pages for line in re.findall(r"^DATABASE_URL=\S+ (.+ your_code\.py .+)$", page, re.MULTILINE)
    }
    (tmp_path / "shop" / "shop").mkdir(parents=True)
    (tmp_path / "shop" / "shop" / "reports.py").write_text("def monthly(): return 1")
    command = line.replace(".venv/bin/python", shlex.quote(sys.executable))
    found = subprocess.run(
        ["sh", "-c", command], cwd=PROJECT, env=os.environ | {"HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert (found.returncode, "shop.reports:monthly: Python 3." in found.stdout) == (0, True), found.stderr


@pytest.mark.parametrize("name", ["run_sync_psycopg", "run_sync_sqlalchemy_session", "run_async_sqlalchemy_engine"])
def test_a_script_as_a_function_has_the_script_s_own_figures(name: str, tmp_path: Path, database: str) -> None:
    scenario = Scenario(name)
    (tmp_path / "measured.py").write_text(as_function(scenario), encoding="utf-8")
    [script] = [outcome.output for outcome in process.succeeded(process.run([Job(scenario)]))]
    found = run(Order("measured:main", tmp_path, Path(sys.executable)), STATEMENTS).found
    last = checkpoint(script, LAST_CHECKPOINT)
    for figure in ("traced", "traced_peak"):
        # What is fixed differs: whether the modules that the first query imports are there, and are wrapped.
        assert found[figure] == pytest.approx(last[figure], rel=0.01, abs=100_000), figure


def test_other_things_are_called(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert measured(folder, capsys, "items", "--arg", "limit=20", "--once")["items"] == 20
    found = measured(folder, capsys, "later", "--once")
    assert found["statements"][0]["rows"] == ROWS
    [line, size], *_ = found["at_peak"]["lines"]  # whose also is what the driver reads between two of its steps
    assert (line, size > 0.95 * found["at_peak"]["traced"]) == (found["statements"][0]["line"], True)
    assert measured(folder, capsys, "AsyncRepository.all", "--once")["statements"][0]["rows"] == ROWS
    found = measured(folder, capsys, "application", "--request", "GET /rows?limit=1", "--once")
    assert found["answers"] == [[200, 5000]]
    assert (found["startup"]["grown"], found["at_peak"]["traced"] < 2**20) == (["shop.STARTED", 30_000], True)
    assert found["startup"]["after"]["lines"][0][0][0] == "shop.py"
    assert measured(folder, capsys, "application", "--once")["process"] is None


def test_what_cannot_be_measured_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def line(target: str, *options: str) -> str:
        return refused(your_code.main, target, "--folder", str(folder), "--once", *options)

    assert line("shop:nothing") == "shop has no nothing"
    assert line("shop:items") == "it needs limit: --arg limit=…"
    assert line("shop:items", "--arg", "limt=5") == "it has no parameter limt: it has limit"
    assert line("shop:items", "--arg", "limit=5", "--arg", "limit=6") == "--arg limit is given more than once"
    assert line("nowhere:x") == "its import raised ModuleNotFoundError: No module named 'nowhere'"
    assert line("shop:CACHE") == "shop:CACHE is no function: it is of class dict"
    assert "exit code 3" in line("shop:ends")
    assert measured(folder, capsys, "odd", "--once")["error"] == ""
    assert re.fullmatch(r"it raised Odd at shop\.py:\d+", line("shop:odder"))
    assert line("shop:asks").startswith("it raised EOFError at shop.py:")
    ended = line("shop:forever", "--timeout", "2")
    assert re.fullmatch(r"it was ended after 2 s at shop\.py:\d+: --timeout gives it more", ended)
    assert "Statements: not known, for the run ended before." in capsys.readouterr().out
    ended = line("shop:grows", "--limit", "300M")
    assert re.fullmatch(r"it was ended at 300 MiB at shop\.py:\d+: --limit gives it more", ended)
    wrong = line("shop:wrong")
    assert re.fullmatch(r"it raised ValueError at shop\.py:\d+", wrong)
    assert "hello" not in capsys.readouterr().out + wrong
    children = measured(folder, capsys, "leaves", "--once")["process"]["children"]
    assert children["seen"] >= (4 if sys.platform == "linux" else 1)
    assert children["largest"] > 2**20
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if f"left behind {os.getpid()}" in (p.info["cmdline"] or ())
    ]


def test_what_the_code_leaves_ends_as_without_the_probe(tmp_path: Path) -> None:
    code = """
import atexit, os, sys
def run():
    global unclosed
    codes = []
    for end in (lambda: sys.exit(3), lambda: 1 / 0, lambda: None):
        if not (child := os.fork()): return end()
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    unclosed = open("unclosed", "w")
    unclosed.write(str(codes))
    atexit.register(lambda: os.mkdir("at_exit"))
"""
    (tmp_path / "plain.py").write_text(code)
    assert "error" not in run(Order("plain:run", tmp_path, Path(sys.executable)), EVERYTHING).found
    assert (tmp_path / "unclosed").read_text() == "[3, 1, 0]"
    assert (tmp_path / "at_exit").is_dir()


def test_ctrl_c_while_processes_are_ended_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    really_wait = psutil.wait_procs

    def wait(processes: Iterable[psutil.Process], timeout: float) -> object:
        signal.raise_signal(signal.SIGINT)
        return really_wait(processes, timeout=timeout)

    monkeypatch.setattr(psutil, "wait_procs", wait)
    sleeping = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    others = set(psutil.Process().children())  # of this test's process, which other tests need
    process = subprocess.Popen([sys.executable, "-c", sleeping], start_new_session=True)
    wait_until(below := psutil.Process(process.pid).children)
    [child] = below()
    ProcessWatch(process, 300, None, others).end()
    assert really_wait([child], timeout=TIMEOUT)[0] == [child]
    with pytest.raises(KeyboardInterrupt):  # from here on, it interrupts again
        signal.raise_signal(signal.SIGINT)


def test_a_command_line_that_cannot_be_followed_is_one_line_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "pos.py").write_text("def f(): ...")

    def line(target: str, *options: str) -> str:
        return refused(your_code.main, target, "--folder", str(tmp_path), *options)

    for target in ("", ":f", ".pos:f", "pos/f", "pos:", "pos:f()()", "pos:f:g"):
        assert line(target) == f"{target or 'nothing'} is no MODULE:FUNCTION, such as shop.reports:monthly"
    for given in ("SECRET", "=SECRET", "a b=SECRET", ""):
        assert line("pos:f", "--arg", given) == "--arg needs NAME=VALUE"
    assert line("pos:f", "--arg", "a=1", "SECRET") == "--arg NAME=VALUE gives an argument"
    assert line("pos:f", "--tiemout=SECRET") == "there is no --tiemout"
    for request in ("GET", "GET/", "", "GET orders", 'POST /orders {"id": 1}', "GET /a b"):
        told = line("pos:f", "--request", request)
        assert told == 'a request has a method and a path, and no body: --request "GET /orders?limit=100"'
    for place in (tmp_path / "none" / "a.svg", tmp_path, ""):
        assert line("pos:f", "--svg", str(place)).endswith(": name another place by --svg")


def test_what_is_no_interpreter_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pos.py").write_text("def f(): ...")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)

    def line(*options: str) -> str:
        return refused(your_code.main, "pos:f", "--folder", str(tmp_path), *options)

    python.symlink_to(tmp_path / "nowhere")
    assert line() == f"{python} is no interpreter: name one by --python"
    assert line("--python", "") == "nothing is no interpreter: name one by --python"
    python.unlink()
    for text, why in (("#!/nowhere/python\n", "No such file or directory"), ("no program", "Exec format error")):
        python.write_text(text)
        python.chmod(0o755)
        assert line("--once") == f"{python} does not run: {why}: name another one by --python"


def test_what_was_read_before_an_exception_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(your_code.main, "shop:late", "--folder", str(folder), "--json")
    found = json.loads(capsys.readouterr().out)
    assert re.fullmatch(r"it raised ValueError at shop\.py:\d+", line)
    assert found["error"] == line
    assert [statement["rows"] for statement in found["statements"]] == [5000]
    assert found["at_peak"]["objects"]["shop.Data"] > 4000
    assert found["process"]["phase"]["stage"] == "read"


def test_no_database_url_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "")  # is as if it were not set
    monkeypatch.setenv("PGSSLMODE", "require")  # nor does a server without it, that listens there, let in
    for target in ("kept", "later"):
        line = refused(your_code.main, f"shop:{target}", "--folder", str(folder), "--once")
        assert line == "there is no connection to localhost:54320/db, for DATABASE_URL is not set"


def test_the_page_fits_a_terminal(folder: Path) -> None:
    def show() -> None:
        with pytest.MonkeyPatch.context() as patch:
            picture = folder / "memory.svg"
            patch.setattr(sys, "argv", ["", "shop:kept", "--folder", str(folder), "--once", "--svg", str(picture)])
            your_code.main()

    lines = re.sub(r"\x1b\[[0-9;]*m", "", in_terminal(show, 80)).splitlines()
    assert max(map(len, lines)) <= 80
    assert "hello-" not in "\n".join(lines)
    assert (folder / "memory.svg").read_text().count("<path") == 2  # the axes, and the statement


def test_a_peak_within_a_call_of_c_is_told_with_the_moment_of_the_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sorting keeps a list of keys until it returns: the third of 16 MiB."""
    show(figures("in_c", {EVERYTHING: run(Order("shop:in_c", folder, Path(sys.executable)), EVERYTHING)}))
    told = re.search(r"Traced at the peak: (\S+) MiB; the tables are of a moment with (\S+)\n", capsys.readouterr().out)
    assert told
    assert float(told[2]) < 33 < 47 < float(told[1])


def test_what_saves_time_alone_leaves_the_peak_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(figures("often", {EVERYTHING: run(Order("shop:often", folder, Path(sys.executable)), EVERYTHING)}))
    told = capsys.readouterr().out
    assert re.search(r"\n1\. .*executed 1,000 times", told.replace("\n   ", " "))
    assert re.search(r"Most of the peak, \S+ MiB, was added while shop\.py:\d+ ran\.", told)


def test_the_probe_needs_nothing_of_ours(folder: Path) -> None:
    for number, name in enumerate(PARTS):
        text = (PROBE / f"{name}.py").read_text(encoding="utf-8")
        imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)) - {"bench", "__future__"}
        assert imported <= sys.stdlib_module_names
        needed = re.findall(r"^from bench\.yours\.function\.probe\.(\S+)", text, re.MULTILINE)
        assert {part.replace(".", "/") for part in needed} <= {*PARTS[:number]}  # which are made in this order
    (folder / "plain.py").write_text("def rows(): return [str(number) for number in range(100000)]")
    told = run(Order("plain:rows", folder, Path(sys.executable)), UNTRACED).found
    assert told["returned"]["rss"] - told["began"]["rss"] > 4 * 2**20


def test_the_code_may_replace_what_starts_threads_and_waits(tmp_path: Path) -> None:
    code = """
import _thread, threading, time
def not_here(*_, **__): raise RuntimeError
_thread.start_new_thread = threading.Thread.start = time.sleep = not_here
def rows(): return [str(number) for number in range(100_000)]
"""
    (tmp_path / "plain.py").write_text(code)
    assert "error" not in run(Order("plain:rows", tmp_path, Path(sys.executable)), EVERYTHING).found


def test_a_module_of_the_folder_is_not_taken_for_one_that_the_probe_needs(tmp_path: Path) -> None:
    at_first = ("json", "types", "signal", "platform", "typing", "contextlib", "threading", "re")
    for name in (*at_first, "ast", "asyncio", "inspect", "runpy"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError")
    (tmp_path / "plain.py").write_text("async def rows(limit: int): return list(range(limit))")
    order = Order("plain:rows", tmp_path, Path(sys.executable), {"limit": "5"})
    assert "error" not in run(order, EVERYTHING).found
