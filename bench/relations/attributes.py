"""Names of columns as attributes: identifiers of Python that no class of any layer has taken."""

import functools
import keyword
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from types import new_class

# The longest name that PostgreSQL does not cut, in bytes
# (https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS).
LONGEST = 63
# The classes inside a model's that Pydantic and Django read (`ConfigWrapper.for_model`, `ModelBase.__new__`): no
# attribute says that these names are taken.
INNER = ("Config", "Meta")


@functools.cache
def taken() -> frozenset[str]:
    """Return the attributes that the classes of the layers have before they have a column's."""
    import pydantic
    import sqlalchemy
    from sqlalchemy.orm import DeclarativeBase

    # A dataclass takes an attribute of `type` for a default value.
    classes: list[type] = [type, tuple, pydantic.BaseModel, sqlalchemy.Row, new_class("Base", (DeclarativeBase,))]
    with suppress(ImportError):
        import msgspec

        classes.append(msgspec.Struct)
    with suppress(ImportError):
        import sqlmodel

        classes.append(sqlmodel.SQLModel)
    return frozenset((*INNER, *(name for layer in classes for name in dir(layer))))


def attributes(names: Sequence[str], in_utf8: bool = True) -> list[str]:
    """Return for each column's name that of an attribute, no two of them equal, for a database in that encoding."""
    chosen: dict[str, None] = {}
    own = set(names)
    for name in names:
        attribute = identifier(name, in_utf8)
        unique, number = cut(attribute, LONGEST), 1
        while unique in chosen or (unique != name and unique in own):
            number += 1
            unique = f"{cut(attribute.rstrip('_'), LONGEST - 5)}_{number}"
        chosen[unique] = None
    return list(chosen)


def identifier(name: str, in_utf8: bool) -> str:
    """Return a name as Python reads it; what no identifier has, and what another encoding may lack, is `_`."""
    plain = unicodedata.normalize("NFKC", name) if in_utf8 else "".join(map(kept, name))
    attribute = "".join(char if f"x{char}".isidentifier() else "_" for char in plain).lstrip("_") or "column"
    if not attribute.isidentifier():
        attribute = f"column_{attribute}"
    return f"{attribute}_" if keyword.iskeyword(attribute) or attribute in taken() else attribute


def kept(char: str) -> str:
    """Return what Python makes of a character, if that is the same or ASCII, for every database can write that."""
    normal = unicodedata.normalize("NFKC", char)
    return normal if normal == char or normal.isascii() else "_"


def cut(text: str, size: int) -> str:
    """Return as much of the text as fits so many bytes."""
    return text.encode()[:size].decode(errors="ignore")
