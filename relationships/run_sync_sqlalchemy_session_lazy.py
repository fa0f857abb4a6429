"""A query for each customer, lazily

Short: lazy
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: time, by a round trip for every customer; with `AsyncSession` it raises `MissingGreenlet` unless awaited.

No option: a collection is loaded when it is first used. The session is asked again for every customer.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer)
    for customer in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer
        len(customer.orders)

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
