"""`array_agg`: an array for each column of the orders

Short: arrays
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: entities; what belongs to one order is at the same index of several lists.

The database makes one row of each customer, whose orders are three arrays. Values keep their types.
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
    columns = (Customer.id, Customer.name, Customer.email)
    orders = [
        func.array_agg(column).aggregate_order_by(Order.id).filter(Order.id.is_not(None)).label(f"order_{column.name}")
        for column in (Order.id, Order.placed_on, Order.total)
    ]
    for row in connection.execute(select(*columns, *orders).outerjoin(Customer.orders).group_by(Customer.id)):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
