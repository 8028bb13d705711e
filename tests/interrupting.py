"""Ctrl-C at a chosen line: what a program does that is interrupted there, and lives on as a notebook does."""

from __future__ import annotations

import linecache
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

__all__ = ["hearing_ctrl_c", "interrupted", "traced"]


@contextmanager
def hearing_ctrl_c() -> Iterator[None]:
    """Answer SIGINT as Python does by default: a shell that runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupted(at: int, where: CodeType | str) -> Iterator[list[int]]:
    """Raise KeyboardInterrupt before the line *at* (counted from 0, as run) of a function or a file of that name.

    Gives the lines that ran. A line that begins a `with` or stands first in it is passed over, and so is a `try`:
    Python enters and leaves a lock's block, and enters that of a `try`, without looking for interrupts there.
    """
    lines: list[int] = []

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line" and not _in_a_doorway(frame):
            lines.append(frame.f_lineno)
            if len(lines) == at + 1:
                raise KeyboardInterrupt
        return local

    def tracer(frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        return local if where in (code, Path(code.co_filename).name) else None

    with traced(tracer):
        yield lines


@contextmanager
def traced(tracer: Callable[[FrameType, str, Any], Any]) -> Iterator[None]:
    """Let *tracer* see each call inside the block, and after it whoever saw them before."""
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before)


def _in_a_doorway(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    before, this = (linecache.getline(file, number).lstrip() for number in (frame.f_lineno - 1, frame.f_lineno))
    return this.startswith(("with ", "try:")) or before.startswith("with ")
