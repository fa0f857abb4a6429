"""Orders, each with its customer, by `selectinload`

Short: orders selectin
Instead of: relationships.run_sync_sqlalchemy_session_orders
You lose: time, by a query for every 500 customers.

Many to one: the orders come first, then their customers by key, each of them once.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from relationships.shop_model import Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Order] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Order).options(selectinload(Order.customer))
    for order in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[order.id] = order

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len({order.customer_id for order in storage.values()}))
