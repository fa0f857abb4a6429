"""The table as SQLAlchemy sees it."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the mapped classes."""


class DbModel(Base):
    """One row of table `data`."""

    __tablename__ = "data"

    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    data: Mapped[str]
