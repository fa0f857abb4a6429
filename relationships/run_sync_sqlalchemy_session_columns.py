"""Columns of the join, as rows

Short: columns
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: entities; the customer's values are there once for every order.

`select` names the columns, so that the session hands out plain rows, one for each order.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from relationships.shop_model import Customer, Order

print_memory_usage("After imports")
start_tracing()

storage: list[Any] = []
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    order = (Order.id.label("order_id"), Order.placed_on, Order.total)
    query = select(Customer.id, Customer.name, Customer.email, *order).outerjoin(Customer.orders)
    for row in session.execute(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage.append(row)

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len({row.id for row in storage}))
