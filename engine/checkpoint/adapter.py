"""LoRA adapters, read from any known layout into one canonical form without loss.

Canonical means: native module names, every module once, one rank, alpha equal to the rank (so a
scale of 1). Where several low-rank pieces act on one module, they are laid side by side:
``s1 B1 A1 + s2 B2 A2 = [s1 B1, s2 B2] [A1; A2]``; where a module has less than the common rank,
zeros fill it up. Neither changes the delta.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.checkpoint.folder import read_json, understood
from engine.checkpoint.names import SCOPES, native_module
from engine.errors import KeyMismatchError, LayoutError

_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])(?:\.\w+)?\.weight")

_UNSUPPORTED = (
    "alora_invocation_tokens",
    "bias",
    "fan_in_fan_out",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
)
"""Settings of an adapter that mean more than ``x + B A x``."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA in canonical form; the delta of a module is ``up @ down``.

    Attributes:
        rank: common rank.
        down: module -> A, shape (rank, in), float32.
        up: module -> B with the scale folded in, shape (out, rank), float32.
        targets: the modules its configuration speaks of: a pattern, or names or ends of names.
    """

    rank: int
    down: dict[str, Tensor]
    up: dict[str, Tensor]
    targets: str | frozenset[str]

    def speaks_of(self, module: str) -> bool:
        """Whether the configuration names ``module``, by the rule of PEFT."""
        if isinstance(self.targets, str):
            return re.fullmatch(self.targets, module) is not None
        return any(module == end or module.endswith(f".{end}") for end in self.targets)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One low-rank product of a module: ``up @ down``, scale already folded into ``up``."""

    down: Tensor
    up: Tensor


def read_adapter(folder: Path) -> Adapter:
    """Reads a PEFT folder (native names) or the published one (doubled original names).

    Args:
        folder: holds ``adapter_config.json``, ``adapter_model.safetensors`` and perhaps
            ``mega_lora_blocks.json``.

    Raises:
        LayoutError: an unreadable file, or an adapter that is no plain LoRA.
        KeyMismatchError: a tensor that no module accounts for, a module without its tensors, or
            ranks that contradict the configuration.
    """
    config = read_json(folder / "adapter_config.json")
    _refuse_other_kinds(config)
    blocks_file = folder / "mega_lora_blocks.json"
    blocks = read_json(blocks_file) if blocks_file.is_file() else {}
    try:
        tensors = load_file(folder / "adapter_model.safetensors")
    except SafetensorError as error:
        raise LayoutError(f"{folder.name} cannot be read as safetensors: {error}.") from error

    pieces: dict[str, list[_Piece]] = defaultdict(list)
    sides = _paired(tensors)
    with understood(folder):
        for module, (down, up) in sides.items():
            native = native_module(module)
            if not re.fullmatch(SCOPES, native):
                raise KeyMismatchError(f"The adapter changes {module}, which no known model has.")
            pieces[native].append(_Piece(down, up * _column_scales(module, down, config, blocks)))
        _refuse_leftovers(sides, config, blocks)
        targets = _native_targets(config)
    return _canonical(pieces, targets)


def _refuse_other_kinds(config: dict[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise LayoutError(f"The adapter is of kind {config.get('peft_type')}, not LORA.")
    for setting in _UNSUPPORTED:
        if config.get(setting) not in (None, False, "none", [], {}):
            raise LayoutError(f"The adapter uses {setting}, which is not supported.")


def _paired(tensors: dict[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Module as the file names it -> (A, B), both float32."""
    found: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None or match["side"] in found[match["module"]]:
            raise KeyMismatchError(f"The adapter holds an unexpected tensor, {key}.")
        found[match["module"]][match["side"]] = tensor.float()
    for module, sides in found.items():
        if len(sides) != 2 or sides["A"].shape[0] != sides["B"].shape[1]:
            raise KeyMismatchError(f"The two sides of the adapter do not fit at {module}.")
    return {module: (sides["A"], sides["B"]) for module, sides in found.items()}


def _column_scales(
    module: str, down: Tensor, config: dict[str, Any], blocks: dict[str, Any]
) -> Tensor:
    """The factor of each column of B: alpha over rank, shape (rank,)."""
    rank = down.shape[0]
    own_blocks = _block_list(module, blocks)
    if own_blocks is not None:
        return _scales_of_blocks(module, rank, own_blocks)
    stated = _by_pattern(config.get("rank_pattern"), module, config.get("r"))
    if stated != rank:
        raise KeyMismatchError(f"The adapter says rank {stated} at {module}; it has {rank}.")
    alpha = float(_by_pattern(config.get("alpha_pattern"), module, config["lora_alpha"]))
    divisor = math.sqrt(rank) if config.get("use_rslora") else rank
    return torch.full((rank,), alpha / divisor)


def _by_pattern(patterns: dict[str, Any] | None, module: str, default: Any) -> Any:
    """PEFT's rule, except that a full name goes before the end of one."""
    patterns = patterns or {}
    if module in patterns:
        return patterns[module]
    for pattern, value in patterns.items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            return value
    return default


def _block_list(module: str, blocks: dict[str, Any]) -> list[dict[str, Any]] | None:
    own: list[dict[str, Any]] | None = blocks.get(module, blocks.get(f"base_model.model.{module}"))
    return own


def _scales_of_blocks(module: str, rank: int, blocks: list[dict[str, Any]]) -> Tensor:
    """`mega_lora_blocks.json`: each stretch of columns of B has its own alpha and rank."""
    scales = torch.full((rank,), torch.nan)
    for block in blocks:
        columns = slice(block["start"], block["end"])
        within = 0 <= block["start"] < block["end"] <= rank
        if not within or not scales[columns].isnan().all():
            raise KeyMismatchError(f"The adapter's blocks overlap or overrun at {module}.")
        scales[columns] = block["alpha"] / block["rank"]
    if scales.isnan().any():
        raise KeyMismatchError(f"The adapter's blocks leave columns out at {module}.")
    return scales


def _refuse_leftovers(
    modules: Iterable[str], config: dict[str, Any], blocks: dict[str, Any]
) -> None:
    """Every module that the configuration or the blocks name in full must have its tensors."""
    present = set(modules)
    named = {name.removeprefix("base_model.model.") for name in blocks}
    targets = config.get("target_modules") or []
    if not isinstance(targets, str):
        named |= {name for name in targets if name.startswith(("thinker.", "model."))}
    absent = sorted(named - present)
    if absent:
        raise KeyMismatchError(
            f"The adapter lacks the tensors of {len(absent)} modules, first {absent[0]}."
        )


def _native_targets(config: dict[str, Any]) -> str | frozenset[str]:
    targets = config.get("target_modules") or []
    if isinstance(targets, str):
        re.compile(targets)
        return targets
    return frozenset(native_module(name) for name in targets)


def _canonical(pieces: dict[str, list[_Piece]], targets: str | frozenset[str]) -> Adapter:
    down = {module: torch.cat([p.down for p in own]) for module, own in pieces.items()}
    up = {module: torch.cat([p.up for p in own], dim=1) for module, own in pieces.items()}
    rank = max((a.shape[0] for a in down.values()), default=0)
    if rank == 0:
        raise KeyMismatchError("The adapter holds no tensors.")
    missing = {module: rank - a.shape[0] for module, a in down.items()}
    return Adapter(
        rank=rank,
        down={m: torch.nn.functional.pad(a, (0, 0, 0, missing[m])) for m, a in down.items()},
        up={m: torch.nn.functional.pad(b, (0, missing[m])) for m, b in up.items()},
        targets=targets,
    )
