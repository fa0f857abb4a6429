"""The model of a worker as data, for the page that computes with it: prices by Python, and what a request takes."""

from collections.abc import Mapping
from dataclasses import asdict

from bench.look.blocks import data
from bench.studies.requests.endpoints import Requests
from bench.studies.worker.figures import WorkerFigures


def prices(worker: WorkerFigures, requests: Requests) -> str:
    """Return the prices in bytes; of requests, what one takes at its peak, and what each further one adds to it.

    And what is not to be counted of what `count.py` counts: what the libraries have themselves, and the parts' code.
    """
    of_requests = {
        endpoint.scenario.short: [round(endpoint.peak), round(endpoint.further)]
        for endpoint in requests.by_name.values()
    }
    models = {python: asdict(model) for python, model in worker.models.items()}
    content = {"pythons": models, "requests": of_requests}
    content |= {"included": {name: whole(counts) for name, counts in worker.included.items()}}
    return data("worker-prices", {**content, "code": whole(worker.own_code)})


def whole(counts: Mapping[str, float]) -> dict[str, int]:
    return {name: round(count) for name, count in counts.items() if round(count)}
