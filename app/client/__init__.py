"""The window's side of the engine process."""

from app.client.ask import Ask
from app.client.engine import EngineClient, EngineSettings

__all__ = ["Ask", "EngineClient", "EngineSettings"]
