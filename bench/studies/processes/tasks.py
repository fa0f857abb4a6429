"""The same application as Celery's: a task for each class. Its broker is a folder, so that none has to run."""

import gc
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init
from pydantic import TypeAdapter

from bench.studies.processes.application import ENTITIES, MODELS, answering, engine

FOLDER = os.environ["CELERY_FOLDER"]
app = Celery(broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": f"{FOLDER}/queue",
    "data_folder_out": f"{FOLDER}/sent",
    "control_folder": f"{FOLDER}/control",
    "polling_interval": 0.01,
}
ADAPTERS: list[TypeAdapter[Any]] = [TypeAdapter(list[model]) for model in MODELS]  # type: ignore[valid-type]


@app.task(ignore_result=True)
def answer(number: int) -> None:
    rows = ADAPTERS[number].validate_python(answering(ENTITIES[number])(), from_attributes=True)
    ADAPTERS[number].dump_json(rows)
    with Path(FOLDER, "done").open("ab") as done:
        done.write(b".")


@worker_init.connect
def freeze(**_: object) -> None:
    # The application is loaded by now, and no process is forked yet.
    if os.environ.get("FREEZE"):
        gc.collect()
        gc.freeze()


@worker_process_init.connect
def open_anew(**_: object) -> None:
    engine.dispose(close=False)
