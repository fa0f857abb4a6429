"""Orders alone

Short: orders alone

The other side of the relationship: the orders are read, and no customer. Figures are for each customer, which has 4.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from relationships.shop_model import Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Order] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Order)
    for order in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[order.id] = order

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len({order.customer_id for order in storage.values()}))
