"""The model of a worker as data, for the page that computes with it: prices by Python, and what a request takes."""

from dataclasses import asdict

from bench.look.blocks import data
from bench.studies.requests.endpoints import Requests
from bench.studies.worker.figures import WorkerFigures


def prices(worker: WorkerFigures, requests: Requests) -> str:
    """Return the prices in bytes; of requests, what one takes at its peak, and what each further one adds to it."""
    of_requests = {
        endpoint.scenario.short: [round(endpoint.peak), round(endpoint.further)]
        for endpoint in requests.by_name.values()
    }
    models = {python: asdict(model) for python, model in worker.models.items()}
    return data("worker-prices", {"pythons": models, "requests": of_requests})
