"""A service of many classes, each with a model and a route, as it is generated from a large schema."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import Integer, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Session, configure_mappers, mapped_column

from bench.studies.processes.shares import CLASSES, COLUMNS
from common import database_url

NAMES = [f"column_{number}" for number in range(1, COLUMNS)]


class ServiceBase(DeclarativeBase):
    """Registry of the classes."""


class ServiceModel(BaseModel):
    """What all models have."""

    model_config = ConfigDict(from_attributes=True)


def mapped(number: int) -> Any:
    columns = {name: mapped_column(Integer) for name in NAMES}
    named = {"__tablename__": f"wide_{number}", "id": mapped_column(Integer, primary_key=True)}
    return type(f"Wide{number}", (ServiceBase,), named | columns)


def model(number: int) -> type[BaseModel]:
    fields: dict[str, Any] = dict.fromkeys(["id", *NAMES], (int, ...))
    return create_model(f"WideModel{number}", __base__=ServiceModel, **fields)


def answering(entity: Any) -> Callable[[], Any]:
    def rows() -> Any:
        with Session(engine) as session:
            return session.scalars(select(entity).limit(10)).all()

    return rows


app = FastAPI()
engine = create_engine(database_url("postgresql+psycopg"))
ENTITIES, MODELS = [mapped(number) for number in range(CLASSES)], [model(number) for number in range(CLASSES)]
for number, (entity, answer) in enumerate(zip(ENTITIES, MODELS, strict=True)):
    app.get(f"/rows/{number}", response_model=list[answer])(answering(entity))  # type: ignore[valid-type]
configure_mappers()
