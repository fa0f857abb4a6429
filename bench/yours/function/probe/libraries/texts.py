"""What may be shown of a statement's text: no literal, which might be a value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# A comment may have a value in it, too.
_UNTOLD = re.compile(r"'(?:[^']|'')*'|/\*.*?\*/|--[^\n]*", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?")
_PARENTHESES = re.compile(r"\([^()]*\)")
_RELATION = re.compile(r'\b(?<!DISTINCT )(?:FROM|INTO|UPDATE|COPY)\s+((?:"[^"]+"|[\w.])+)', re.IGNORECASE)
_LIST = re.compile(r"\bIN\s*\([^()]*\)", re.IGNORECASE)
_ROWS = re.compile(r"\bVALUES\b.*?(?=\bRETURNING\b|\bON\b|$)", re.DOTALL | re.IGNORECASE)


@lru_cache(16)
def described_text(text: str) -> tuple[int, dict[str, Any]]:
    """Return what all executions of a statement have in common, however many values they have, and what is shown."""
    without = _UNTOLD.sub("''", text)
    outer = without
    while (inner := _PARENTHESES.sub("", outer)) != outer:  # EXTRACT(day FROM …) reads from no relation
        outer = inner
    relation = _RELATION.search(outer) or _RELATION.search(without)
    verb = re.search(r"[A-Za-z]+", without)
    described = {
        "verb": verb[0].upper()[:20] if verb else "?",
        "relation": relation[1] if relation else "",
        "joins": len(re.findall(r"\bJOIN\b", without, re.IGNORECASE)),
    }
    return hash(_ROWS.sub("VALUES", _LIST.sub("IN ()", _NUMBER.sub("0", without)))), described


def text_of(query: Any, owner: Any) -> str:
    """Return a statement's text, which may come composed, or as bytes."""
    if hasattr(query, "as_string"):
        return str(query.as_string(owner))
    return query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)
