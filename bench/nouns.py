"""A number with its noun, as a sentence has them."""


def counted(count: int, single: str, several: str = "") -> str:
    """Return a number with its noun: 1 column, 2 columns; or with what else agrees with it: 1 row was, 2 rows were."""
    return f"{count:,} {single if count == 1 else several or single + ('es' if single.endswith('s') else 's')}"
