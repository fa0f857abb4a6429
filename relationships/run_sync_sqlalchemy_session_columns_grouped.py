"""Columns of the join, grouped

Short: columns, grouped
Instead of: relationships.run_sync_sqlalchemy_session_columns
You lose: entities; the columns' names, unless you make classes for them.

The same rows, of which only the order is kept: as a tuple in the list of its customer.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from datetime import date
from decimal import Decimal

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from relationships.shop_model import Customer, Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, tuple[str, str, list[tuple[int, date, Decimal]]]] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    order = (Order.id, Order.placed_on, Order.total)
    query = select(Customer.id, Customer.name, Customer.email, *order).outerjoin(Customer.orders)
    for key, name, email, order_id, placed_on, total in session.execute(query):
        if not storage:
            print_memory_usage("Result iteration start")
        if key not in storage:
            storage[key] = (name, email, [])
        if order_id is not None:
            storage[key][2].append((order_id, placed_on, total))

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
