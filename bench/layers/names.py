"""The layers and the ways to read children: what each is called, and which module reads it, where its package is."""

from importlib.util import find_spec

from bench.layers.reading import Reader

TUPLE, DICT, SLOTS, VALIDATED, CORE, MODEL, ENTITY, STREAMED = (
    *("psycopg, tuple", "psycopg, dict", "slots dataclass", "Pydantic slots dataclass", "Core row", "Pydantic model"),
    *("ORM entity", "ORM entity, streamed"),
)
RECORD, STRUCT, SQLMODEL, ARROW, POLARS = "asyncpg record", "msgspec.Struct", "SQLModel", "Arrow table", "polars frame"
PANDAS, PANDAS_ARROW = "pandas frame", "pandas frame, Arrow types"
DJANGO, TORTOISE, PEEWEE, PICCOLO = "Django model", "Tortoise model", "Peewee model", "Piccolo object"
LAZY, SELECTIN, JOINED, DROPPED = "lazy", "selectin", "joined", "selectin, dropped"
COLUMNS, ARRAYS = "columns of a join", "arrays"
LIBRARIES = "bench.layers.libraries"


def reader(name: str, module: str, **special: bool) -> Reader:
    return Reader(name, f"{LIBRARIES}.{module}", **special)


def readers(*some: Reader) -> dict[str, Reader]:
    return {reader.name: reader for reader in some}


# Those of psycopg, SQLAlchemy and Pydantic; and one whose rows are dropped: what it shows is the peak, and the time.
LAYERS = readers(
    reader(TUPLE, "psycopg"),
    reader("psycopg, named tuple", "psycopg"),
    reader(DICT, "psycopg"),
    reader(SLOTS, "psycopg"),
    reader(VALIDATED, "pydantic"),
    reader(CORE, "sqlalchemy"),
    reader(MODEL, "pydantic"),
    reader(ENTITY, "sqlalchemy", keyed=True),
)
DROPPING = readers(reader(STREAMED, "sqlalchemy", keyed=True, keeps=False))
# Those of other stacks, each where its package is installed.
OTHERS = readers(
    # Where many rows are not needed to show what is fixed: what they leave free is filled again, and not counted.
    Reader(RECORD, f"{LIBRARIES}.asyncpg", first=1),
    reader(STRUCT, "msgspec"),
    reader(SQLMODEL, "sqlmodel", keyed=True),
    reader(ARROW, "adbc", native=True),
    reader(POLARS, "polars", native=True),
    reader(PANDAS, "pandas", native=True),
    reader(PANDAS_ARROW, "pandas", native=True),
    reader(DJANGO, "django", keyed=True),
)
PACKAGES = {
    **{RECORD: "asyncpg", STRUCT: "msgspec", SQLMODEL: "sqlmodel", ARROW: "adbc_driver_postgresql"},
    **{POLARS: "polars", PANDAS: "pandas", PANDAS_ARROW: "pandas", DJANGO: "django"},
}
# What installs those that need more than `alternatives`.
GROUPS = {"pandas": '"alternatives dataframes"'}
# Other ORMs' models, which a study compares.
MODELS = readers(
    OTHERS[DJANGO],
    reader(TORTOISE, "tortoise", keyed=True),
    reader(PEEWEE, "peewee", keyed=True),
    reader(PICCOLO, "piccolo", keyed=True),
)
# Those that read parents with their children.
WAYS = readers(
    reader(LAZY, "children_as_entities", children=True, keyed=True, samples=True),
    reader(SELECTIN, "children_as_entities", children=True, keyed=True),
    reader(JOINED, "children_as_entities", children=True, keyed=True),
    reader(DROPPED, "children_as_entities", children=True, keyed=True, keeps=False),
    reader(COLUMNS, "children_as_columns", children=True, joins=True),
    reader(ARRAYS, "children_as_columns", children=True, arrays=True),
)
# Those whose traced process tells what each column takes: the first one that is read.
WEIGHING = (*LAYERS, SELECTIN, JOINED)
# Those that are read again without a column that takes half of the values.
LIGHTENED = (CORE, ENTITY, SELECTIN)
READERS = LAYERS | DROPPING | OTHERS | MODELS | WAYS
# What an entity needs a key for.
KEYED = [name for name, reader in (LAYERS | DROPPING | OTHERS).items() if reader.keyed]


def installed() -> list[str]:
    """Return the layers of other stacks whose packages are here."""
    return [layer for layer, package in PACKAGES.items() if find_spec(package)]


def missing() -> str:
    """Return in one line which layers are left out because their packages are not here, and what adds them."""
    absent: dict[str, list[str]] = {}
    for layer, package in PACKAGES.items():
        if not find_spec(package):
            absent.setdefault(GROUPS.get(package, "alternatives"), []).append(layer)
    told = (f"{'; '.join(layers)}: left out, until `make venv groups={name}`" for name, layers in absent.items())
    return ". ".join(f"{line} installs them" for line in told)
