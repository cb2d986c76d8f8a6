"""What holds for every test."""

from __future__ import annotations

import gc
import signal

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("scrutineer", deadline=None)
settings.load_profile("scrutineer")


def pytest_configure() -> None:
    """Ctrl-C reaches the processes that tests start, also from a shell's background job.

    Such a job begins with SIGINT ignored, and its children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """What tests of the worker moved out of the collector's sight is freed before the process ends.

    nanobind, beneath a library that counts senders, prints hundreds of lines about what is not.
    """
    gc.unfreeze()
