"""Child processes that never outlive this one."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Final

# Asks the kernel for SIGKILL when the parent dies (PR_SET_PDEATHSIG, Linux), then becomes the
# program. Not a preexec_fn: that is unsafe in a process with threads.
_GUARD: Final = """
import ctypes, os, signal, sys
parent, program = int(sys.argv[1]), sys.argv[2:]
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
os.execvpe(program[0], program, os.environ)
"""


def start(
    program: Sequence[str],
    environment: Mapping[str, str],
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``program`` in a session of its own (a terminal's Ctrl-C does not reach it).

    It is killed when this process dies, on Linux however that happens, elsewhere when Python ends
    in good order. On Linux that holds for the calling *thread*: start children in one that stays.
    """
    process = subprocess.Popen(  # noqa: S603 - the callers' programs are their own
        [sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()), *program],
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
    )
    atexit.register(process.kill)
    return process


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """SIGTERM, and SIGKILL when that has not ended it within ``seconds``."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    atexit.unregister(process.kill)
