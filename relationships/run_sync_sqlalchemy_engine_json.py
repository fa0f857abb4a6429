"""`json_agg`: a list of objects for each customer

Short: json
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: entities and types: a date becomes text, a `numeric` a float or an int; the server makes the text.

The database makes one row of each customer, whose orders are a JSON array. The driver makes dicts of it.
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
    order = func.json_build_object("id", Order.id, "placed_on", Order.placed_on, "total", Order.total)
    orders = func.json_agg(order).filter(Order.id.is_not(None)).label("orders")
    columns = (Customer.id, Customer.name, Customer.email)
    for row in connection.execute(select(*columns, orders).outerjoin(Customer.orders).group_by(Customer.id)):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
