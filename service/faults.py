"""How a failure is put on record: its kind and where it happened, never its message, since messages quote charts."""

from __future__ import annotations

import logging
import traceback


def record(log: logging.Logger, what: str, error: Exception, correlation: str) -> None:
    """Log that `what` failed, under the correlation id that the client was given."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    log.error("%s failed (%s): %s at %s", what, correlation, type(error).__name__, places)
