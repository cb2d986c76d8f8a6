"""What holds for every test."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from streams.worker.logs import LIBRARIES

# How long an example takes says more about the machine than about the code.
settings.register_profile("scrutineer", deadline=None)
settings.load_profile("scrutineer")


def pytest_configure() -> None:
    """Ctrl-C reaches the processes that tests start, also from a shell's background job.

    Such a job begins with SIGINT ignored, and its children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """What a test, or a command that it runs in this process, changes of the process is put back.

    Libraries that were made quiet are heard again; what was moved out of the collector's sight
    comes back, or what is left unclosed there is held against a later test that looks, and nanobind
    prints hundreds of lines about what was never freed when the process ends.
    """
    kept = [logging.getLogger(name) for name in ("", *LIBRARIES)]
    before = [(each.handlers[:], each.level, each.propagate) for each in kept]
    done = yield
    for each, (handlers, level, propagate) in zip(kept, before, strict=True):
        each.handlers[:], each.propagate = handlers, propagate
        each.setLevel(level)
    gc.unfreeze()
    return done
