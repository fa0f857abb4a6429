"""How memory comes back to the system: arenas, free lists, and the C library's heap."""

import re

import pytest

from tests.support import ROWS, run


@pytest.mark.parametrize("remedy", ["given_back", "survivors"])
def test_without_malloc_trim_the_script_says_so(url: str, remedy: str) -> None:
    """As with musl, whose malloc has none."""
    code = (
        "import ctypes, runpy; ctypes.CDLL = lambda name: object(); "
        f"runpy.run_module('remedies.run_sync_sqlalchemy_session_{remedy}', run_name='__main__')"
    )
    process = run("-c", code, url=url, MEMORY_TRACING="off")
    assert (process.returncode, process.stderr) == (0, "")
    assert "Heap trimmed" not in process.stdout
    assert process.stdout.splitlines()[-1].startswith("This C library has no malloc_trim")


def test_full_collection_finds_no_cycle_and_empties_free_lists(url: str) -> None:
    """One that is not full leaves the free lists as they are."""
    code = """
import gc, runpy, sys
from sqlalchemy.orm import Session

collect, execute = gc.collect, Session.execute

def execute_without_what_imports_left(*arguments):
    collect()
    return execute(*arguments)

def tell():
    blocks = sys.getallocatedblocks()
    young = collect(1), blocks - sys.getallocatedblocks()
    blocks = sys.getallocatedblocks()
    print("freed", *young, collect(), blocks - sys.getallocatedblocks())

Session.execute, gc.collect = execute_without_what_imports_left, tell
runpy.run_module("remedies.run_sync_sqlalchemy_session_given_back", run_name="__main__")
"""
    [found] = re.findall(r"^freed (.*)$", run("-c", code, url=url, MEMORY_TRACING="off").stdout, re.MULTILINE)
    cycles, blocks, cycles_of_all, blocks_of_all = map(int, found.split())
    assert (cycles, cycles_of_all) == (0, 0)
    assert blocks <= 0.1 * blocks_of_all
    assert blocks_of_all >= 0.5 * ROWS


SURVIVORS = """
import gc, sys
from db_model import DbModel

def tell():
    gc.collect()
    sys._debugmallocstats()

tell()
for survivors in slice(0), slice(20), slice(None, None, 1_000):
    entities = [DbModel(id=i, num=0, data=f"hello-{i}") for i in range(20_000)]
    tell()
    kept = entities[survivors]
    del entities
    tell()
    del kept
"""


def test_a_survivor_keeps_its_arena() -> None:
    """So where the survivors lie decides, not how many they are: twenty neighbours, or one in a thousand."""
    process = run("-c", SURVIVORS)
    found = re.findall(r"# arenas allocated current\s+=\s+([\d,]+)", process.stderr)
    before, *arenas = (int(count.replace(",", "")) for count in found)
    held = min(arenas[::2]) - before
    none, neighbours, spread = (count - before for count in arenas[1::2])
    assert held >= 10
    assert 0 <= none <= neighbours <= 0.2 * held
    assert spread >= 0.7 * held
