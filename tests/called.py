"""Call the function that comes by standard input, and write what it returns: `tests.forks.in_a_fresh_process`."""

import pickle
import sys
from pathlib import Path

function, arguments = pickle.load(sys.stdin.buffer)
Path(sys.argv[1]).write_bytes(pickle.dumps(function(*arguments)))
