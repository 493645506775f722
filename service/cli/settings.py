"""The configuration as commands need it: an error is said in a line, and ends the command."""

from __future__ import annotations

import click

from service.config import Config, ConfigError, from_environment


def configured() -> Config:
    """The configuration that the environment gives."""
    try:
        return from_environment()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
