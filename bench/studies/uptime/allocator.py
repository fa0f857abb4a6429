"""What the allocator keeps: threads whose responses come and go, and a little of each that stays a while."""

import ctypes
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

THREADS = 16
# Rows of a response, bytes of a row, and of how many requests one row is kept, each for as long.
FEWEST, MOST, ROW, KEPT = 10, 1_500, 2_000, 500
# Requests after which free memory is given back.
EACH = 500
Handler = Callable[[int], object]


def responses_in_threads(trims: bool = False) -> Handler:
    pool = ThreadPoolExecutor(THREADS)
    running: deque[Future[bytes]] = deque()
    kept: deque[bytes] = deque(maxlen=KEPT)
    counts = Random(1)

    def respond(count: int) -> bytes:
        rows = [b"x" * (ROW + place) for place in range(count)]
        return rows[count // 2]

    def handler(number: int) -> None:
        running.append(pool.submit(respond, counts.randint(FEWEST, MOST)))
        if len(running) == THREADS:
            kept.append(running.popleft().result())
        if trims and number % EACH == 0:
            ctypes.CDLL(None).malloc_trim(0)

    return handler


def trimmed() -> Handler:
    return responses_in_threads(trims=True)
