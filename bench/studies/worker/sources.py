"""The code that is weighed, as text: classes, models, routes and functions as people write them."""

from collections.abc import Iterable, Sequence

TYPES = ("int", "str", "datetime", "bool")
MAPPED = """
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, mapped_column, relationship


class Base(DeclarativeBase):
    pass
"""
CONFIGURED = """
configure_mappers()
"""
PYDANTIC = """
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
"""
FASTAPI = f"""{PYDANTIC}
from fastapi import APIRouter, Depends, FastAPI, Query

app = FastAPI()
"""
DJANGO = """
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes"])
django.setup()

from django.db import models
"""
DJANGO_FIELDS = ("IntegerField()", "CharField(max_length=50)", "DateTimeField()", "BooleanField()")


def lines(*some: str, below: Iterable[str] = ()) -> str:
    return "\n\n\n" + "".join(f"{line}\n" for line in (*some, *(f"    {line}" for line in below)))


def entity(name: str, columns: int, more: Iterable[str] = (), base: str = "Base", key_of: str = "") -> str:
    """Return a mapped class of so many columns and of `more` lines; its key may be that of another table."""
    key = f'ForeignKey("{key_of}.id"), ' if key_of else ""
    others = (f"column_{number}: Mapped[{TYPES[number % 4]}]" for number in range(2, columns + 1))
    own = [f'__tablename__ = "{name.lower()}"', f"id: Mapped[int] = mapped_column({key}primary_key=True)", *others]
    return lines(f"class {name}({base}):", below=[*own, *more])


def reference(name: str, to: str) -> str:
    """Return a column that refers to another class's table."""
    return f'{name}: Mapped[int] = mapped_column(ForeignKey("{to.lower()}.id"))'


def model(name: str, fields: int, kind: str = "int", more: Sequence[str] = ()) -> str:
    """Return a Pydantic model of so many fields, all of one kind, and of `more` lines."""
    return lines(f"class {name}(BaseModel):", below=[*(f"field_{number}: {kind}" for number in range(fields)), *more])


def route(number: int, options: str = "", parameters: str = "", on: str = "app") -> str:
    """Return a route of a path of its own; `options` are the decorator's, `parameters` come behind the path's."""
    decorator = f'@{on}.get("/things_{number}/{{key}}"{options})'
    return lines(decorator, f"async def read_{number}(key: int{parameters}):", below=["return None"])


def django_model(name: str, columns: int) -> str:
    """Return Django's model of so many columns, one of which is the key."""
    own = (f"column_{number} = models.{DJANGO_FIELDS[number % 4]}" for number in range(2, columns + 1))
    return lines(f"class {name}(models.Model):", below=[*own, "", "class Meta:", '    app_label = "part"'])


def plain(number: int) -> str:
    """Return a class and a function that do what most code does: they have names, texts, and calls."""
    return f'''

class Account{number}:
    """An account, and what was paid into it."""

    def __init__(self, owner: str, balance: int = {number}) -> None:
        self.owner = owner
        self.balance = balance
        self.history: list[tuple[str, int]] = []

    def pay(self, amount: int, reason: str = "payment {number}") -> int:
        """Pay so much in; return the balance."""
        if amount < 0:
            raise ValueError(f"cannot pay {{amount}} into the account of {{self.owner}}: it is negative")
        self.history.append((reason, amount))
        self.balance += amount
        return self.balance


def statement_{number}(account: Account{number}, separator: str = ", ") -> str:
    """Return the account's history as one line."""
    payments = [f"{{reason}}: {{amount}}" for reason, amount in account.history if amount]
    return f"{{account.owner}}: {{separator.join(payments)}}; {{account.balance}}"
'''
