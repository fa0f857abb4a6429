"""The shop as SQLAlchemy sees it: customers, each with orders and addresses."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Registry of the mapped classes."""


class Customer(Base):
    """One row of table `shop_customer`."""

    __tablename__ = "shop_customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")
    addresses: Mapped[list["Address"]] = relationship(back_populates="customer")


class Order(Base):
    """One row of table `shop_order`."""

    __tablename__ = "shop_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    placed_on: Mapped[date]
    total: Mapped[Decimal]
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Address(Base):
    """One row of table `shop_address`."""

    __tablename__ = "shop_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    city: Mapped[str]
    customer: Mapped[Customer] = relationship(back_populates="addresses")
