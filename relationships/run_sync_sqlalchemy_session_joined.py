"""`joinedload`

Short: joined
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: `yield_per`; the customer's columns cross the wire with every order, and the rows wait for `unique()`.

One query: each row has an order, and its customer beside it. `unique()` makes one customer of the rows that repeat it.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, joinedload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(joinedload(Customer.orders))
    for customer in session.scalars(query).unique():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
