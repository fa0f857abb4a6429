"""Read rows into the objects of one layer, and say what they take: nothing else has happened in this process before.

usage: MEMORY_JSON=OUTPUT python -m bench.layers [TURNS] < READING

READING is `Reading.stdin`, TURNS a file that processes share whose times count. OUTPUT gets what
`bench.layers.measuring` finds, as one JSON object.
"""

import sys

from bench.layers.turns import Turns


def main() -> None:
    """Take part, then import what reads: that takes longer than the reading of few rows."""
    turns = Turns("".join(sys.argv[1:2]))
    from bench.layers.measuring import main

    main(sys.stdin.buffer.read(), turns)


if __name__ == "__main__":
    main()
