"""Entities that something holds: a session that lives as long as the process, an entity, a cache."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, selectinload

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


def changed_and_flushed() -> Handler:
    session = Session(engine)

    def handler(number: int) -> None:
        session.get_one(DbModel, number).data = f"changed-{number}"
        session.flush()

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


def cached_entities() -> Handler:
    @cache
    def customer(key: int) -> Customer:
        with Session(engine) as session:
            return session.get_one(Customer, key, options=[selectinload(Customer.orders)])

    return customer


def cached_values() -> Handler:
    @lru_cache(maxsize=128)
    def customer(key: int) -> tuple[str, int]:
        with Session(engine) as session:
            found = session.get_one(Customer, key, options=[selectinload(Customer.orders)])
            return found.name, len(found.orders)

    return customer
