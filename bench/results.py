"""What was measured, in `bench/results/`: a file a study, with one header, and a record and digests of each script.

The header says how all of it was measured: who measures under other conditions measures the study whole. A file holds a
checksum of its own content, so that an edit by hand is noticed.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypedDict

import psutil

from bench.digests import SERVER, Deciding, Snapshot
from bench.errors import UserError
from bench.runs import Measured
from bench.scripts import PROJECT

SCHEMA = 4
RESULTS = PROJECT / "bench" / "results"
AGAIN = "run `make readme`"


class Header(TypedDict):
    """How a study was measured: on which day last, on what machine and Python, how many rows, which packages.

    `values` are the bytes of these rows' values as Python objects; 0, where the rows are not the seeded table's.
    """

    date: str
    system: str
    python: str
    rows: int
    values: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Results:
    """What is stored of a study: records of its own type by name, and by name the digest of each file that decides."""

    header: Header
    records: dict[str, Any]
    digests: dict[str, Deciding]

    def stale(self, names: Iterable[str], now: Snapshot) -> dict[str, str]:
        """Return which of the records that there should be must be measured again, and why."""
        reasons = {}
        for name in names:
            if name not in self.records:
                reasons[name] = "was never measured"
            elif changed := _changed(self.digests[name], now.like(self.digests[name])):
                reasons[name] = f"is older than {', '.join(changed)}"
        return reasons

    def otherwise(self, other: Header) -> str:
        """Return what differs in how both were measured, as far as both say it; else an empty text."""
        former, latter = _conditions(self.header), _conditions(other)
        differing = (key for key in former if latter.get(key, former[key]) != former[key])
        return next((f"{key} {former[key]}, not {latter[key]}" for key in differing), "")

    def joined(self, new: "Results") -> "Results":
        """Return these results with the new ones. Raises UserError where they were measured otherwise."""
        if difference := self.otherwise(new.header):
            raise UserError(f"the other results are of {difference}: measure all of them: {AGAIN} ALL=1")
        header = Header(**new.header)
        header["versions"] = self.header["versions"] | new.header["versions"]
        return Results(header, self.records | new.records, self.digests | new.digests)

    def only(self, names: Iterable[str]) -> "Results":
        """Return the results of these, in this order, as far as they are there."""
        known = [name for name in names if name in self.records]
        records, digests = ({name: of[name] for name in known} for of in (self.records, self.digests))
        return Results(self.header, records, digests)


def of(measured: Mapping[str, Measured], module: str, before: Snapshot) -> Results:
    """Return the results of what a study's module has just measured; the digests are from before it began."""
    versions = {name: number for script in measured.values() for name, number in script.versions.items()}
    records = {name: script.record for name, script in measured.items()}
    digests = {name: decided_by(script, module, before) for name, script in measured.items()}
    first = next(iter(measured.values()))
    return Results(header(first.rows, versions, first.values), records, digests)


def decided_by(measured: Measured, module: str, before: Snapshot) -> Deciding:
    """Return what decides a record: of the study, and of what its processes have loaded."""
    words = [*measured.files, *(word for run in measured.outcomes for word in run.job.command[1:])]
    versions = {name.partition(" of ")[0]: number for name, number in measured.versions.items()}
    return Deciding(
        study=before.study([module]),
        loaded=before.loaded(words),
        versions=before.versions(sorted(versions)) | {SERVER: versions[SERVER]},
    )


def header(rows: int, versions: Mapping[str, str], values: int = 0) -> Header:
    memory = psutil.virtual_memory().total / 2**30
    return Header(
        date=datetime.now(UTC).date().isoformat(),
        system=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        rows=rows,
        values=values,
        versions={name: versions[name] for name in sorted(versions) if name != "python"},
    )


def here(distributions: Iterable[str] = ()) -> Header:
    """Return the header of what would be measured here, with these distributions, as far as that is known before."""
    versions = {}
    for name in distributions:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return header(0, versions)


def _changed(former: Deciding, current: Deciding) -> list[str]:
    before, now = ({**parts["study"], **parts["loaded"], **parts["versions"]} for parts in (former, current))
    return [name for name in {**now, **before} if before.get(name) != now.get(name)]


def _conditions(header: Header) -> dict[str, str]:
    """Return what two results must have in common to stand in one table, by what it is called."""
    rows = {"rows": f"{header['rows']:,}"} if header["rows"] else {}
    return {"Python": header["python"], "system": header["system"], **rows, **header["versions"]}


def load(study: str) -> Results:
    """Return a study's stored results. Raises UserError where the file is missing, of another format, or edited."""
    file = f"bench/results/{_path(study).name}"
    try:
        stored = json.loads(_path(study).read_text(encoding="utf-8"))
        if stored["schema"] != SCHEMA:
            raise UserError(f"{file} is of another schema version than {SCHEMA}: {AGAIN}")
        results = Results(stored["header"], stored["records"], stored["digests"])
        if stored["checksum"] != _checksum(results):
            raise UserError(f"{file} was edited by hand: {AGAIN}")
        return results
    except FileNotFoundError:
        raise UserError(f"{file} is missing: {AGAIN}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is not a result of this project: {AGAIN}") from None


def write(study: str, results: Results) -> None:
    """Store a study's results, the whole file or nothing. Raises UserError."""
    path = _path(study)
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(exist_ok=True)
        new.write_text(_text(results), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise UserError(f"bench/results/{path.name} cannot be written: {error.strerror}: nothing was changed") from None
    finally:
        new.unlink(missing_ok=True)


def _path(study: str) -> Path:
    return RESULTS / f"{study}.json"


def _text(results: Results) -> str:
    """Return the file's text: the same results give the same bytes, and each record stands on a line of its own."""

    def lines(of_names: Mapping[str, object]) -> str:
        return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in of_names.items())

    return (
        f'{{"schema": {SCHEMA},\n"checksum": "{_checksum(results)}",\n"header": {json.dumps(results.header)},\n'
        f'"records": {{\n{lines(results.records)}\n}},\n"digests": {{\n{lines(results.digests)}\n}}}}\n'
    )


def _checksum(results: Results) -> str:
    return hashlib.sha256(json.dumps(asdict(results)).encode()).hexdigest()
