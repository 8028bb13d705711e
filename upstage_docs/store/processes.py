"""Names processes, so that the store knows whether the owner of a claim is still alive.

A name is `place|pid|start`: the place is this boot of this machine and its process numbering, the start time tells a
process from a later one with the same number.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


def name() -> str:
    """Return the name of the calling process, which no other has, a forked child included."""
    return _name(os.getpid())


def may_live(owner: str, *, in_time: bool = True) -> bool:
    """Say whether the process named *owner* may still run: as *in_time* says where this machine cannot know it."""
    place, _, rest = owner.partition("|")
    number, _, started = rest.partition("|")
    if place != _place() or not number.isdigit():
        return in_time  # another machine or container
    pid = int(number)
    if started:
        return _started(pid) == started
    if os.name == "nt":
        return in_time  # there, asking with signal 0 would interrupt the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@lru_cache(maxsize=1)
def _name(pid: int) -> str:
    return f"{_place()}|{pid}|{_started(pid)}"


@lru_cache(maxsize=1)
def _place() -> str:
    parts = [socket.gethostname()]
    with suppress(OSError):  # Linux only
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return "/".join(parts).replace("|", "")


def _started(pid: int) -> str:
    """Return when process *pid* started, in the kernel's own ticks; `""` where that cannot be known or it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    # proc(5): field 3 is the state, field 22 the start time; a zombie runs nothing any more.
    return "" if fields[0] in {"Z", "X"} else fields[19]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_name.cache_clear)  # the number of the child may be one that was known before
