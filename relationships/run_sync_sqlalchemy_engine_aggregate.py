"""An aggregate: count and sum of the orders

Short: aggregate
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: the orders: only what was asked of them is there.

The database counts and adds up, and one row for each customer crosses the wire.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, func, select

from relationships.shop_model import Customer, Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Any] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    orders = (func.count(Order.id).label("orders"), func.sum(Order.total).label("total"))
    for row in connection.execute(select(Customer.id, *orders).outerjoin(Customer.orders).group_by(Customer.id)):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
