"""Which base model is it: a hash of what its weights are, not of how they are filed."""

import hashlib
from contextlib import ExitStack
from typing import Any

from engine.checkpoint.folder import ModelFolder, weight_files
from engine.checkpoint.names import native_weight
from engine.errors import LayoutError


def base_sha256(folder: ModelFolder) -> str:
    """Identity of a base model: of its tensors under their native names.

    The same weights in another layout, or cut into other shards, have the same hash. The output
    layer is left out: it shares the embedding's weights, and only some files repeat it.

    Raises:
        MissingModelError: weights are absent.
        LayoutError: a file is no safetensors file.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    digest = hashlib.sha256()
    try:
        with ExitStack() as stack:
            where: dict[str, tuple[Any, str]] = {}
            for path in weight_files(folder.base):
                file = stack.enter_context(safe_open(path, framework="pt"))
                where |= {native_weight(name): (file, name) for name in file.keys()}  # noqa: SIM118
            where.pop("lm_head.weight", None)
            for native, (file, name) in sorted(where.items()):
                tensor = file.get_tensor(name)
                digest.update(f"{native} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
    except SafetensorError as error:
        raise LayoutError(f"The weights in {folder.base} cannot be read: {error}.") from error
    return digest.hexdigest()
