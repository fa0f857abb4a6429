"""Say what a module takes that is imported: nothing but the interpreter is in this process before.

usage: MEMORY_JSON=OUTPUT python bench/studies/worker/weigh.py < MODULE

OUTPUT gets one JSON object, in bytes: `before` and `after` are the resident set size, `traced` what tracemalloc counts
in between, if it is to; and what `count.py` counts. The module is compiled by another process, as installed code is:
the compiler would leave memory behind, into which the classes fit.
"""

import gc
import os
import sys

PROJECT, FOLDER = os.getcwd(), os.path.dirname(os.environ["MEMORY_JSON"])
sys.path[0] = FOLDER
sys.path.append(PROJECT)

from bench.studies.worker import count


def main() -> None:
    with open(f"{FOLDER}/part.py", "w", encoding="utf-8") as file:
        file.writelines(sys.stdin)
    if os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-m", "compileall", "-q", FOLDER]):
        raise SyntaxError("the module cannot be compiled")
    before, traced, tracing = count.resident(), 0, os.environ["MEMORY_TRACING"] == "on"
    if tracing:
        import tracemalloc

        tracemalloc.start()
    __import__("part")
    gc.collect()
    after = count.resident()
    if tracing:
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    counts = count.parts()
    import json

    from common import loaded_versions

    output = {"before": before, "after": after, "traced": traced, "counts": counts, "versions": loaded_versions()}
    with open(os.environ["MEMORY_JSON"], "w", encoding="utf-8") as file:
        json.dump(output, file)


if __name__ == "__main__":
    main()
