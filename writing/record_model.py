"""The table that is written as SQLAlchemy sees it."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Registry of the mapped classes."""


class Record(Base):
    """One row of table `written`."""

    __tablename__ = "written"

    id: Mapped[int] = mapped_column(primary_key=True)
    num: Mapped[int]
    data: Mapped[str]
