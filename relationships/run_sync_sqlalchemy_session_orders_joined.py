"""Orders, each with its customer, by `joinedload`

Short: orders joined
Instead of: relationships.run_sync_sqlalchemy_session_orders
You lose: memory for the customers, each of which is one entity, however many orders refer to it.

Many to one: a join adds columns, no rows. The customer's columns cross the wire with every order.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, joinedload

from relationships.shop_model import Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Order] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Order).options(joinedload(Order.customer))
    for order in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[order.id] = order

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len({order.customer_id for order in storage.values()}))
