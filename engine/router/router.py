"""How degraded a clip is: loads a router and asks it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.errors import KeyMismatchError, LayoutError, MissingModelError, PickleRefusedError
from engine.router.features import HOP, log_mel
from engine.router.network import STRIDE, RouterNetwork, RouterSizes
from engine.samples import Samples, checked

_BATCH = 16
"""Windows judged at once: bounds memory, changes no result."""


class Router:
    """Judges clips. Build it with `Router.load`."""

    def __init__(self, network: RouterNetwork, device: str = "cpu") -> None:
        self._network = network.eval().requires_grad_(False).to(device)
        self._device = device

    @classmethod
    def load(cls, path: Path, device: str = "cpu") -> "Router":
        """Reads a router; arguments and errors are those of `load_network`.

        Args:
            path: the safetensors file.
            device: a torch device name.
        """
        return cls(load_network(path), device)

    @property
    def window_samples(self) -> int:
        """Longest stretch the network can take at once, samples at 16 kHz: just under 34 s."""
        return STRIDE * HOP * self._network.sizes.steps - 1

    def probabilities(self, clips: Sequence[Samples]) -> NDArray[np.float32]:
        """Probability that each clip is degraded: softmax of class 1.

        A clip longer than `window_samples` is cut into equal windows; its probability is their
        mean. What a clip gets does not depend on the others.

        Args:
            clips: each shape (n,), float32, 16 kHz.

        Returns:
            Shape (len(clips),), float32, in [0, 1].

        Raises:
            InvalidAudioError: a clip is empty, not mono float32, or holds NaN.
        """
        windows = [
            (index, window)
            for index, clip in enumerate(clips)
            for window in self._windows(checked(clip))
        ]
        windows.sort(key=lambda pair: len(pair[1]))
        total = np.zeros(len(clips))
        count = np.zeros(len(clips))
        for start in range(0, len(windows), _BATCH):
            batch = windows[start : start + _BATCH]
            indices = [index for index, _ in batch]
            np.add.at(total, indices, self._judge([window for _, window in batch]))
            np.add.at(count, indices, 1)
        return (total / count).astype(np.float32)

    def _windows(self, clip: Samples) -> list[Samples]:
        return np.array_split(clip, -(-len(clip) // self.window_samples))

    @torch.inference_mode()
    def _judge(self, windows: Sequence[Samples]) -> NDArray[np.float32]:
        frames, lengths = log_mel(windows, self._network.sizes.n_mels)
        scores = self._network(frames.to(self._device), lengths.to(self._device))
        degraded = torch.softmax(scores.float(), dim=1)[:, 1]
        return np.asarray(degraded.cpu(), np.float32)


def load_network(path: Path) -> RouterNetwork:
    """Reads a network of the published architecture, of any size.

    Args:
        path: the safetensors file.

    Raises:
        PickleRefusedError: the file is a pickle.
        MissingModelError: there is no such file.
        LayoutError: it is no safetensors file.
        KeyMismatchError: tensors are missing or unexpected, or do not fit each other.
    """
    if path.suffix.lower() in PickleRefusedError.suffixes:
        raise PickleRefusedError.of(path)
    if not path.is_file():
        raise MissingModelError(f"There is no router at {path}.")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise LayoutError(f"{path.name} cannot be read as safetensors: {error}.") from error
    try:
        network = RouterNetwork(RouterSizes.of(tensors))
        network.load_state_dict(tensors)
    except (KeyError, ValueError, RuntimeError) as error:
        raise KeyMismatchError(
            f"{path.name} is not a router of the known architecture: {error}."
        ) from error
    return network


def save_router(network: RouterNetwork, path: Path) -> None:
    """Writes a router as the published file has it: safetensors, every size in the shapes."""
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata={"format": "pt"})
