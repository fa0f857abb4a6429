"""A graph's tables as mapped classes, with relationships along their foreign keys; SQLAlchemy is imported in use."""

from typing import Any

from bench.layers import alchemy
from bench.relations.catalog import Found
from bench.relations.foreign_keys import Link, Step
from bench.relations.graphs import Child, Graph
from bench.relations.relations import Relation


class Mapped:
    """The graph's tables as mapped classes, one a table, whose relationships lead both ways."""

    def __init__(self, graph: Graph, connection: Any) -> None:
        """Map them."""
        from sqlalchemy.orm import registry

        self.graph = graph
        mapper = registry()
        self.classes: dict[int, Any] = {}
        for relation in graph.relations:
            if relation.oid not in self.classes:
                names = {column.name: column.attribute for column in relation.columns}
                table = alchemy.reflected(relation, connection)
                self.classes[relation.oid] = kind = type(f"Row{len(self.classes)}", (), {})
                mapper.map_imperatively(
                    kind,
                    table,
                    properties={names[column.name]: column for column in table.c},
                    primary_key=[table.c[name] for name in relation.key],
                )
        known = {(graph.relations[child.parent].oid, child.link): child for child in graph.children}
        for (oid, _), child in known.items():
            self._relate(child, self.classes[oid], graph.relations[child.parent], known)

    def _relate(self, child: Child, parent: Any, relation: Relation, known: dict[tuple[int, Link], Child]) -> None:
        """Add the relationship that leads to a child, and the one back, unless that is a child's, too."""
        other = self.classes[child.relation.oid]
        back = inverse(child.link, relation)
        there = known.get((child.relation.oid, back))
        name = there.attribute if there else f"_back_{child.attribute}"
        names = [one.attribute for one in known.values()]
        shared = ",".join([*names, *(f"_back_{one}" for one in names)])  # else SQLAlchemy warns of columns in common
        self._add(parent, child.attribute, other, child.link, child.many, overlaps=shared, back_populates=name)
        if not there:
            self._add(other, name, parent, back, back.to_many, overlaps=shared, back_populates=child.attribute)

    def _add(self, kind: Any, name: str, other: Any, link: Link, many: bool, **arguments: Any) -> None:
        from sqlalchemy import Column, MetaData, Table, and_, inspect
        from sqlalchemy.orm import foreign, relationship, remote
        from sqlalchemy.types import NullType

        here, there, step = kind.__table__.c, other.__table__.c, link.steps[0]
        if len(link.steps) == 1:
            pairs = [(here[a], there[b]) for a, b in zip(step.here, step.there, strict=True)]
            arguments["primaryjoin"] = and_(
                *(a == remote(foreign(b)) if link.to_many else foreign(a) == remote(b) for a, b in pairs)
            )
        else:
            last = link.steps[1]
            names = dict.fromkeys((*step.there, *last.here))
            secondary = Table(
                step.table.name, MetaData(), *(Column(one, NullType()) for one in names), schema=step.table.schema
            )
            arguments |= {
                "secondary": secondary,
                "primaryjoin": and_(*(here[a] == secondary.c[b] for a, b in zip(step.here, step.there, strict=True))),
                "secondaryjoin": and_(
                    *(there[b] == secondary.c[a] for a, b in zip(last.here, last.there, strict=True))
                ),
                "foreign_keys": list(secondary.c),
            }
        inspect(kind).add_property(name, relationship(other, uselist=many, **arguments))

    def root(self, count: int, one_of: int | None = None) -> Any:
        """Return what stands for the root's class in a statement that reads so many parents, or one of so many."""
        from sqlalchemy import func, literal_column, select, tablesample
        from sqlalchemy.orm import aliased

        relation = self.graph.root
        source = self.classes[relation.oid].__table__
        if relation.sample:
            source = tablesample(source, func.system(relation.sample), seed=literal_column("0"))
        chosen = select(*source.c).limit(count).subquery()
        if one_of:
            number = self.graph.number
            numbered = select(*chosen.c, func.row_number().over().label(number)).subquery()
            own = [one for one in numbered.c if one.name != number]
            chosen = select(*own).where(numbered.c[number] % one_of == 0).subquery()
        return aliased(self.classes[relation.oid], chosen)

    def options(self, entity: Any, load: Any, place: int = 0) -> list[Any]:
        """Return the options that load all children of a place in the graph, and theirs, in one way."""
        return [
            load(getattr(entity, child.attribute)).options(
                *self.options(self.classes[child.relation.oid], load, number)
            )
            for number, child in self.graph.children_of(place)
        ]


def inverse(link: Link, parent: Relation) -> Link:
    """Return the link back along the same keys, to the parent."""
    table = Found(parent.oid, parent.schema, parent.name)
    if len(link.steps) == 1:
        [step] = link.steps
        return Link((Step(table, step.there, step.here),), not link.to_many)
    first, last = link.steps
    return Link((Step(first.table, last.there, last.here), Step(table, first.there, first.here)), to_many=True)
