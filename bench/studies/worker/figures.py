"""Figures of the parts of a worker: prices, libraries, and applications with what the model predicts of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.results import Header
from bench.runs import Spread
from bench.studies.worker.applications import WHOLE
from bench.studies.worker.classes import CLASSES
from bench.studies.worker.connections import CONNECTIONS
from bench.studies.worker.count import with_made
from bench.studies.worker.less import BEFORE, NOTHING, NOW
from bench.studies.worker.measure import WeighedModule, WeighedRecord
from bench.studies.worker.model import WorkerModel, units
from bench.studies.worker.part import FEWER, MORE, Part
from bench.studies.worker.stack import ALONE, CODE, CODES, INTERPRETER, STACK, TOGETHER

# What has a price of its own on each Python. All else has this one's, because it is too small there to be told from
# the memory that imports have left free.
ON_EVERY_PYTHON = ("class", "column", "model", "field", "route")
PARTS = {part.name: part for part in (*CLASSES, *CONNECTIONS)}


@dataclass(frozen=True)
class Price:
    """What a part takes once, in bytes: resident, with the spread of its runs, and traced."""

    part: Part
    resident: Spread
    traced: float


@dataclass(frozen=True)
class WorkerFigures:
    """All that was weighed, by name; and how."""

    records: Mapping[str, WeighedRecord]
    header: Header

    def modules(self, name: str, python: str = "") -> Mapping[str, WeighedModule]:
        record = self.records[name]
        return record["pythons"].get(python, record["here"])

    def growth(self, name: str, python: str = "") -> float:
        """Return by how many bytes a process grows for each piece of a part."""
        return median(self.growths(name, python))

    def growths(self, name: str, python: str = "") -> list[float]:
        """Return the same for each pair of runs, the smallest ones first."""
        fewer, more = PARTS[name].counts
        weighed = self.modules(name, python)
        sizes = (
            sorted(after - before for before, after in zip(weighed[of]["before"], weighed[of]["after"], strict=True))
            for of in (FEWER, MORE)
        )
        return [(many - few) / (more - fewer) for few, many in zip(*sizes, strict=True)]

    def counted(self, name: str, what: str) -> float:
        """Return how many bytes of code each piece of a part has, or how many of something else that is counted."""
        few, more = PARTS[name].counts
        weighed = self.modules(name)
        return (weighed[MORE]["counts"][what] - weighed[FEWER]["counts"][what]) / (more - few)

    def traced(self, name: str) -> float:
        few, more = PARTS[name].counts
        weighed = self.modules(name)
        return (weighed[MORE]["traced"] - weighed[FEWER]["traced"]) / (more - few)

    def price(self, name: str) -> Price:
        part = PARTS[name]
        growths, traced = self.growths(name), self.traced(name)
        if part.without:
            less = self.growth(part.without)
            growths, traced = [size - less for size in growths], traced - self.traced(part.without)
        return Price(part, Spread.of([size / part.times for size in growths]), traced / part.times)

    def whole(self, name: str, module: str = TOGETHER, python: str = "") -> float:
        """Return the resident set size of a process that imports a module."""
        return median(self.modules(name, python)[module]["after"])

    def alone(self, name: str) -> float:
        """Return by how much a library makes the interpreter's process grow."""
        module = ALONE if ALONE in self.modules(name) else TOGETHER
        weighed = self.modules(name)[module]
        return median(after - before for before, after in zip(weighed["before"], weighed["after"], strict=True))

    def traced_alone(self, name: str) -> float:
        """Return what tracemalloc counts of a library that is alone."""
        modules = self.modules(name)
        return modules[ALONE if ALONE in modules else TOGETHER]["traced"]

    def saving(self, name: str) -> tuple[float, float]:
        """Return what code takes before a change, and what it takes now, beside what both begin with."""
        nothing, *sizes = (median(self.modules(name)[module]["after"]) for module in (NOTHING, BEFORE, NOW))
        before, now = sizes
        return before - nothing, now - nothing

    def libraries(self, python: str = "") -> dict[str, float]:
        """Return what each library of the stack adds to those before it; the interpreter is the first one."""
        names = [INTERPRETER.name, *(library.name for library in STACK)]
        sizes = [self.whole(name, python=python) for name in names]
        added = [sizes[0], *(more - less for less, more in pairwise(sizes))]
        return dict(zip(names, added, strict=True))

    @property
    def native(self) -> float:
        """Return which part of what shared libraries ask for is resident: that of the whole stack."""
        counts = self.modules(STACK[-1].name)[TOGETHER]["counts"]
        return counts["shared"] / counts["native"]

    @property
    def codes(self) -> dict[str, float]:
        """Return what a byte of compiled code takes of each library that is nothing but code."""
        return {library.name: self.of_code(library.name) for library in CODES if library.name != CODE}

    def code(self, python: str = "") -> float:
        """Return what a byte of compiled code takes: the libraries' median; there as the standard library's there."""
        return median(self.codes.values()) * self.of_code(CODE, python) / self.of_code(CODE)

    def of_code(self, name: str, python: str = "") -> float:
        """Return what a byte of compiled code takes of these modules, after the stack."""
        more, less = (self.modules(name, python)[TOGETHER] for name in (name, STACK[-1].name))
        native, code = (more["counts"][what] - less["counts"][what] for what in ("shared", "code"))
        return (median(more["after"]) - median(less["after"]) - native) / code

    def model(self, python: str = "") -> WorkerModel:
        """Return the model for one Python, in whole bytes, as the page has it that computes with it."""
        libraries, parts = self.libraries(python), units(self.growth)
        there = units(lambda name: self.growth(name, python))
        parts |= {name: there[name] for name in ON_EVERY_PYTHON}
        return WorkerModel(
            {name: round(size) for name, size in libraries.items()},
            {name: round(size) for name, size in parts.items()},
            round(self.code(python), 3),
        )

    @property
    def pythons(self) -> list[str]:
        """Return the other Pythons."""
        return sorted({python for record in self.records.values() for python in record["pythons"]})

    @property
    def models(self) -> dict[str, WorkerModel]:
        """Return the model by Python."""
        here = self.header["python"].rpartition(" ")[2].rpartition(".")[0]
        models = {python: self.model(python) for python in self.pythons} | {here: self.model()}
        return {python: models[python] for python in sorted(models)}

    @property
    def included(self) -> dict[str, dict[str, float]]:
        """Return how many of each part a library has itself, after those before it: that is in its price."""
        found, before = {}, dict[str, int]()
        for name in self.libraries():
            after = self.modules(name)[TOGETHER]["counts"]
            found[name] = {what: after[what] - before.get(what, 0.0) for what in after if what not in self.libraries()}
            before = after
        return found

    @property
    def own_code(self) -> dict[str, float]:
        """Return how many bytes of code each part has, which are in its price."""
        return units(lambda part: self.counted(part, "code"))

    def counts(self, name: str, made: bool = True) -> dict[str, float]:
        """Return what an application has, of which nothing is known but what was counted in it.

        What packages make when they are imported, and what is resident of shared libraries, is no prediction, for it
        was measured in the application itself.
        """
        counts: dict[str, float] = {**with_made(self.modules(name)[WHOLE]["counts"], self.made(name) if made else {})}
        for library, included in self.included.items():
            for what in included if counts[library] else ():
                counts[what] -= included[what]
        own_code = self.own_code
        counts["code"] -= sum(own_code.get(what, 0) * count for what, count in counts.items())
        return counts

    def predicted(self, name: str, by_counts: bool = False) -> float:
        """Return what the model says of an application: with what is measured in it, or by counts alone."""
        counts = self.counts(name, made=not by_counts)
        if by_counts:
            counts["shared"] = self.native * counts["native"]
        return self.model().worker(counts)

    def deviation(self, name: str, by_counts: bool = False) -> float:
        return self.predicted(name, by_counts) / self.whole(name, WHOLE) - 1

    def made(self, name: str) -> dict[str, dict[str, int]]:
        """Return the packages that make much when they are imported, which no count of parts or of code shows."""
        return self.modules(name)[WHOLE]["made"]

    def shares(self, name: str) -> dict[str, float]:
        """Return what each thing that was counted takes of it."""
        prices = self.model().prices
        return {what: prices[what] * count for what, count in self.counts(name).items() if what in prices}
