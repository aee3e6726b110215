"""Which processor to compute on, and in which precision. torch is imported on use."""

import gc
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import DeviceError, UsageError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Device:
    """A processor that can be used.

    Attributes:
        name: torch's name for it: "cpu", "cuda", "cuda:1", "mps", "xpu".
        half: the half precision it computes well in: "bfloat16", "float16"; None on a CPU, which
            gains nothing from converting to one.
        reason: for people: what was chosen, and why.
    """

    name: str
    half: str | None
    reason: str

    @property
    def is_cpu(self) -> bool:
        """Computes in the machine's own memory."""
        return self.name == "cpu"


def choose(wanted: str = "auto") -> Device:
    """The asked-for device, or the best there is.

    Args:
        wanted: "auto", "cpu", "cuda", "cuda:1", "mps" or "xpu".

    Raises:
        DeviceError: the asked-for device is not there.
        UsageError: there is no such kind of device.
    """
    if wanted == "cpu":
        return Device("cpu", None, "CPU: asked for")
    if wanted == "auto":
        found = next((kind for kind in ("cuda", "mps", "xpu") if _count(kind)), None)
        if found is None:
            return Device("cpu", None, "CPU: no CUDA, Metal or XPU device found")
        return Device(found, _half(found), f"{_title(found)}: found")
    match = re.fullmatch(r"(cuda|mps|xpu)(?::(\d+))?", wanted)
    if match is None:
        raise UsageError(
            f"There is no kind of device '{wanted}'.", remedy="Use auto, cpu, cuda, mps or xpu."
        )
    kind, index = match[1], int(match[2] or 0)
    if index >= _count(kind):
        raise DeviceError(
            f"The device '{wanted}' cannot be used: torch finds {_count(kind)} of its kind.",
            "Nothing was changed.",
            "Use another device, or `auto`; `wildscribe doctor` shows what is found.",
        )
    return Device(wanted, _half(kind), f"{_title(wanted)}: asked for")


def pick_dtype(device: Device, stored: "torch.dtype", wanted: str = "auto") -> "torch.dtype":
    """The precision to compute in.

    "auto" keeps what the weights are stored in, with two exceptions: an accelerator uses the half
    precision that suits it in place of another, and a CPU, which is slow in float16, float32.

    Args:
        device: where.
        stored: dtype of the weights in their file.
        wanted: "auto", "float32", "bfloat16" or "float16".

    Raises:
        UsageError: there is no such precision.
    """
    import torch

    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if wanted in known:
        return known[wanted]
    if wanted != "auto":
        raise UsageError(
            f"There is no precision '{wanted}'.", remedy=f"Use auto, {', '.join(known)}."
        )
    if stored is torch.float32:
        return stored
    if device.half is not None:
        return known[device.half]
    return torch.float32 if stored is torch.float16 else stored


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out; torch has no one type for it."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    words = ("can't allocate memory", "not enough memory", "out of memory")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def release_memory() -> None:
    """Gives back what nobody holds any more."""
    import torch

    gc.collect()
    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()


def _count(kind: str) -> int:
    import torch

    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    return torch.xpu.device_count() if torch.xpu.is_available() else 0


def _half(kind: str) -> str:
    import torch

    if kind == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return "float16"
    return "bfloat16"


def _title(name: str) -> str:
    import torch

    if name.startswith("cuda"):
        return f"CUDA ({torch.cuda.get_device_name(name)})"
    if name.startswith("xpu"):
        return f"XPU ({torch.xpu.get_device_name(name)})"
    return "Metal (MPS)"
