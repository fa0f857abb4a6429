"""Applications that nobody here wrote: from the wheels of an environment of its own each, whose versions are pinned."""

import platform
from dataclasses import dataclass
from pathlib import Path

from bench.environments import Combination, NoWheelsError, install, interpreters
from bench.errors import UserError, note

# The Python that the wheels are of.
PYTHON = "3.12"
FOLDER = "bench/studies/worker"
PREFECT = """
from prefect.server.api.server import create_app

app = create_app(ephemeral=True)
"""
JUPYTERHUB = """
import logging

from jupyterhub import orm
from jupyterhub.app import JupyterHub

logging.disable()
hub = JupyterHub()
session = orm.new_session_factory("sqlite://")()
"""
# Where Airflow writes its settings and its logs.
AIRFLOW = """
import os

os.environ["AIRFLOW_HOME"] = os.path.dirname(os.environ["MEMORY_JSON"])
from airflow.api_fastapi.app import create_app

app = create_app()
"""
# Keys of its tokens have to be there; they are no secret of anybody.
KEYSTONE = """
import base64
import os

folder = os.path.dirname(os.environ["MEMORY_JSON"])
os.mkdir(f"{folder}/keys")
for name in ("0", "1"):
    with open(f"{folder}/keys/{name}", "wb") as file:
        file.write(base64.urlsafe_b64encode(os.urandom(32)))
with open(f"{folder}/keystone.conf", "w") as file:
    file.write("[database]\\nconnection = sqlite://\\n")
    for section in ("fernet_tokens", "fernet_receipts", "credential"):
        file.write(f"[{section}]\\nkey_repository = {folder}/keys\\n")
os.environ["OS_KEYSTONE_CONFIG_FILES"] = f"{folder}/keystone.conf"
from keystone.server.wsgi import initialize_public_application

app = initialize_public_application()
"""
MLFLOW = """
from mlflow.server.fastapi_app import app
from mlflow.store.tracking import sqlalchemy_store
"""


@dataclass(frozen=True)
class Stranger:
    """An application, and what its worker executes when it starts; its process is that of `count.py`."""

    name: str
    starts: str
    stdin: bytes = b""

    @property
    def short(self) -> str:
        return self.name

    @property
    def requirements(self) -> str:
        return f"{FOLDER}/{self.name}.txt"

    @property
    def command(self) -> list[str]:
        return [f"{FOLDER}/count.py", self.starts]

    @property
    def environment(self) -> Combination:
        return Combination(PYTHON, self.name)

    @property
    def installed(self) -> bool:
        """Make its environment; return whether there is one now, and say why not."""
        if platform.system() != "Linux" or platform.machine() != "x86_64" or PYTHON not in interpreters():
            note(f"{self.name} is left out: its wheels are of Linux, x86_64, and Python {PYTHON}")
            return False
        try:
            install(self.environment, interpreters()[PYTHON], Path(self.requirements).read_text(encoding="utf-8"))
        except (NoWheelsError, UserError) as error:
            note(f"{self.name} is left out: {error}")
            return False
        return True


# All but the first two were chosen by name, and how they start was written down, before any of them was measured.
STRANGERS = (
    Stranger("prefect", PREFECT),
    Stranger("jupyterhub", JUPYTERHUB),
    Stranger("airflow", AIRFLOW),
    Stranger("mlflow", MLFLOW),
    Stranger("keystone", KEYSTONE),
)
