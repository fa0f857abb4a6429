"""What the blocks of several pages say alike: how it was measured, links to scripts, what one loses, and data."""

import json
from collections.abc import Iterable, Mapping

from bench.results import Header
from bench.scripts import Scenario

# The packages that the line of the environment names, behind the server, by what they are called there.
PACKAGES = {"sqlalchemy": "SQLAlchemy", "psycopg": "psycopg", "pydantic": "Pydantic"}


def environment(header: Header, rows: str = "rows", packages: Mapping[str, str] = PACKAGES) -> str:
    """Return the line that says where and when the figures were measured; `packages` are shown as their values."""
    versions = header["versions"]
    titles = {"PostgreSQL": "PostgreSQL", **packages}
    shown = ", ".join(f"{title} {versions[name]}" for name, title in titles.items() if name in versions)
    return f"Measured on {header['date']}: {header['rows']:,} {rows}, {header['python']}, {shown}; {header['system']}."


def linked(scenario: Scenario) -> str:
    return f"[{scenario.title}]({scenario.script.as_posix()})"


def losses(scenarios: Iterable[Scenario]) -> str:
    """Return what one loses by each scenario, as a list; those by which one loses the same are one item."""
    titles: dict[str, list[str]] = {}
    for scenario in scenarios:
        titles.setdefault(scenario.fields["You lose"].rstrip("."), []).append(scenario.title)
    return "\n".join(f"- **{'; '.join(names)}**: you lose {loss}." for loss, names in titles.items())


def data(name: str, content: Mapping[str, object]) -> str:
    """Return data as a page's script reads them, an entry a line, and what a mapping holds, too."""
    lines = []
    for key, value in content.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, Mapping):
            entries = (f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in value.items())
            text = "{\n" + ",\n".join(entries) + "\n}"
        lines.append(f"{json.dumps(key)}: {text}")
    return f'<script type="application/json" id="{name}">\n{{\n' + ",\n".join(lines) + "\n}\n</script>"
