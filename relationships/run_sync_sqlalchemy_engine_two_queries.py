"""Two Core queries

Short: two queries
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: entities; a condition has to stand in both queries; an order whose customer came in between is a `KeyError`.

Plain rows of both tables: the orders are put into the list of their customer.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, select

from relationships.shop_model import Customer, Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, tuple[Any, list[Any]]] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with engine.connect() as connection:
    print_memory_usage("Engine connected")
    for customer in connection.execute(select(Customer.id, Customer.name, Customer.email)):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = (customer, [])
    for order in connection.execute(select(Order.customer_id, Order.id, Order.placed_on, Order.total)):
        storage[order.customer_id][1].append(order)

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
