"""Model folders: where the parts are, and loading them.

Locating needs no torch; the loaders are imported from their own modules: `engine.checkpoint.base`,
`engine.checkpoint.adapter` and `engine.checkpoint.mount`.
"""

from engine.checkpoint.folder import BaseLayout, ModelFolder, Profile, locate, with_adapter

__all__ = ["BaseLayout", "ModelFolder", "Profile", "locate", "with_adapter"]
