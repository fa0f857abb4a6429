"""A cache of entities, each with what it refers to; and one of values."""

from collections.abc import Callable
from functools import cache, lru_cache

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, selectinload

from common import database_url
from relationships.shop_model import Customer

Handler = Callable[[int], object]
engine = create_engine(database_url("postgresql+psycopg"))


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
