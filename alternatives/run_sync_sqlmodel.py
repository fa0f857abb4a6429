"""SQLModel

Short: SQLModel
Instead of: run_sync_sqlalchemy_session
You lose: validation, but by `model_validate`, or of what is given by `validate_assignment`; memory: it is a model, too.
Choose it: where one class is to be the table and the model of an API, and few rows are read at once.

An ORM entity that is a Pydantic model, too: beside SQLAlchemy's state it has the slots of a model and a set of fields.
"""

from common import database_url, print_memory_usage, print_top_allocations, start_tracing

print_memory_usage("Start")

from sqlmodel import Field, Session, SQLModel, create_engine, select

print_memory_usage("After imports")
start_tracing()


class Record(SQLModel, table=True):
    __tablename__ = "data"

    id: int = Field(primary_key=True)
    num: int
    data: str


storage: dict[int, Record] = {}
engine = create_engine(database_url("postgresql+psycopg"))
with Session(engine) as session:
    print_memory_usage("Session connected")
    result = session.exec(select(Record))
    for row in result:
        if not storage:
            print_memory_usage("Result iteration start")
        storage[row.id] = row

print_memory_usage("Result iteration end")
print_top_allocations(rows=len(storage))
