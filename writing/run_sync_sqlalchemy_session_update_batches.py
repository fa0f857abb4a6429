"""Entities changed by pages of 1,000 keys, a `commit` each

Short: ORM, update by pages
Instead of: writing.run_sync_sqlalchemy_session_update
You lose: one transaction: what was committed before an error stays, and others see a part; so note the last key.

A page begins behind the last key of the one before, so that no cursor is open at a commit.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from writing.record_model import Record
from writing.rows import OLD, prepared, written

print_memory_usage("After imports")
start_tracing()

engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    prepared(OLD)
    print_memory_usage("Result iteration start")
    page = select(Record).order_by(Record.id).limit(1000)
    records = session.scalars(page).all()
    while records:
        last = records[-1].id
        for record in records:
            record.num = 5 * record.id % 200
        session.commit()
        records = session.scalars(page.where(Record.id > last)).all()
    print_memory_usage("Result iteration end")
    print_top_allocations(rows=written())
