"""What SQLAlchemy and Django map: classes, and the relationships between them."""

from __future__ import annotations

import gc
import sys
from typing import Any

from bench.yours.function.probe.objects import class_name


def mappers() -> list[Any] | None:
    """Return SQLAlchemy's mappers; None where its ORM is not imported."""
    orm = sys.modules.get("sqlalchemy.orm")
    return [thing for thing in gc.get_objects() if type(thing) is orm.Mapper] if orm else None


def django_models() -> list[Any] | None:
    """Return Django's models, of applications that are not installed, too; None where they are not loaded."""
    registry = sys.modules.get("django.apps")
    if not registry or not registry.apps.models_ready:
        return None
    of_all = [model for models in registry.apps.all_models.values() for model in models.values()]
    return [model for model in of_all if not model._meta.auto_created]


def mapped() -> set[str]:
    """Return the names of the classes that SQLAlchemy or Django maps."""
    return {class_name(kind) for kind in [mapper.class_ for mapper in mappers() or ()] + (django_models() or [])}


def relationships() -> list[tuple[str, str, str, str, bool]]:
    """Return of each relationship its table, class, attribute, the other table, and whether it leads to many."""
    found = []
    for mapper in mappers() or ():
        for one in mapper.relationships if mapper.configured else ():
            if one.lazy in ("dynamic", "write_only"):  # which nothing loads with its parents
                continue
            tables = mapper.local_table, one.mapper.local_table
            here, there = (str(getattr(table, "fullname", "")) for table in tables)
            found.append((here, mapper.class_.__name__, one.key, there, bool(one.uselist)))
    for model in django_models() or ():
        for field in model._meta.get_fields():
            if field.is_relation and field.related_model:
                name = field.get_accessor_name() if field.auto_created else field.name
                to_many = bool(field.one_to_many or field.many_to_many)
                table = field.related_model._meta.db_table
                found.append((model._meta.db_table, model.__name__, str(name), table, to_many))
    return found


def tables() -> dict[str, tuple[str, str]]:
    """Return of each table that one class maps the class's name, and its primary key's, if that is one column."""
    found: dict[str, tuple[str, str]] = {}
    for mapper in mappers() or ():
        if not mapper.inherits:
            keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
            found[str(getattr(mapper.local_table, "fullname", ""))] = mapper.class_.__name__, keys[0] * (len(keys) == 1)
    for model in django_models() or ():
        found[model._meta.db_table] = model.__name__, "pk"
    return found


def columns() -> dict[str, list[str]]:
    """Return of each class that SQLAlchemy maps the attributes that are columns, those of its primary key first."""
    found = {}
    for mapper in mappers() or ():
        if mapper.configured:
            keys = {mapper.get_property_by_column(column).key for column in mapper.primary_key}
            attributes = [one.key for one in mapper.column_attrs]
            found[mapper.class_.__name__] = sorted(attributes, key=lambda name: name not in keys)
    return found
