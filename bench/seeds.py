"""The tables that are read: their columns and their rows, in SQL. They decide every figure of a script."""

from typing import NamedTuple

ROWS = 92_000


class SeededTable(NamedTuple):
    """A table to make: its columns, of which `id` is the key, and row `i`, counted from 0; both in SQL.

    It has `each` rows for a customer, or, if that is 0, all rows. Column `customer_id` refers to the `parent`.
    """

    name: str
    columns: str
    row: str
    each: int = 0
    parent: str = ""

    def count(self, rows: int) -> int:
        """Return how many rows this table has, where `data` has so many: so have customers and orders together."""
        return self.each * max(rows // 5, 1) if self.each else rows


DATA = SeededTable("data", "id serial, num integer, data text", "i, 5 * i % 200, 'hello-' || i")
# A parent stands before what refers to it.
SHOP = (
    SeededTable(
        "shop_customer",
        "id integer, name text NOT NULL, email text NOT NULL",
        "i, 'customer ' || i, 'customer-' || i || '@example.org'",
        each=1,
    ),
    SeededTable(
        "shop_order",
        "id integer, customer_id integer NOT NULL, placed_on date NOT NULL, total numeric NOT NULL",
        "i, i / 4, date '2025-01-01' + (i % 365)::integer, (i % 9973 + 1) / 100.0",
        each=4,
        parent="shop_customer",
    ),
    SeededTable(
        "shop_address",
        "id integer, customer_id integer NOT NULL, city text NOT NULL",
        "i, i / 2, 'city ' || i % 1000",
        each=2,
        parent="shop_customer",
    ),
)
TABLES = (DATA, *SHOP)
