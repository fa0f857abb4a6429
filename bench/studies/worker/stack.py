"""What a worker imports: each library with its first use, alone and after those before it."""

from dataclasses import dataclass, replace

from bench.studies.worker.connections import ASYNC_ENGINE, HEAD

PSYCOPG = f"""{HEAD}
from sqlalchemy import create_engine, text

engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:"))
with engine.connect() as connection:
    connection.execute(text("SELECT 1"))
engine.dispose()
"""
ASYNCPG = ASYNC_ENGINE.replace("DRIVER", "asyncpg").replace("COUNT", "1").replace("PREPARED", "1")
DJANGO = """
import django
from django.conf import settings

settings.configure()
django.setup()

from django.db import models
"""

ALONE, TOGETHER = "alone", "together"


@dataclass(frozen=True)
class Library:
    """A library, and the code that imports it, and uses it once; what it needs beside SQLAlchemy and Pydantic."""

    name: str
    code: str
    needs: tuple[str, ...] = ()
    # The code of those before it in the stack.
    before: str = ""
    alone: bool = True

    @property
    def modules(self) -> dict[str, str]:
        together = {TOGETHER: f"{self.before}\n{self.code}"}
        return {ALONE: self.code, **together} if self.before and self.alone else together


def needs_of(place: int) -> tuple[str, ...]:
    """Return what a library of the stack needs, with those before it."""
    return tuple(package for library in STACK[: place + 1] for package in library.needs)


# Libraries of this project's lock that prefect and jupyterhub have not, and that are Python's code alone: what a byte
# of their code takes is the price of all code that is no part.
PLAIN = {
    "celery": "import celery.app.base, celery.backends.base, celery.bin.celery, celery.worker\n",
    "django": """
from django.conf import settings

settings.configure()
import django.db.models, django.forms, django.http, django.views.generic
""",
    "gunicorn": "import gunicorn.app.wsgiapp, gunicorn.arbiter, gunicorn.workers.gthread\n",
    "kombu": "import kombu.connection, kombu.entity, kombu.transport.pyamqp, kombu.transport.virtual\n",
    "peewee": "import peewee, playhouse.migrate, playhouse.pool\n",
    "piccolo": "import piccolo.apps.migrations.auto.migration_manager, piccolo.columns, piccolo.table\n",
    "prompt_toolkit": "import prompt_toolkit, prompt_toolkit.shortcuts\n",
    "pyparsing": "import pyparsing\n",
    "sqlparse": "import sqlparse.engine.grouping, sqlparse.filters\n",
    "textual": "import textual.app, textual.widgets._data_table, textual.widgets._markdown\n",
    "tortoise": "import tortoise, tortoise.backends.asyncpg, tortoise.migrations\n",
}
# Code that every Python has, and that no library of the stack imports: it says what code takes there, over this one.
STANDARD = """
import argparse, bdb, calendar, cmd, code, configparser, difflib, doctest, filecmp, ftplib, gettext, http.cookiejar
import http.server, imaplib, ipaddress, mailbox, modulefinder, multiprocessing.managers, multiprocessing.pool
import optparse, pdb, pickletools, plistlib, poplib, profile, pstats, pyclbr, pydoc, sched, shelve, smtplib
import socketserver, statistics, tarfile, timeit, trace, tracemalloc, unittest.mock, wave, webbrowser
import wsgiref.simple_server, xml.dom.minidom, xml.etree.ElementTree, xml.sax, xmlrpc.client, xmlrpc.server, zipapp
"""
CODE = "modules of the standard library"
INTERPRETER = Library("the interpreter", "pass\n")
STACK = (
    Library("SQLAlchemy's ORM", "import sqlalchemy.orm\n"),
    Library("Pydantic", "from pydantic import BaseModel\n\n\nclass Model(BaseModel):\n    number: int\n"),
    Library("FastAPI", "from fastapi import FastAPI\n\napp = FastAPI()\n", ("fastapi",)),
    Library("uvicorn", "import uvicorn\n\nuvicorn.Config(print, log_level='warning').load()\n", ("uvicorn",)),
    Library("psycopg and an engine", PSYCOPG),
    Library("asyncpg and an engine", ASYNCPG, ("asyncpg",)),
)
ALL_OF_IT = "\n".join(library.code for library in STACK)
CODES = (
    Library(CODE, STANDARD, needs_of(len(STACK) - 1), ALL_OF_IT, alone=False),
    *(
        Library(f"code of {name}", code, (*needs_of(len(STACK) - 1), name), ALL_OF_IT, alone=False)
        for name, code in PLAIN.items()
    ),
)
LIBRARIES = (
    INTERPRETER,
    *(
        replace(library, before="\n".join(below.code for below in STACK[:place]), needs=needs_of(place))
        for place, library in enumerate(STACK)
    ),
    Library("Django", DJANGO, ("django",)),
)
