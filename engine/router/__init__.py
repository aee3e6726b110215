"""Is a clip degraded? The audio-quality router of Mega-ASR."""

from engine.router.network import RouterNetwork, RouterSizes
from engine.router.router import Router, load_network, save_router

__all__ = ["Router", "RouterNetwork", "RouterSizes", "load_network", "save_router"]
