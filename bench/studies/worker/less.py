"""Fewer bytes for the same: code before and after a change, and what both begin with."""

from dataclasses import dataclass

from bench.studies.worker.connections import ENGINE, TABLE, entity_of
from bench.studies.worker.sources import CONFIGURED, FASTAPI, MAPPED, PYDANTIC, entity, model, route

NOTHING, BEFORE, NOW = "nothing", "before", "now"
COUNT = 200


@dataclass(frozen=True)
class Saving:
    """What to write instead, and the code that is weighed; `loss` says what one loses by it, `why` why it helps not."""

    name: str
    head: str
    before: str
    now: str
    loss: str = ""
    why: str = ""
    needs: tuple[str, ...] = ()
    # What is written anew before the head, where that has to change.
    head_now: str = ""

    @property
    def modules(self) -> dict[str, str]:
        head = self.head_now or self.head
        return {NOTHING: self.head, BEFORE: self.head + self.before, NOW: head + self.now}


QUERY = MAPPED + entity_of(5) + ENGINE + "from sqlalchemy import lambda_stmt, or_\n" + TABLE
ORED = f"""
for count in range(1, {COUNT + 1}):
    conditions = [Entity.id == key for key in range(count)]
    session.scalars(select(Entity).where(or_(*conditions))).all()
"""
IN = f"""
for count in range(1, {COUNT + 1}):
    session.scalars(select(Entity).where(Entity.id.in_(range(count)))).all()
"""
NOT_CACHED = ORED.replace(").all()", ', execution_options={"compiled_cache": None}).all()')
LAMBDAS = f"""
for count in range(1, {COUNT + 1}):
    conditions = [Entity.id == key for key in range(count)]
    query = lambda_stmt(lambda: select(Entity), track_on=[count])
    query += lambda query: query.where(or_(*conditions))
    session.scalars(query).all()
"""
SMALL = QUERY.replace("pool_size=100)", "pool_size=100, query_cache_size=50)")


def each(piece: str) -> str:
    """Return a text for each number, which stands there as NUMBER."""
    return "".join(piece.replace("NUMBER", str(number)) for number in range(COUNT))


MODELS = "".join(model(f"Model{number}", 12) for number in range(COUNT))
DEFERRED = "".join(
    model(f"Model{number}", 12, more=["model_config = ConfigDict(defer_build=True)"]) for number in range(COUNT)
)
ADAPTERS = "adapter_NUMBER = TypeAdapter(list[Shared])\n"
SLOTS = "".join(
    model(f"Model{number}", 12).replace("class", "@dataclass(slots=True)\nclass").replace("(BaseModel)", "")
    for number in range(COUNT)
)
ROUTES = "".join(
    model(f"Response{number}", 12) + route(number, f", response_model=list[Response{number}]")
    for number in range(COUNT)
)
SHARED = model("Shared", 12)
REUSED = "".join(route(number, ", response_model=list[Shared]") for number in range(COUNT))
OPENAPI = "\nschema = app.openapi()\n"
DECLARED = "".join(entity(f"Entity{number}", 12) for number in range(COUNT)) + "\nconfigure_mappers()\n"
TABLES = """
from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, String, Table

metadata = MetaData()
"""
AS_TABLES = each(
    '\ntable_NUMBER = Table(\n    "entity_NUMBER", metadata, Column("id", Integer, primary_key=True),\n    '
    + ", ".join(
        f'Column("column_{number}", {("Integer", "String", "DateTime", "Boolean")[number % 4]})'
        for number in range(2, 13)
    )
    + ",\n)\n"
)
# The tables in the database, and one that is reflected, so that what is needed once is there.
CREATED = (
    MAPPED
    + ENGINE
    + f"""
from sqlalchemy import MetaData, Table

connection = engine.connect()
types = "integer", "varchar", "timestamp", "boolean"
columns = "".join(f", column_{{place}} {{types[place % 4]}} NOT NULL" for place in range(2, 13))
for number in range({COUNT}):
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE entity{{number}} (id serial PRIMARY KEY{{columns}})")
connection.commit()
Table("entity0", MetaData(), autoload_with=connection)
"""
)
REFLECTED = each("""

class EntityNUMBER(Base):
    __table__ = Table("entityNUMBER", Base.metadata, autoload_with=connection)
""")
SAVINGS = (
    Saving(
        "`IN` in place of ORed terms", QUERY, ORED, IN, "nothing: it is one entry of the cache, whatever their number"
    ),
    Saving("`query_cache_size=50`", QUERY, ORED, ORED, "the time to compile what is no longer there", head_now=SMALL),
    Saving("`compiled_cache=None` for that statement", QUERY, ORED, NOT_CACHED, "the time to compile it each time"),
    Saving(
        "`lambda_stmt`", QUERY, ORED, LAMBDAS, why="it spares building a statement, and keeps each text that differs"
    ),
    Saving("`defer_build=True`", PYDANTIC, MODELS, DEFERRED, "the time of the first use; what is used is built then"),
    Saving(
        "a dataclass with slots, inside", PYDANTIC + "from dataclasses import dataclass\n", MODELS, SLOTS, "validation"
    ),
    Saving("one `TypeAdapter` for all", PYDANTIC + SHARED, each(ADAPTERS), ADAPTERS, "nothing"),
    Saving(
        "response models reused", FASTAPI + SHARED, ROUTES, REUSED, "what the models say of a route", needs=("fastapi",)
    ),
    Saving(
        "no `openapi()`",
        FASTAPI,
        ROUTES + OPENAPI,
        ROUTES,
        "the documentation, by `openapi_url=None`",
        needs=("fastapi",),
    ),
    Saving(
        "tables in place of mapped classes", MAPPED + TABLES, DECLARED, AS_TABLES, "entities: rows are read as tuples"
    ),
    Saving(
        "reflected tables in place of declared ones",
        CREATED,
        DECLARED,
        REFLECTED + CONFIGURED,
        why="a column takes as much, however it was found",
    ),
)
