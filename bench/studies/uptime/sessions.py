"""A session that lives as long as the process, and one for each request."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from common import database_url
from db_model import DbModel
from relationships.shop_model import Customer, Order

NEW = 1_000_000  # from here on, orders have no number yet
Handler = Callable[[int], object]
engine = create_engine(database_url("postgresql+psycopg"))


def changed_in_one_session() -> Handler:
    session = Session(engine, autoflush=False)

    def handler(number: int) -> None:
        session.get_one(DbModel, number).data = f"changed-{number}"

    return handler


def changed_in_a_session_each() -> Handler:
    def handler(number: int) -> None:
        with Session(engine) as session:
            session.get_one(DbModel, number).data = f"changed-{number}"
            session.commit()

    return handler


def appended_to_one_parent() -> Handler:
    # It commits every hundred requests, and expires nothing then.
    session = Session(engine, expire_on_commit=False)
    customer = session.get_one(Customer, 1)

    def handler(number: int) -> None:
        customer.orders.append(Order(id=NEW + number, placed_on=date(2026, 1, 1), total=Decimal(number)))
        if number % 100 == 0:
            session.commit()

    return handler


def appended_in_a_session_each() -> Handler:
    def handler(number: int) -> None:
        with Session(engine) as session:
            session.add(Order(id=2 * NEW + number, customer_id=1, placed_on=date(2026, 1, 1), total=Decimal(number)))
            session.commit()

    return handler
