"""`selectinload` with `yield_per`, each customer dropped

Short: selectin, streaming
Instead of: relationships.run_sync_sqlalchemy_session_selectin
You lose: the entities: each customer is used with its orders and forgotten.

Customers come in batches of 1,000, and with each batch its orders. What the loop does not keep is gone with its batch.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from decimal import Decimal

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

customers = orders = 0
total = Decimal(0)
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(selectinload(Customer.orders)).execution_options(yield_per=1000)
    for customer in session.scalars(query):
        if not customers:
            print_memory_usage("Result iteration start")
        customers += 1
        for order in customer.orders:
            orders += 1
            total += order.total

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=customers)
