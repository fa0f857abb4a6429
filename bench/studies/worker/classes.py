"""What a worker has from its imports on: mapped classes, Pydantic's models, FastAPI's routes, Django's models, code."""

from bench.studies.worker.part import Part
from bench.studies.worker.sources import (
    CONFIGURED,
    DJANGO,
    FASTAPI,
    MAPPED,
    PYDANTIC,
    django_model,
    entity,
    model,
    plain,
    route,
)

UNRELATED, FOREIGN_KEY = "two mapped classes", "foreign key"
MANY = 'children: Mapped[list["Child{0}"]] = relationship()'
ONE = 'parent: Mapped["Parent{0}"] = relationship()'
BOTH = (
    'children: Mapped[list["Child{0}"]] = relationship(back_populates="parent")',
    'parent: Mapped["Parent{0}"] = relationship(back_populates="children")',
)
POLYMORPHIC = entity(
    "Entity", 5, ["kind: Mapped[str]", '__mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": ""}']
)


def related(number: int, parent: str = "", child: str = "", key: str = "") -> str:
    """Return two classes with these lines."""
    key = key or f'parent_id: Mapped[int] = mapped_column(ForeignKey("parent{number}.id"))'
    return entity(f"Parent{number}", 5, [parent.format(number)]) + entity(
        f"Child{number}", 5, [key, child.format(number)]
    )


def heir(number: int, columns: int) -> str:
    """Return a class that inherits from `Entity`: in its table, or with so many columns in one of its own."""
    identity = f'__mapper_args__ = {{"polymorphic_identity": "{number}"}}'
    if columns:
        return entity(f"Heir{number}", columns, [identity], "Entity", "entity")
    return f"\n\nclass Heir{number}(Entity):\n    {identity}\n"


def mapped(columns: int, foot: str, state: str) -> Part:
    return Part(
        f"mapped class of {columns} columns, {state}", MAPPED, lambda number: entity(f"Entity{number}", columns), foot
    )


MAPPED_CLASSES = (
    mapped(5, "", "declared"),
    mapped(5, CONFIGURED, "configured"),
    mapped(20, "", "declared"),
    mapped(20, CONFIGURED, "configured"),
    Part(UNRELATED, MAPPED, lambda number: related(number, key="parent_id: Mapped[int]"), CONFIGURED),
    Part(FOREIGN_KEY, MAPPED, related, CONFIGURED, without=UNRELATED),
    Part("relationship to one", MAPPED, lambda number: related(number, child=ONE), CONFIGURED, without=FOREIGN_KEY),
    Part("relationship to many", MAPPED, lambda number: related(number, MANY), CONFIGURED, without=FOREIGN_KEY),
    Part("relationships, both ways", MAPPED, lambda number: related(number, *BOTH), CONFIGURED, without=FOREIGN_KEY),
    Part("heir in its parent's table", MAPPED + POLYMORPHIC, lambda number: heir(number, 0), CONFIGURED),
    Part("heir with a table of 5 columns", MAPPED + POLYMORPHIC, lambda number: heir(number, 5), CONFIGURED),
)
INTEGERS = "Pydantic model of 5 integers"
SHARED = model("Shared", 5) + model("Other", 5, "str")
CHECKED = (
    *('@field_validator("field_0")', "@classmethod"),
    *("def check(cls, value: int) -> int:", "    return abs(value)"),
)


def models(name: str, kind: str = "int", fields: int = 5, more: tuple[str, ...] = (), **of_part: object) -> Part:
    return Part(
        name,
        PYDANTIC + SHARED,
        lambda number: model(f"Model{number}", fields, kind, more),
        **of_part,  # type: ignore[arg-type]
    )


MODELS = (
    models(INTEGERS),
    models("Pydantic model of 20 integers", fields=20),
    *(
        models(f"a field's {name}, over an integer", kind, without=INTEGERS, times=5)
        for name, kind in {
            "`str`": "str",
            "`datetime`": "datetime",
            "`UUID`": "UUID",
            "`list[str]`": "list[str]",
            "default, `int | None = None`": "int | None = None",
            "`Field(description=…, gt=0)`": 'int = Field(description="a number", gt=0)',
            "union, `int | str | None`": "int | str | None",
            "nested model of 5 fields": "Shared",
            "list of nested models": "list[Shared]",
            "union of models": "Shared | Other",
        }.items()
    ),
    models("field validator", more=CHECKED, without=INTEGERS),
)
RESPONSE = model("Response", 5)
ROUTE = "FastAPI route"


def routes(
    name: str, options: str = "", parameters: str = "", foot: str = "", fields: int = 0, **of_part: object
) -> Part:
    """Return routes; each has a response model of its own, where that has any fields."""

    def piece(number: int) -> str:
        if not fields:
            return route(number, options, parameters)
        return model(f"Response{number}", fields) + route(number, f", response_model=list[Response{number}]")

    dependency = "\n\nasync def dependency(page: int = 1, size: int = 10) -> int:\n    return page * size\n"
    return Part(name, FASTAPI + RESPONSE + dependency, piece, foot, needs=("fastapi",), **of_part)  # type: ignore[arg-type]


OPENAPI = "\nschema = app.openapi()\n"
ROUTES = (
    routes(ROUTE),
    routes("its `response_model=M`", ", response_model=Response", without=ROUTE),
    routes("its `response_model=list[M]`", ", response_model=list[Response]", without=ROUTE),
    routes("its body, `M`", "", ", body: Response", without=ROUTE),
    routes("its query parameter", "", ", page: int = 1, size: int = 2", without=ROUTE, times=2),
    routes("its dependency with two parameters", "", ", found: int = Depends(dependency)", without=ROUTE),
    routes("route and `list[M]` of 5 fields", fields=5),
    routes("its share of `openapi()`, 5 fields", foot=OPENAPI, fields=5, without="route and `list[M]` of 5 fields"),
    routes("route and `list[M]` of 20 fields", fields=20),
    routes("its share of `openapi()`, 20 fields", foot=OPENAPI, fields=20, without="route and `list[M]` of 20 fields"),
    Part(
        *("route of a router that is included", f"{FASTAPI}\nrouter = APIRouter()\n"),
        *(lambda number: route(number, on="router"), "\napp.include_router(router)\n"),
        needs=("fastapi",),
    ),
)
OTHERS = (
    *(
        Part(
            f"Django model of {columns} columns",
            DJANGO,
            lambda number, columns=columns: django_model(f"Model{number}", columns),  # type: ignore[misc]
            needs=("django",),
        )
        for columns in (5, 20)
    ),
    Part("class and function of plain code", "", plain, counts=(200, 600)),
)
CLASSES = (*MAPPED_CLASSES, *MODELS, *ROUTES, *OTHERS)
