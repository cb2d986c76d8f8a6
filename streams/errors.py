"""Errors that are the user's to mend: shown as one message, never as a stack trace."""

from __future__ import annotations


class UserError(Exception):
    """What is wrong, where, and what to do about it, in the message. The command exits with 2."""
