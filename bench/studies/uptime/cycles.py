"""An error that is kept in the frame that has caught it, so that both wait for the collector."""

from collections.abc import Callable
from typing import NoReturn

BODY = 64 * 1024  # bytes of a request
Handler = Callable[[int], object]


def refused() -> NoReturn:
    raise ValueError


def error_kept_in_its_frame() -> Handler:
    def handler(number: int) -> bytes:
        body, failed = b"x" * BODY, None
        try:
            refused()
        except ValueError as error:
            failed = error  # its traceback has the frame, which has the error, and the body
        return body if failed is None else b""

    return handler


def error_let_go() -> Handler:
    def handler(number: int) -> bytes:
        body, failed = b"x" * BODY, False
        try:
            refused()
        except ValueError:
            failed = True
        return b"" if failed else body

    return handler
