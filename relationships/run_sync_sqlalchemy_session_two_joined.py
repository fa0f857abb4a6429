"""Two collections by `joinedload`

Short: two joined
Instead of: relationships.run_sync_sqlalchemy_session_two_selectin
You lose: memory, and room on the wire: every order of a customer is repeated for every address of the same customer.

One query that joins both: a customer with 4 orders and 2 addresses is 8 rows, each with the columns of three tables.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, joinedload

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer).options(joinedload(Customer.orders), joinedload(Customer.addresses))
    for customer in session.scalars(query).unique():
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
