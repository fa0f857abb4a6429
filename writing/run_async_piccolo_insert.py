"""Piccolo's `insert` for each 1,000 objects

Short: Piccolo, insert
Instead of: writing.run_sync_sqlalchemy_session_add_all
You lose: `save`; a statement has a parameter for each value, so that a batch has to be small.

The rows come from a generator, and a batch is a list of objects. All is one transaction.
"""

import asyncio

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

import warnings
from itertools import islice

from piccolo.columns import Integer, Text
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from writing.rows import rows, written

print_memory_usage("After imports")
start_tracing()

# The engine asks for the server's version, and warns where it cannot. The query then says why, too.
warnings.filterwarnings("ignore", ".*Unable to (connect|fetch)")
engine = PostgresEngine(config={"dsn": database_url()})


class Record(Table, tablename="written", db=engine):
    id, num, data = Integer(primary_key=True), Integer(), Text()


async def main() -> None:
    records = rows()
    print_memory_usage("Result iteration start")
    async with engine.transaction():
        while batch := [Record(id=key, num=num, data=data) for key, num, data in islice(records, 1000)]:
            await Record.insert(*batch)
    print_memory_usage("Result iteration end")


asyncio.run(main())
print_top_allocations(rows=written())
