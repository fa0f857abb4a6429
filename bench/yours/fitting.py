"""Text that fits 80 columns: calls, lists of names, and SQL as a literal."""

import re
from collections.abc import Iterable, Iterator, Sequence

WIDTH = 80
# What `sqlalchemy.text` takes for a parameter, and where it drops a backslash
# (https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text).
PARAMETER, DROPPED = re.compile(r"(?<![:\w\\]):(?=\w+(?![:\w]))"), re.compile(r"\\(?=:\w*(?![:\w]))")
# SQL between commas, or between spaces, none of which is quoted; and what else may quote, or end with its line.
LISTED, SPACED = (re.compile(rf"""(?:'[^']*'|"[^"]*"|[^'"{end}])*{end}?""") for end in ", ")
OTHERWISE = re.compile(r"[\\$]|--|/\*")
# A character as it stands in a literal.
CHARACTER = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.")


def for_text(query: str) -> str:
    r"""Return SQL for `sqlalchemy.text`, which takes `:name` for a parameter, and `\:` for a colon."""
    return PARAMETER.sub(r"\:", DROPPED.sub(r"\\\\", query))


def fitted(head: str, names: Sequence[str], tail: str) -> str:
    """Return a call in one line, if it fits there with one argument; else with the arguments on lines of their own."""
    line = f"{head}{names[0]}{tail}"
    if len(names) == 1 and len(line) <= WIDTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    short = (name if len(f"{indent}    {name},") <= WIDTH else name.replace(".", f"\n{indent}    .") for name in names)
    return "\n".join([head, *packed(short, f"{indent}    "), f"{indent}{tail}"])


def packed(names: Iterable[str], indent: str) -> list[str]:
    """Return the names, each with a comma behind it, in indented lines."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) + 2 <= WIDTH:
            lines[-1] += f" {name},"
        else:
            lines.append(f"{indent}{name},")
    return lines


def assigned(query: str) -> str:
    """Return the assignment of SQL to `query`, as a literal: broken into lines as it may stand in psql, too."""
    line = repr(query) if {'"', "\\"} & set(query) or not query.isprintable() else f'"{query}"'
    if "\n" not in query and len(f"query = {line}") <= WIDTH:
        return f"query = {line}"
    return "\n".join(['query = """', *(part for line in broken(query).split("\n") for part in cut(line)), '"""'])


def broken(query: str) -> str:
    """Return SQL with a line break behind a comma, or else in place of a space, where its line is too long."""
    for pattern in () if OTHERWISE.search(query) else (LISTED, SPACED):
        parts, text = pattern.findall(query), ""
        if "".join(parts) != query:  # a quote without its end
            return query
        for part in parts:
            last, first = text.rpartition("\n")[2], part.rstrip(" ").partition("\n")[0]
            if first and last.strip() and len(last + first) > WIDTH:
                indent = last[: len(last) - len(last.lstrip())] or "    "
                text, part = f"{text.rstrip(' ')}\n{indent}", part.lstrip(" ")
            text += part
        query = text
    return query


def cut(line: str) -> Iterator[str]:
    """Yield a line of SQL as it stands in a literal of several lines, which goes on behind a backslash."""
    plain = line.replace("\\", r"\\").replace('"""', r"\"\"\"")
    visible = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in plain)
    part = ""
    for char in CHARACTER.findall(visible) if len(visible) > WIDTH else [visible]:
        if part and len(part) + len(char) >= WIDTH:
            words, space, rest = part.rpartition(" ")
            yield f"{words}{space}\\" if words.strip() else f"{part}\\"
            part = rest if words.strip() else ""
        part += char
    yield part
