"""Is a clip degraded? The audio-quality router of Mega-ASR."""

from engine.router.network import RouterNetwork, RouterSizes
from engine.router.router import Router, save_router

__all__ = ["Router", "RouterNetwork", "RouterSizes", "save_router"]
