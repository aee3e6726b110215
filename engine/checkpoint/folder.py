"""What a model folder holds, found out without loading anything. No torch: the window lists models.

Three layouts are known::

    ours                          Mega-ASR as published         a bare base
      base/                         Qwen3-ASR-1.7B/               config.json
      adapters/robust/              mega-asr-merged/              *.safetensors
      router/*.safetensors          audio_quality_router/         tokenizer files

The base inside may be in the native layout of transformers or in the ORIGINAL one of `qwen-asr`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import LayoutError, MissingModelError, PickleRefusedError
from engine.transcript import USUAL_THRESHOLD

ROUTER_FILE = "router.safetensors"
"""Name of a router that lies in the folder of the adapter it was made for."""

ROUTER_REPORT = "router.json"
"""What is known about a router, beside it; its ``threshold`` is the one the router is used with."""

WINDOWED = "wildscribe_windowed_attention"
"""Our mark in the ``config.json`` of an original layout that we wrote: the model was trained with
the attention windows that its configuration asks for."""


class BaseLayout(StrEnum):
    """How the weights of the base model are named."""

    NATIVE = "native"
    """As in transformers: ``model.audio_tower.*``, ``model.language_model.*``."""
    ORIGINAL = "original"
    """As in the `qwen-asr` package: ``thinker.*``."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a model wants to be run, beyond its weights.

    Attributes:
        global_attention: the audio encoder attends over the whole clip. Without FlashAttention
            the official package runs so, and Mega-ASR was trained so; the configuration file,
            which asks for windows of 8 s, says otherwise.
    """

    global_attention: bool


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model, located.

    Attributes:
        name: name of the folder.
        base: folder of the base model.
        adapter: folder of the robust adapter, or None.
        router: file of the router, or None.
        layout: how the base's weights are named.
        profile: how it wants to be run.
        threshold: degraded probability from which the robust route is taken.
    """

    name: str
    base: Path
    adapter: Path | None
    router: Path | None
    layout: BaseLayout
    profile: Profile
    threshold: float = USUAL_THRESHOLD


@dataclass(frozen=True, slots=True)
class _Arrangement:
    """Where a layout keeps its parts, relative to the folder."""

    base: str
    adapter: str
    router: str


_OURS = _Arrangement("base", "adapters/robust", "router")
_PUBLISHED = _Arrangement("Qwen3-ASR-1.7B", "mega-asr-merged", "audio_quality_router")


def locate(folder: Path) -> ModelFolder:
    """Finds the parts of a model. Reads the base's ``config.json`` and the router's threshold.

    Raises:
        MissingModelError: no such folder, or a part of it is incomplete.
        LayoutError: the folder is laid out in no known way, or a settings file is damaged.
        PickleRefusedError: there are pickles where safetensors should be.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise MissingModelError(
            f"There is no model folder at {folder}.",
            remedy="`wildscribe models list` shows the models that are there.",
        )
    for arrangement in (_OURS, _PUBLISHED):
        base = folder / arrangement.base
        if base.is_dir():
            adapter = _adapter(folder / arrangement.adapter)
            router = _router(folder / arrangement.router)
            break
    else:
        base, adapter, router = folder, None, None
    layout, config = _base_layout(base, folder)
    windowed = layout is BaseLayout.NATIVE or config.get(WINDOWED) is True
    profile = Profile(global_attention=not windowed)
    threshold = router_threshold(router)
    return ModelFolder(folder.name, base, adapter, router, layout, profile, threshold)


def with_adapter(model: ModelFolder, folder: Path) -> ModelFolder:
    """A model with another adapter on its robust route.

    Args:
        model: as `locate` gives it.
        folder: of the adapter; a router made for it may lie beside it as `ROUTER_FILE`, with its
            threshold in `ROUTER_REPORT`; otherwise the model keeps its own.

    Raises:
        MissingModelError: the folder lacks a part of an adapter.
        LayoutError: the router's report is damaged.
        PickleRefusedError: there is a pickle where safetensors should be.
    """
    adapter = _adapter(folder)
    if adapter is None:
        raise MissingModelError(f"There is no adapter at {folder}.", remedy="Check the name.")
    router = folder / ROUTER_FILE
    if not router.is_file():
        return replace(model, adapter=adapter)
    return replace(model, adapter=adapter, router=router, threshold=router_threshold(router))


def router_threshold(router: Path | None) -> float:
    """The threshold that a router was made with, from the report beside it; else the usual one.

    Raises:
        LayoutError: the report is damaged.
    """
    report = router.with_name(ROUTER_REPORT) if router else None
    if report is None or not report.is_file():
        return USUAL_THRESHOLD
    with understood(report):
        threshold = float(read_json(report)["threshold"])
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(f"a threshold of {threshold}")
    return threshold


def weight_files(base: Path) -> list[Path]:
    """The safetensors files of a base model, all shards that its index names.

    Raises:
        MissingModelError: there are none, or a shard is absent.
        PickleRefusedError: there are pickles in their place.
    """
    index = base / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        with understood(index):
            names = sorted(set(map(str, read_json(index)["weight_map"].values())))
    absent = [name for name in names if not (base / name).is_file()]
    if absent or not names:
        _refuse_pickles(base)
        raise MissingModelError(
            f"{base} lacks weights: {', '.join(absent) or 'its index names none'}.",
            remedy="Copy or download the folder again.",
        )
    return [base / name for name in names]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of a model.

    Raises:
        LayoutError: it is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LayoutError(f"{path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise LayoutError(f"{path} holds no JSON object.")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON object as a file of a model.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps(content, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Around code that takes a settings file at its word.

    Raises:
        LayoutError: a setting is absent, of another kind, or out of its range.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error) as error:
        raise LayoutError(
            f"{path} holds settings that make no sense ({type(error).__name__}: {error}).",
            "Nothing was loaded.",
            "Copy or download the folder again.",
        ) from error


def _base_layout(base: Path, folder: Path) -> tuple[BaseLayout, dict[str, Any]]:
    if not (base / "config.json").is_file():
        raise LayoutError(
            f"{folder} is no model folder: it has no config.json and no base model inside.",
            remedy="Choose the folder that holds `base` or `Qwen3-ASR-1.7B`.",
        )
    config = read_json(base / "config.json")
    if "thinker_config" in config:
        layout = BaseLayout.ORIGINAL
    elif config.get("model_type") == "qwen3_asr" and "audio_config" in config:
        layout = BaseLayout.NATIVE
    else:
        kind = config.get("model_type", "unknown")
        raise LayoutError(f"{base} holds a model of another kind ({kind}), not a Qwen3-ASR.")
    weight_files(base)
    return layout, config


def _adapter(folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            _refuse_pickles(folder)
            raise MissingModelError(f"The adapter {folder} lacks {name}.")
    return folder


def _router(folder: Path) -> Path | None:
    """The one router file. A lone pickle is named too, so that loading it can say why not."""
    if not folder.is_dir():
        return None
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.pt"))
    if len(files) != 1:
        raise MissingModelError(f"{folder} should hold one router file, not {len(files)}.")
    return files[0]


def _refuse_pickles(folder: Path) -> None:
    pickles = sorted(folder.glob("*.bin"))
    if pickles:
        raise PickleRefusedError.of(pickles[0])
