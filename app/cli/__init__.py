"""The command line: one file a command, each a thin shell around a function one can test."""

from app.cli.main import run

__all__ = ["run"]
