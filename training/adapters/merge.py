"""Base and adapter as one checkpoint, for programs that know no adapters.

``vllm serve`` and the official package take the ORIGINAL layout, transformers the native one.
Weights go shard by shard: memory holds one shard. Sums are taken in float32 and stored in the
dtype of the base.
"""

import math
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.checkpoint import BaseLayout, ModelFolder
from engine.checkpoint.adapter import Adapter, read_adapter
from engine.checkpoint.config import (
    content_as_run,
    generation_config,
    original_content,
    read_config,
)
from engine.checkpoint.folder import weight_files, write_json
from engine.checkpoint.names import native_weight, original_weight
from engine.checkpoint.processor import load_processor, save_processor
from engine.errors import KeyMismatchError, LayoutError, StorageError
from training.adapters.errors import AdapterError
from training.adapters.learnt import FILE as LEARNT_FILE
from training.adapters.lineage import FILE as LINEAGE_FILE

INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged checkpoint.

    Attributes:
        path: its folder.
        layout: how its weights are named.
        modules: how many were changed.
        lost: share of the delta that the base's dtype rounded away: Frobenius norm of the error
            over that of the delta, all modules together. 0 in float32, a few percent in bfloat16.
    """

    path: Path
    layout: BaseLayout
    modules: int
    lost: float


def merge(
    base: ModelFolder,
    adapter: Path,
    out: Path,
    layout: BaseLayout,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Merged:
    """Writes base + adapter as a model folder of its own.

    Args:
        base: the base model, of either layout.
        adapter: folder of the adapter.
        out: the new folder; it must not exist. It gets its name only when it is whole.
        layout: of the new folder.
        on_progress: called with shards done and shards in all.

    Raises:
        AdapterError: there is something at ``out``.
        ModelError: the base or the adapter cannot be read, or they do not fit.
        StorageError: the folder cannot be written.
    """
    if out.exists():
        raise AdapterError(f"{out} exists already.", "It was left alone.", "Choose another folder.")
    delta = read_adapter(adapter)
    partial = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        _write_settings(base, partial, layout)
        lost = _write_weights(base, delta, partial, layout, on_progress)
        for name in (LINEAGE_FILE, LEARNT_FILE):
            if (adapter / name).is_file():
                shutil.copyfile(adapter / name, partial / name)
        partial.chmod(0o755)
        partial.rename(out)
    except OSError as error:
        raise StorageError(
            f"The merged model could not be written: {error.strerror or error}.",
            "Base and adapter are unchanged.",
            f"See that {out.parent} can be written and has room for another copy of the base.",
        ) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
    return Merged(out, layout, len(delta.down), lost)


def _write_settings(base: ModelFolder, out: Path, layout: BaseLayout) -> None:
    """Configuration and processor; of the same layout, every file but the weights as it is, save
    that the configuration asks for the attention under which base and adapter were judged."""
    if layout is base.layout:
        for path in sorted(base.base.iterdir()):
            if path.is_file() and path.suffix in {".json", ".txt", ".jinja"} and path.name != INDEX:
                shutil.copyfile(path, out / path.name)
        write_json(out / "config.json", content_as_run(base))
        return
    config, processor = read_config(base), load_processor(base)
    tokenizer = processor.tokenizer
    if layout is BaseLayout.NATIVE:
        config.architectures = ["Qwen3ASRForConditionalGeneration"]
        config.save_pretrained(out)
    else:
        names = {"audio_start": "<|audio_start|>", "audio_end": "<|audio_end|>", "user": "user"}
        tokens = {name: tokenizer.convert_tokens_to_ids(text) for name, text in names.items()}
        write_json(out / "config.json", original_content(config, tokens))
    save_processor(processor, out, layout)
    generation_config(base.base, tokenizer).save_pretrained(out)


def _write_weights(
    base: ModelFolder,
    delta: Adapter,
    out: Path,
    layout: BaseLayout,
    on_progress: Callable[[int, int], None],
) -> float:
    """Writes every shard and the index; returns the share of the delta that was lost."""
    renamed = original_weight if layout is BaseLayout.ORIGINAL else native_weight
    shards = weight_files(base.base)
    places: dict[str, str] = {}
    size_bytes = 0
    sums = _Rounding()
    for number, path in enumerate(shards, start=1):
        tensors = {}
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118
                    tensors[renamed(name)] = sums.merged(
                        native_weight(name), file.get_tensor(name), delta
                    )
        except SafetensorError as error:
            raise LayoutError(f"{path} cannot be read as safetensors: {error}.") from error
        save_file(tensors, out / path.name, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, path.name)
        size_bytes += sum(tensor.nbytes for tensor in tensors.values())
        on_progress(number, len(shards))
    untouched = sorted(set(delta.down) - sums.modules)
    if untouched:
        raise KeyMismatchError(
            f"The adapter changes {untouched[0]}, which the base does not have.",
            "Nothing was written.",
        )
    if len(shards) > 1:
        index = {"metadata": {"total_size": size_bytes}, "weight_map": places}
        write_json(out / INDEX, index)
    return sums.lost


class _Rounding:
    """Adds deltas to weights and keeps account of what rounding takes."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self._wanted = 0.0
        self._missed = 0.0

    @property
    def lost(self) -> float:
        return math.sqrt(self._missed / self._wanted) if self._wanted else 0.0

    def merged(self, name: str, weight: Tensor, delta: Adapter) -> Tensor:
        module = name.removesuffix(".weight")
        if module == name or module not in delta.down:
            return weight
        change = delta.up[module] @ delta.down[module]
        if change.shape != weight.shape:
            raise KeyMismatchError(
                f"The adapter is made for another model: {module} is {tuple(weight.shape)}, its "
                f"delta {tuple(change.shape)}.",
                "Nothing was written.",
            )
        self.modules.add(module)
        rounded = (weight.float() + change).to(weight.dtype)
        missed = rounded.double() - weight.double() - change.double()
        self._missed += float(torch.sum(missed * missed))
        self._wanted += float(torch.sum(change.double() ** 2))
        return rounded
