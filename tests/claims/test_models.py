"""What Pydantic's models and dataclasses have, and what an instance takes."""

import dataclasses
import json

import pydantic
import pytest
from sqlalchemy.orm import (
    Session,
)

from domain_model import DomainModel
from tests.claims.rows import (
    ENTITIES,
)


@pydantic.dataclasses.dataclass(slots=True, config=pydantic.ConfigDict(from_attributes=True))
class Record:
    id: int
    num: int
    data: str


def test_pydantic_dataclass_reads_no_attributes_whatever_is_configured(session: Session) -> None:
    entity = session.scalars(ENTITIES).first()
    assert pydantic.TypeAdapter(DomainModel).validate_python(entity).num == 0
    with pytest.raises(pydantic.ValidationError, match="dictionary or an instance of Record"):
        pydantic.TypeAdapter(Record).validate_python(entity, from_attributes=True)


def test_type_adapter_of_a_pydantic_dataclass_dumps_it_and_describes_it() -> None:
    adapter, plain = pydantic.TypeAdapter(Record), {"id": 1, "num": 5, "data": "hello-1"}
    assert adapter.dump_python(adapter.validate_python(plain)) == plain
    assert json.loads(adapter.dump_json(Record(1, 5, "hello-1"))) == plain
    assert adapter.json_schema()["properties"].keys() == plain.keys()


def test_pydantic_dataclass_has_no_model_copy_and_no_set_of_given_fields() -> None:
    record, model = Record(1, 5, "hello-1"), DomainModel(id=1, num=5, data="hello-1")
    for name in ("model_copy", "model_fields_set", "__dict__"):
        assert hasattr(model, name)
        assert not hasattr(record, name)
    assert not hasattr(pydantic.TypeAdapter(Record), "model_copy")
    assert dataclasses.replace(record, num=7).num == 7
    with pytest.raises(pydantic.ValidationError):
        dataclasses.replace(record, num="no number")  # type: ignore[arg-type]
