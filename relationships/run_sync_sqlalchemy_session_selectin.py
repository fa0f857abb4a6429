"""`selectinload`

Short: selectin
Instead of: relationships.run_sync_sqlalchemy_session_customers
You lose: time, by one more query for every 500 customers.

The customers come first. Then the orders come by further queries, each with the keys of 500 customers.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(selectinload(Customer.orders))
    for customer in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
