"""What Pydantic's models and dataclasses have, and what an instance takes."""

import dataclasses
import functools
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
import sqlmodel
from sqlalchemy.orm import Session

from domain_model import DomainModel
from tests.claims.fresh import COUNT, held
from tests.claims.rows import ENTITIES
from tests.forks import in_a_fresh_process


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


def model_class(fields: int, config: pydantic.ConfigDict, default: Any = ..., private: int = 0) -> Any:
    """Return a model with so many fields, all of one integer, and so many private attributes."""
    named: dict[str, Any] = {f"field_{number}": (int, default) for number in range(fields)}
    hidden: dict[str, Any] = {f"_hidden_{number}": (int, pydantic.PrivateAttr(1)) for number in range(private)}
    return pydantic.create_model("Model", __config__=config, **named, **hidden)


def size_of(make: Callable[[], object]) -> int:
    """Return how many bytes an instance takes with what it owns."""
    for _ in range(30):  # the first of a class have more room for attributes, from Python 3.14 on
        make()
    kept: list[object] = [None] * COUNT
    before = held()
    for number in range(COUNT):
        kept[number] = make()
    return round((held() - before) / COUNT)


def sizes_of_models() -> dict[str, int]:
    """Return what one instance takes, by what is special with it."""
    usual, extra = pydantic.ConfigDict(), pydantic.ConfigDict(extra="allow")
    three, twenty = ({f"field_{number}": 1 for number in range(fields)} for fields in (3, 20))
    models = {
        "three": (model_class(3, usual), three),
        "three, one private": (model_class(3, usual, private=1), three),
        "three, five private": (model_class(3, usual, private=5), three),
        "three, six private": (model_class(3, usual, private=6), three),
        "three, may have more": (model_class(3, extra), three),
        "three, has one more": (model_class(3, extra), {**three, "more": 1}),
        "twenty": (model_class(20, usual), twenty),
        "twenty, none given": (model_class(20, usual, 1), {}),
        "twenty, four given": (model_class(20, usual, 1), dict(list(twenty.items())[:4])),
        "twenty, five given": (model_class(20, usual, 1), dict(list(twenty.items())[:5])),
    }
    return {name: size_of(functools.partial(model, **values)) for name, (model, values) in models.items()}


def test_a_model_takes_more_with_private_attributes_or_extra_ones_and_less_with_fields_left_out() -> None:
    """A dict of up to five attributes takes 184 bytes, an empty one 64; and the set is that of the given fields."""
    found = in_a_fresh_process(sizes_of_models)
    more = {name: size - found["three"] for name, size in found.items() if name.startswith("three")}
    assert more == {
        "three": 0,
        "three, one private": 184,
        "three, five private": 184,
        "three, six private": 272,
        "three, may have more": 64,
        "three, has one more": 184,
    }
    given = {count: sys.getsizeof(set(map(str, range(count)))) for count in (0, 4, 5, 20)}
    less = found["twenty"] - given[20]
    assert found["twenty, none given"] == found["twenty, four given"] == less + given[0] == less + given[4]
    assert found["twenty, five given"] == less + given[5]
    # A word less from 3.12 on; from 3.14 on room for attributes, which a model does not use.
    size = 760 if sys.version_info < (3, 12) else 752 if sys.version_info < (3, 14) else 776
    assert found["twenty, none given"] == size


ENCODED = 20 * len("я".encode()) + 1


@pytest.mark.parametrize(
    ("kind", "grown"),
    [
        (str, False),
        (str | None, False),
        (Annotated[str, pydantic.Field(max_length=50)], True),
        (Annotated[str, pydantic.Field(pattern="^.*$")], True),
    ],
    ids=str,
)
def test_a_text_that_is_not_ascii_keeps_its_encoding_where_it_is_constrained_or_dumped_as_json(
    kind: Any, grown: bool
) -> None:
    text, plain = "".join(["я"] * 20), "".join(["x"] * 20)
    before, before_plain = sys.getsizeof(text), sys.getsizeof(plain)
    model: Any = pydantic.create_model("Model", field=(kind, ...))
    made = model(field=text)
    model(field=plain)
    assert made.field is text
    assert sys.getsizeof(text) - before == (ENCODED if grown else 0)
    made.model_dump(mode="json")
    assert sys.getsizeof(text) - before == (ENCODED if grown else 0)
    made.model_dump_json()
    assert sys.getsizeof(text) - before == ENCODED
    assert sys.getsizeof(plain) == before_plain


def test_msgspec_validates_where_it_converts_and_not_where_it_constructs_by_the_order_of_the_fields() -> None:
    record: Any = msgspec.defstruct("Record", [("id", int), ("num", int)])
    made = record("x", None)
    assert (made.id, made.num) == ("x", None)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "x", "num": 1}, record)


def test_sqlmodel_validates_what_is_given_if_configured_and_never_that_something_is_missing() -> None:
    class Plain(sqlmodel.SQLModel, table=True):
        id: int = sqlmodel.Field(primary_key=True)
        num: int

    class Validated(sqlmodel.SQLModel, table=True):
        model_config = pydantic.ConfigDict(validate_assignment=True)  # type: ignore[assignment]
        id: int = sqlmodel.Field(primary_key=True)
        num: int

    plain: Any = Plain
    validated: Any = Validated
    assert plain(id="x").__dict__["id"] == "x"
    with pytest.raises(pydantic.ValidationError, match="valid integer"):
        validated(id="x")
    for model in (plain, validated):
        assert "num" not in model(id=1).__dict__
        with pytest.raises(pydantic.ValidationError, match="Field required"):
            model.model_validate({"id": 1})


@pytest.mark.parametrize(("count", "size"), [(1, 216), (4, 216), (5, 728)])
def test_each_model_owns_a_set_of_the_fields_that_were_given(count: int, size: int) -> None:
    fields: dict[str, Any] = {f"field_{number}": (int, ...) for number in range(count)}
    model, values = pydantic.create_model("Model", **fields), dict.fromkeys(fields, 1)
    models = [make(**values) for make in (model, model, model.model_construct, model.model_construct)]
    assert len({id(one.model_fields_set) for one in models}) == 4
    assert {sys.getsizeof(one.model_fields_set) for one in models} == {size}


def test_constructed_model_that_allows_extra_fields_is_not_as_large_as_a_validated_one() -> None:
    class Extra(DomainModel, extra="allow"):
        pass

    values: dict[str, Any] = {"id": 1, "num": 5, "data": "hello-1", "more": 1, "most": 2}
    validated, constructed = (make(**values) for make in (Extra, Extra.model_construct))
    assert validated == constructed
    assert sys.getsizeof(validated.model_fields_set) != sys.getsizeof(constructed.model_fields_set)


def test_assigning_a_field_marks_it_on_all_models_that_share_the_set() -> None:
    fields = {"id"}
    one, other = (DomainModel.model_construct(fields, id=number) for number in (1, 2))
    one.num = 5
    assert other.model_fields_set == {"id", "num"}


def test_pydantic_dataclass_with_slots_validates() -> None:
    @pydantic.dataclasses.dataclass(slots=True)
    class Record:
        id: int

    with pytest.raises(pydantic.ValidationError):
        Record(id="no number")  # type: ignore[arg-type]
