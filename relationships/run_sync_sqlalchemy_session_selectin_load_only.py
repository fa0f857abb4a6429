"""`selectinload` with `load_only`

Short: selectin, load_only
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: the other columns: each is loaded by a query of its own when it is used, and no memory is gained.

The orders lack a column, which each of them has to remember. So they take more memory, not less.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from relationships.shop_model import Customer, Order

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(selectinload(Customer.orders).load_only(Order.total))
    for customer in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
