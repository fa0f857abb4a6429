"""What `commit()` and `rollback()` take and free, and by which line; each experiment has a process of its own."""

import linecache
import sys
import tracemalloc
from collections import defaultdict
from typing import NamedTuple

import pytest
from sqlalchemy import bindparam, inspect, select

from tests.claims.fresh import COUNT, INTEGER, entity_class, held, open_session
from tests.claims.rows import Parent
from tests.claims.test_entities import PYTHON, own
from tests.forks import in_a_fresh_process

# The lines of `InstanceState._expire` that make something, and the one whose values it frees.
DICT = 'if "_pending_mutations" in self.__dict__:'
TABLE = "self._strong_obj = None"
SET = "self.expired_attributes.update("
VALUES = "records = self._tx.load_rows("


class Expired(NamedTuple):
    """What changed for each entity, in bytes: by line, and in all, once they were expired and once loaded again."""

    by_line: dict[str, int]
    growth: int
    growth_after_loading: int
    set_before: int
    set_after: int


def sizes() -> dict[str, int]:
    """Return how many bytes each line of a library has allocated for each entity."""
    held()
    found: defaultdict[str, int] = defaultdict(int)
    for statistic in tracemalloc.take_snapshot().statistics("lineno"):
        frame = statistic.traceback[0]
        if "site-packages" in frame.filename:
            found[linecache.getline(frame.filename, frame.lineno).strip()] += round(statistic.size / COUNT)
    return found


def expire(url: str, columns: int, first: int, end: str) -> Expired:
    """Load all entities of a class, end the transaction, load them again; so many others were expired first."""
    mapped = entity_class(columns)
    statement = select(mapped).where(mapped.id > bindparam("after"))
    with open_session(url) as session:
        early = session.scalars(select(mapped).limit(first)).all()
        session.commit()
        del early
        held()
        entities = session.scalars(statement, {"after": 0}).all()
        state, before = inspect(entities[-1]), sizes()
        set_before = sys.getsizeof(state.expired_attributes)
        getattr(session, end)()
        after = sizes()
        assert state.expired_attributes == set(inspect(mapped).columns.keys())
        set_after = sys.getsizeof(state.expired_attributes)
        session.scalars(statement, {"after": 0}).all()
        assert not state.expired
        changes = {line: after.get(line, 0) - before.get(line, 0) for line in before.keys() | after.keys()}
        loaded = sum(sizes().values()) - sum(before.values())
        return Expired(changes, sum(changes.values()), loaded, set_before, set_after)


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("columns", [3, 10, 20])
def test_expiring_frees_all_values_but_the_key_s_and_its_set_grows_with_the_columns(
    url: str, columns: int, end: str
) -> None:
    found = in_a_fresh_process(expire, url, columns, 2, end)
    [freed] = [size for line, size in found.by_line.items() if line.startswith(VALUES)]
    assert freed == -(columns - 1) * INTEGER
    names = set(map(str, range(columns)))
    assert (found.set_before, found.set_after) == (sys.getsizeof(set()), sys.getsizeof(names))
    assert found.by_line.get(SET, 0) == found.set_after - found.set_before
    assert (found.growth > 0) == (columns >= 5 or PYTHON != (3, 13))
    assert found.growth_after_loading > 0


@pytest.mark.skipif(PYTHON > (3, 12), reason="the next test says what is true from 3.13 on")
@pytest.mark.parametrize(("first", "of_its_own"), [(0, True), (2, False), (19, False), (25, True)])
def test_expiring_gives_each_state_a_dict_and_a_table_where_too_few_keys_are_left(
    url: str, first: int, of_its_own: bool
) -> None:
    """Expiring takes two keys, and one is left once thirty entities exist. The set, of three names, does not grow."""
    found = in_a_fresh_process(expire, url, 3, first, "commit")
    assert found.set_before == found.set_after
    assert (found.by_line.get(TABLE, 0), found.by_line.get(DICT, 0)) == ((own(11), 0) if of_its_own else (0, 64))
    array = 82 if first == 0 else 80
    assert found.growth == pytest.approx((own(11) - array if of_its_own else 64) - 2 * INTEGER, abs=4)
    # The values are made anew, the key's among them, which the identity key has already.
    assert found.growth_after_loading == pytest.approx(found.growth + 3 * INTEGER, abs=4)


@pytest.mark.skipif(PYTHON < (3, 13), reason="the test before says what is true up to 3.12")
@pytest.mark.parametrize("first", [0, 2, 25])
def test_from_3_13_on_expiring_gives_a_state_no_table_and_a_dict_where_it_has_none_yet(url: str, first: int) -> None:
    """On 3.13 it has one before; from 3.14 on it has the attributes themselves, and expiring asks for their dict."""
    found = in_a_fresh_process(expire, url, 3, first, "commit")
    size = 0 if PYTHON == (3, 13) else 64
    assert (found.by_line.get(TABLE, 0), found.by_line.get(DICT, 0)) == (0, size)
    assert found.growth == pytest.approx(size - 2 * INTEGER, abs=4)
    assert found.growth_after_loading == pytest.approx(found.growth + 3 * INTEGER, abs=4)


def test_the_names_of_relationships_are_among_the_expired(url: str) -> None:
    with open_session(url) as session:
        parent = session.scalars(select(Parent).limit(1)).one()
        session.commit()
        assert inspect(parent).expired_attributes == {"id", "num", "children"}
