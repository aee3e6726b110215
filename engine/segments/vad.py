"""Speech probability, window by window: the Silero model v6 (MIT) as a plain torch module.

The network is small (a fixed STFT, four convolutions, one LSTM cell, one output); what makes its
own TorchScript slow is one call for each 32 ms. Here the convolutions run over many windows in
one batch and the LSTM over the sequence. The weights come out of the silero-vad wheel.
"""

import importlib.util
import warnings
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.samples import SAMPLE_RATE_HZ, Samples
from engine.segments.stretch import SPEECH_PROBABILITY, WINDOW

CONTEXT = 64
"""Samples of the previous window that each window sees before its own."""

_STEP_WINDOWS = 32
_TARGET_DBFS = -30.0
_MAX_GAIN_DB = 40.0
_LEVEL_MEMORY_STEPS = 10

Probabilities = NDArray[np.float32]
State = tuple[Tensor, Tensor]


class SileroNet(nn.Module):
    """The network, at 16 kHz.

    Shapes: windows [n, 64 + 512] -> STFT magnitude [n, 129, 4] -> convolutions [n, 128, 1]
    -> LSTM over the n windows [n, 128] -> probability [n].
    """

    def __init__(self) -> None:
        super().__init__()
        self.basis = nn.Buffer(torch.zeros(258, 1, 256))
        self.encoder = nn.Sequential(
            *(nn.Conv1d(129, 128, 3, padding=1), nn.ReLU()),
            *(nn.Conv1d(128, 64, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv1d(64, 64, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv1d(64, 128, 3, padding=1), nn.ReLU()),
        )
        self.rnn = nn.LSTM(128, 128)
        self.output = nn.Linear(128, 1)

    def forward(self, windows: Tensor, state: State) -> tuple[Tensor, State]:
        """Windows [n, 576] in order of time, state of the LSTM -> probabilities [n], state."""
        padded = nn.functional.pad(windows, (0, CONTEXT), mode="reflect").unsqueeze(1)
        real, imaginary = nn.functional.conv1d(padded, self.basis, stride=128).chunk(2, dim=1)
        features = self.encoder((real.square() + imaginary.square()).sqrt()).squeeze(-1)
        hidden, state = self.rnn(features, state)
        return self.output(hidden.relu()).sigmoid().squeeze(-1), state

    @classmethod
    def load(cls) -> "SileroNet":
        """With the weights of the installed silero-vad.

        The package is found but not imported: importing it would set torch to one thread for
        the whole process. Its ``.safetensors`` holds other weights.

        Raises:
            ModuleNotFoundError: silero-vad is not installed.
            RuntimeError: its model has another shape than version 6.
        """
        spec = importlib.util.find_spec("silero_vad")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("silero-vad is not installed", name="silero_vad")
        path = Path(spec.origin).parent / "data" / "silero_vad.jit"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript as a whole
            script = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        net = cls()
        net.load_state_dict(_renamed(script.state_dict()))
        return net.eval().requires_grad_(False)


class SpeechDetector:
    """Speech probabilities of a stream, independent of how it comes in blocks.

    Windows are 512 samples (32 ms). They are judged in steps of 32 (about 1 s), whatever the size
    of the blocks, so that results are the same bit for bit. Recordings far too quiet for the
    model (it hears nothing below about -60 dBFS) are raised before they are judged: to -30 dBFS
    by the loudest second of the last ten, by 40 dB at most, never lowered.

    Args:
        net: the network; by default that of the installed silero-vad.
        max_gain_db: how much quiet audio may be raised, dB; 0 judges it as it is.
    """

    def __init__(self, net: SileroNet | None = None, *, max_gain_db: float = _MAX_GAIN_DB) -> None:
        self._net = net or SileroNet.load()
        self._max_gain = 10.0 ** (max_gain_db / 20.0)
        self.reset()

    def reset(self) -> None:
        """Forgets all that was heard."""
        self._held: list[Samples] = []
        self._held_count = 0
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = (torch.zeros(1, 128), torch.zeros(1, 128))
        self._levels: deque[float] = deque(maxlen=_LEVEL_MEMORY_STEPS)
        self._gain = 1.0

    def push(self, samples: Samples) -> Probabilities:
        """Takes the next samples, shape [n]; returns the probabilities that are now certain.

        Returns:
            In [0, 1], one for each further window, a multiple of 32 of them; often none.
        """
        self._held.append(samples)
        self._held_count += len(samples)
        step = _STEP_WINDOWS * WINDOW
        if self._held_count < step:
            return np.zeros(0, np.float32)
        joined = np.concatenate(self._held)
        whole = len(joined) - len(joined) % step
        self._held, self._held_count = [joined[whole:]], len(joined) - whole
        return np.concatenate([self._judge(joined[i : i + step]) for i in range(0, whole, step)])

    def finish(self) -> Probabilities:
        """Probabilities of what is left; the last window is filled up with zeros."""
        rest = np.concatenate([*self._held, np.zeros(-self._held_count % WINDOW, np.float32)])
        self._held, self._held_count = [], 0
        return self._judge(rest) if len(rest) else rest

    def speech_s(self, samples: Samples) -> float:
        """Seconds of speech in a clip [n], by windows of probability 0.5 and more.

        Uses the detector's own stream: not between `push` and `finish` of another.
        """
        self.reset()
        probabilities = np.concatenate([self.push(samples), self.finish()])
        self.reset()
        windows = int(np.count_nonzero(probabilities >= SPEECH_PROBABILITY))
        return min(windows * WINDOW, len(samples)) / SAMPLE_RATE_HZ

    def _judge(self, samples: Samples) -> Probabilities:
        with torch.inference_mode():
            raised = torch.from_numpy(np.concatenate([self._context, self._raised(samples)]))
            windows = raised.unfold(0, CONTEXT + WINDOW, WINDOW)
            probabilities, self._state = self._net(windows, self._state)
        self._context = raised[-CONTEXT:].numpy()
        return cast(Probabilities, probabilities.numpy())

    def _raised(self, samples: Samples) -> Samples:
        """With the gain gliding from that of the step before to that of this one."""
        self._levels.append(float(np.sqrt(np.mean(np.square(samples)))))
        target = 10.0 ** (_TARGET_DBFS / 20.0)
        gain = min(self._max_gain, max(1.0, target / max(max(self._levels), 1e-9)))
        previous, self._gain = self._gain, gain
        if previous == gain == 1.0:
            return samples
        # A sudden loud sound is never raised by the gain of the quiet before it.
        ramp = np.linspace(min(previous, gain), gain, len(samples), dtype=np.float32)
        raised: Samples = np.clip(samples * ramp, -1.0, 1.0)
        return raised


def _renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names of the TorchScript to those of `SileroNet`."""
    names = {"basis": "_model.stft.forward_basis_buffer"}
    for index in range(4):
        for kind in ("weight", "bias"):
            names[f"encoder.{2 * index}.{kind}"] = f"_model.encoder.{index}.reparam_conv.{kind}"
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        names[f"rnn.{kind}_l0"] = f"_model.decoder.rnn.{kind}"
    names |= {f"output.{kind}": f"_model.decoder.decoder.2.{kind}" for kind in ("weight", "bias")}
    found = {ours: weights[theirs] for ours, theirs in names.items()}
    found["output.weight"] = found["output.weight"].squeeze(-1)
    return found
