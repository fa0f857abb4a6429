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

    @property
    def modules(self) -> dict[str, str]:
        return {ALONE: self.code, TOGETHER: f"{self.before}\n{self.code}"} if self.before else {TOGETHER: self.code}


def needs_of(place: int) -> tuple[str, ...]:
    """Return what a library of the stack needs, with those before it."""
    return tuple(package for library in STACK[: place + 1] for package in library.needs)


# Code that everybody has, and that no library of the stack imports: it says what code takes.
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
LIBRARIES = (
    INTERPRETER,
    *(
        replace(library, before="\n".join(below.code for below in STACK[:place]), needs=needs_of(place))
        for place, library in enumerate(STACK)
    ),
    Library("Django", DJANGO, ("django",)),
    Library(CODE, STANDARD, needs_of(len(STACK) - 1), "\n".join(library.code for library in STACK)),
)
