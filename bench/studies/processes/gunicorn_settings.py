"""What gunicorn does before and after it forks a worker: https://gunicorn.org/reference/settings/#server-hooks"""

import gc
import os
from typing import Any


def when_ready(arbiter: Any) -> None:
    """With `preload_app`, the application is loaded by now, and no worker is forked yet."""
    if os.environ.get("FREEZE"):
        gc.collect()
        gc.freeze()


def post_fork(arbiter: Any, worker: Any) -> None:
    """Let the worker open connections of its own, and leave the parent's alone."""
    if arbiter.cfg.preload_app:
        from bench.studies.processes.application import engine

        engine.dispose(close=False)
