"""Customers alone

Short: alone

The entities of an ORM `select`, each of them kept. No order is read: this is what the other scripts add to.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from relationships.shop_model import Customer

print_memory_usage("After imports")
start_tracing()

storage: dict[int, Customer] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    query = select(Customer)
    for customer in session.scalars(query):
        if not storage:
            print_memory_usage("Result iteration start")
        storage[customer.id] = customer

    print_memory_usage("Result iteration end")
    print_top_allocations(rows=len(storage))
