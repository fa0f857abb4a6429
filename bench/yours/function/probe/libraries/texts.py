"""What may be shown of a statement's text: no literal, which might be a value."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

# What has a value in it, or a quote: https://www.postgresql.org/docs/current/sql-syntax-lexical.html. It ends with the
# text where its own end is missing; a comment, which may have others in it, is ended below.
_QUOTED = re.compile(
    r"""
      /\* | --[^\n]*
    | (?<!\w) [eE] ' [^'\\]* (?: (?: \\. | '' ) [^'\\]* )* (?: ' | \Z )
    | (?: (?<!\w) [uU] & )? ' [^']* (?: '' [^']* )* (?: ' | \Z )
    | (?<![\w$]) \$ ( (?: [^\W\d] \w* )? ) \$ .*? (?: \$ \1 \$ | \Z )
    | " [^"]* (?: "" [^"]* )* (?: " | \Z )
    """,
    re.DOTALL | re.VERBOSE,
)
# Of a longer text, what stands behind is not looked at: who keeps it would keep what is the reader's.
LONGEST = 10_000
# Whose values are asked for nothing of the reader's, and how many of a statement are compared.
_ASKED, MOST_VALUES = ("builtins", "datetime", "decimal", "uuid"), 100
_ORDER = re.compile(r'\s+ORDER BY (?!.*\b(?:LIMIT|OFFSET|FETCH)\b)[\w\s".,]*$', re.IGNORECASE)
_COMMENT = re.compile(r"/\*|\*/")
_NUMBER = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?")
_PARENTHESES = re.compile(r"\([^()]*\)")
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d]\w*)'
_RELATION = re.compile(
    rf"\b(?<!DISTINCT )(?:FROM|INTO|UPDATE|COPY)\s+(?:ONLY\s+)?(?!(?:AS|TO)\b)({_NAME}(?:\.{_NAME})*)",
    re.IGNORECASE,
)
_FIRST = re.compile(rf"\s*SELECT\s+({_NAME}(?:\.{_NAME})*)\.{_NAME}", re.IGNORECASE)
_LIST = re.compile(r"\bIN\s*\([^()]*\)", re.IGNORECASE)
# A list of parameters alone, of which one execution may have fewer: it has no literal, whose quote might end it.
_GIVEN = r"(?:%s|%\(\w+\)s|\$\d+)(?:::\w+)?"
_LIST_GIVEN = re.compile(rf"\bIN\s*\(\s*{_GIVEN}(?:\s*,\s*{_GIVEN})*\s*\)", re.IGNORECASE)
_ROWS = re.compile(r"\bVALUES\b.*?(?=\bRETURNING\b|\bON\b|$)", re.DOTALL | re.IGNORECASE)


def described_text(text: str) -> tuple[int, dict[str, Any]]:
    """Return what all executions of a statement have in common, however many values they have, and what is shown."""
    return _described(_LIST_GIVEN.sub("IN ()", text)[:LONGEST])


@lru_cache(16)
def _described(text: str) -> tuple[int, dict[str, Any]]:
    without = without_literals(text)
    outer = without
    while (inner := _PARENTHESES.sub("", outer)) != outer:  # EXTRACT(day FROM …) reads from no relation
        outer = inner
    # Of FROM (SELECT …) AS one, its own, unless what is read is of another one that is joined to that.
    relation = _RELATION.search(outer) or _joined(outer) or _RELATION.search(without)
    verb = re.search(r"[A-Za-z]+", without)
    described = {
        "verb": verb[0].upper()[:20] if verb else "?",
        "relation": relation[1] if relation else "",
        "joins": len(re.findall(r"\bJOIN\b", without, re.IGNORECASE)),
    }
    return hash(_ROWS.sub("VALUES", _LIST.sub("IN ()", _NUMBER.sub("0", without)))), described


def _joined(outer: str) -> re.Match[str] | None:
    first = _FIRST.match(outer)
    return re.search(rf"\bJOIN\s+({re.escape(first[1])})(?![\w$.])", outer, re.IGNORECASE) if first else None


def without_literals(text: str) -> str:
    """Return a text with '' for each literal and each comment; a quoted name stays."""
    parts: list[str] = []
    begin = 0
    while quoted := _QUOTED.search(text, begin):
        end = _end_of_comment(text, quoted.end()) if quoted[0] == "/*" else quoted.end()
        parts += text[begin : quoted.start()], quoted[0] if quoted[0][0] == '"' else "''"
        begin = end
    return "".join([*parts, text[begin:]])


def _end_of_comment(text: str, begin: int) -> int:
    depth = 1
    for mark in _COMMENT.finditer(text, begin):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return len(text)


def text_of(query: Any, owner: Any) -> str:
    """Return a statement's text, which may come composed, or as bytes."""
    if hasattr(query, "as_string"):
        return str(query.as_string(owner))
    if type(query).__module__ == "string.templatelib":
        return "?".join(query.strings)
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)


def asked_of(text: str, parameters: Any) -> int | None:
    """Return a number that is the same for the same text and values in this process, of what has few; no value is kept.

    In which order all rows come, is left out. It is None where a value is of a class that is not Python's own: that
    would be asked.
    """
    if len(text) > LONGEST:
        return None
    parts: list[Any] = [text if "DISTINCT ON" in text else _ORDER.sub("", text)]  # which decides what that keeps
    left = [parameters]
    while left:
        value = left.pop()
        if type(value) in (list, tuple, dict):
            left += value.items() if type(value) is dict else value
            value = len(value)
        if type(value).__module__ not in _ASKED or len(parts) > MOST_VALUES:
            return None
        parts.append((type(value), value))
    with suppress(TypeError):  # one that has no hash
        return hash(tuple(parts))
    return None
