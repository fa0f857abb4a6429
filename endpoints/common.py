"""Stands in for the project's `common` where Python looks beside an endpoint. By its path, one is served by nobody."""

import sys
from pathlib import Path

folder = Path(__file__).resolve().parent
endpoint = Path(sys.argv[0]).resolve()
if endpoint in folder.iterdir():
    sys.exit(f"an endpoint is served, and not run: `python -m uvicorn endpoints.{endpoint.stem}:app`")
sys.path[0] = str(folder.parent)
del sys.modules[__name__]
import common  # noqa: E402, F401
