"""One question each: what to run, what the figures are, its blocks of README, and its charts.

A study has `NAME`; `sources()`, the files that decide each of its parts; `measure(names, repeats, full)`, which yields
those parts as soon as they are known, in full or, sooner, as far as a terminal shows them; `tables(parts, new)` and
`summary(parts, new)`, what to print of the new ones, in full and for a terminal; `blocks(parts)`, README's Markdown by
marker; `charts(parts)`, SVG by file name. Data is plain, in bytes and seconds; rounding happens in the table.
"""

# In the order of README.
STUDIES = ("costs", "row_shape", "over_time", "growth", "versions", "list_time")
