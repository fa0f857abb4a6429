"""One question each. A study is a folder whose modules have the same names and functions; what it lacks, it lacks.

- `measure`: `measure(names, repeats, full)` yields what is stored of each name, group by group, in bytes and seconds.
  The results are stale where this module has changed, or what it imports, or what its processes run: nothing in it
  shows figures.
- `figures`: `NAMES`, what there is to measure, in the order of the tables; `figures(results)`, what it means.
- `tables`: `tables(figures, new)`, of the new ones, for both widths.
- `blocks`: `blocks(figures)`, Markdown for the pages, by marker.
- `charts`: `charts(figures)`, SVG by file name.
"""
