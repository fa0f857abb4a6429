"""`selectinload` with `yield_per`, entities kept

Short: selectin, yield_per
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: time, by a round trip for every batch and its orders; an open transaction until the last batch is read.

Customers come in batches of 1,000, and with each batch its orders. What is kept costs what it cost.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(selectinload(Customer.orders)).execution_options(yield_per=1000)
    for customer in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
