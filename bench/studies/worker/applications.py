"""Three applications of unlike sizes, whose classes, models and routes are none of those that were priced."""

from dataclasses import dataclass
from itertools import cycle, islice

from bench.studies.worker.connections import HEAD
from bench.studies.worker.sources import FASTAPI, MAPPED, entity, model, plain, reference, route

WHOLE = "whole"
# What the classes and the models of an application have, one after the other.
COLUMNS, FIELDS, KINDS = (4, 7, 12, 26), (3, 8, 14, 22), ("str", "int | None = None", "datetime", "float")
CONNECTED = """
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"), pool_size=100)
connections = [engine.connect() for _ in range({})]
Base.metadata.create_all(connections[0])
session = Session(connections[0])
"""
CLOSED = """
session.close()
for connection in connections:
    connection.rollback()
    connection.close()
"""


@dataclass(frozen=True)
class Application:
    """A service: classes that refer to each other, models, routes, plain code, a pool, and statements."""

    name: str
    classes: int
    models: int
    routes: int
    code: int
    connections: int
    statements: int

    @property
    def needs(self) -> tuple[str, ...]:
        return ("fastapi", "uvicorn")

    @property
    def modules(self) -> dict[str, str]:
        return {WHOLE: self.source}

    @property
    def source(self) -> str:
        pieces = [
            *(MAPPED, *(self.mapped(number) for number in range(self.classes)), FASTAPI),
            *(model(f"Model{number}", fields, kind) for number, (fields, kind) in self.fields()),
            *(self.route(number) for number in range(self.routes)),
            *map(plain, range(self.code)),
            *(HEAD, CONNECTED.format(self.connections)),
            *(self.statement(number) for number in range(self.statements)),
            *(CLOSED, "\nimport uvicorn\n\nuvicorn.Config(app, log_level='warning').load()\n"),
        ]
        return "".join(pieces)

    def mapped(self, number: int) -> str:
        """Return a class; each second one belongs to the one before it, and both know it."""
        more = ['__table_args__ = {"prefixes": ["TEMPORARY"]}']
        if number % 2:
            more += [reference("owner_id", f"Entity{number - 1}")]
            more += [f'owner: Mapped["Entity{number - 1}"] = relationship(back_populates="owned")']
        elif number + 1 < self.classes:
            more += [f'owned: Mapped[list["Entity{number + 1}"]] = relationship(back_populates="owner")']
        return entity(f"Entity{number}", COLUMNS[number % 4], more)

    def fields(self) -> list[tuple[int, tuple[int, str]]]:
        return list(enumerate(islice(zip(cycle(FIELDS), cycle(KINDS[:3])), self.models)))

    def route(self, number: int) -> str:
        return route(number, f", response_model=list[Model{number % self.models}]", ", page: int = 1")

    def statement(self, number: int) -> str:
        """Return a query: each class is read by its key, and then by further columns of it."""
        name, further = f"Entity{number % self.classes}", number // self.classes
        condition = f"{name}.id == 1" if not further else f"{name}.column_{2 + further % 3} == None"
        return f"session.scalars(select({name}).where({condition})).all()\n"


APPLICATIONS = (
    Application("a small service", 8, 12, 10, 40, 5, 16),
    Application("a service of middle size", 60, 90, 80, 400, 10, 150),
    Application("a large one", 240, 300, 260, 1500, 20, 450),
)
