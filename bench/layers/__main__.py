"""Read rows into the objects of one layer, and say what they take: nothing else has happened in this process before.

usage: MEMORY_JSON=OUTPUT python -m bench.layers MODULE [TURNS] < READING

MODULE reads: `bench.layers.libraries.psycopg`. READING is `Reading.stdin`, TURNS a file that processes share whose
times count. OUTPUT gets what `bench.layers.measuring` finds, as one JSON object.
"""

import importlib
import pickle
import sys

from bench.layers.locks import Turns


def main(module: str, turns: str = "") -> None:
    """Take part, then import what reads: that takes longer than the reading of few rows."""
    taken = Turns(turns)
    from bench.layers.measuring import measure

    measure(importlib.import_module(module).LAYERS, pickle.load(sys.stdin.buffer), taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
