"""The process that a temporary file belongs to: part of the file's name, so that others can see whether it has ended.

A process ID alone would not do. Containers that share a results folder may share the name of their host too, but each
has process IDs of its own. And the ID of a process that has ended is given to another one after a while.
"""

import contextlib
import hashlib
import os
import socket
from pathlib import Path

_UNKNOWN = "0"


def this_process() -> str:
    """Host, PID namespace, start time and ID of this process, joined by dashes."""
    return f"{_place()}-{_start_time('self')}-{os.getpid()}"


def has_ended(owner: str) -> bool | None:
    """Whether a process has ended, given in the form of `this_process`.

    None if that cannot be seen from here: it ran on another host, in another PID namespace, or before a reboot.
    """
    place, start, pid = ["", "", *owner.rsplit("-", 2)][-3:]
    if os.name != "posix" or place != _place() or not pid.isdecimal():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it belongs to another user
        pass
    return _UNKNOWN not in (start, now := _start_time(pid)) and start != now


def _place() -> str:
    """Host and PID namespace. The number of a namespace is unique only until the host restarts; hence the boot ID."""
    namespace = boot = ""
    with contextlib.suppress(OSError):  # not Linux, or no /proc
        namespace = str(Path("/proc/self/ns/pid").readlink())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    return f"{socket.gethostname()}-{hashlib.sha256(f'{namespace} {boot}'.encode()).hexdigest()[:12]}"


def _start_time(pid: str) -> str:
    """When a process started, in the unit of the system's table of processes; "0" if that cannot be read."""
    try:
        if Path("/proc/self").readlink().name != str(os.getpid()):  # the table is that of another namespace
            return _UNKNOWN
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return _UNKNOWN
