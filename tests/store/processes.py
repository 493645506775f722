"""Python processes that a test starts, and that end with it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


class Processes:
    """Children by their scripts; those still running are killed at the end, each by its own id."""

    def __init__(self) -> None:
        self._started: list[Any] = []

    def start(self, script: str, *arguments: str) -> Any:
        """A child that runs a script, warnings being errors; text on its three streams."""
        child = subprocess.Popen(
            (sys.executable, "-W", "error", "-X", "dev", "-c", script, *arguments),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(child)
        return child

    def end(self) -> None:
        for child in self._started:
            if child.poll() is None:
                child.kill()
            child.communicate(timeout=30)
