"""Transcripts as files: text, subtitles, tables, and JSON that can be read back."""

from engine.export.files import FORMATS, render, write
from engine.export.json_format import read_json

__all__ = ["FORMATS", "read_json", "render", "write"]
