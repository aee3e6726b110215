"""An adapter as a person names it on the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.adapters import AdapterLibrary
    from training.adapters.choose import ChosenAdapter


def library() -> "AdapterLibrary":
    """The person's own."""
    from training.adapters import AdapterLibrary

    return AdapterLibrary.default()


def choose_for(adapter: str, model: str) -> "ChosenAdapter":
    """`training.adapters.choose.choose` in the person's library, for a model by name or folder.

    Raises:
        ModelError: the model or the adapter is not here, or they do not belong together.
    """
    from engine.checkpoint.fingerprint import base_sha256
    from engine.models import located
    from training.adapters.choose import choose

    return choose(library(), adapter, base_sha256(located(model)))
