"""The audio-quality router of Mega-ASR (arXiv 2605.19833): a small classifier of log-mel frames.

Module names give exactly the tensor names of the published file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

HEADS = 4
"""Attention heads. The one size that no tensor shape shows."""

STRIDE = 4
"""Log-mel frames per step: two convolutions of stride 2."""


@dataclass(frozen=True, slots=True)
class RouterSizes:
    """Sizes of a router; the defaults are the published ones (1.2 M parameters).

    Attributes:
        n_mels: mel bands of the input.
        channels: of the first convolution.
        width: of the second convolution and of the Transformer.
        feed_forward: inner width of the Transformer layer.
        steps: length of the position buffer; `STRIDE` frames, so 40 ms, a step.
        hidden: inner width of the classifier.
        classes: 2: clean, degraded.
    """

    n_mels: int = 80
    channels: int = 128
    width: int = 256
    feed_forward: int = 1024
    steps: int = 850
    hidden: int = 128
    classes: int = 2

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> "RouterSizes":
        """Reads the sizes from tensor shapes. The published file's metadata is wrong about them.

        Raises:
            KeyError: a tensor that shows a size is absent.
        """
        channels, n_mels, _ = tensors["frontend.conv.0.weight"].shape
        classes, hidden = tensors["classifier.3.weight"].shape
        feed_forward, width = tensors["transformer.layers.0.linear1.weight"].shape
        steps = tensors["pos_encoder.pe"].shape[1]
        return cls(n_mels, channels, width, feed_forward, steps, hidden, classes)


class RouterNetwork(nn.Module):
    """Two strided convolutions, one Transformer layer, attention pooling, two linears.

    Args:
        sizes: see `RouterSizes`.
        dropout: probability, in training only.
    """

    def __init__(self, sizes: RouterSizes | None = None, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.sizes = sizes = sizes or RouterSizes()
        self.frontend = _Frontend(sizes, dropout)
        self.pos_encoder = _Positions(sizes)
        layer = nn.TransformerEncoderLayer(
            sizes.width,
            HEADS,
            sizes.feed_forward,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.transformer = nn.TransformerEncoder(
            layer, num_layers=1, norm=nn.LayerNorm(sizes.width), enable_nested_tensor=False
        )
        self.pooling = _AttentionPooling(sizes.width)
        self.classifier = nn.Sequential(
            nn.Linear(sizes.width, sizes.hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(sizes.hidden, sizes.classes),
        )

    def forward(self, log_mel: Tensor, lengths: Tensor) -> Tensor:
        """Class scores; what a clip gets does not depend on the padding behind it.

        Args:
            log_mel: shape (batch, frames, n_mels), as `engine.router.features.log_mel` gives it.
            lengths: shape (batch,), int64: true frames of each clip, in [1, frames].

        Returns:
            Logits, shape (batch, classes); softmax column 1 is the probability of "degraded".
        """
        hidden, lengths = self.frontend(log_mel, lengths)
        present = _present(lengths, hidden.shape[1])
        hidden = self.transformer(self.pos_encoder(hidden), src_key_padding_mask=~present)
        scores: Tensor = self.classifier(self.pooling(hidden, present))
        return scores


class _Frontend(nn.Module):
    """Conv1d, BatchNorm and GELU, twice."""

    def __init__(self, sizes: RouterSizes, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(sizes.n_mels, sizes.channels, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm1d(sizes.channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(sizes.channels, sizes.width, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm1d(sizes.width),
            nn.GELU(),
            nn.Dropout(dropout),
        )

    def forward(self, log_mel: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, frames, n_mels) -> (batch, steps, width), with the lengths in steps."""
        hidden = log_mel.transpose(1, 2)
        for half in (self.conv[:4], self.conv[4:]):
            # A convolution pads a lone clip with zeros: a clip in a batch must meet the same.
            hidden = half(hidden * _present(lengths, hidden.shape[2])[:, None])
            lengths = (lengths - 1) // 2 + 1
        return hidden.transpose(1, 2), lengths


class _Positions(nn.Module):
    """Adds sinusoidal positions."""

    pe: Tensor

    def __init__(self, sizes: RouterSizes) -> None:
        super().__init__()
        position = torch.arange(sizes.steps)[:, None]
        rate = torch.exp(torch.arange(0, sizes.width, 2) * (-math.log(10_000.0) / sizes.width))
        table = torch.stack([torch.sin(position * rate), torch.cos(position * rate)], dim=-1)
        self.register_buffer("pe", table.reshape(1, sizes.steps, sizes.width))

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.pe[:, : hidden.shape[1]]


class _AttentionPooling(nn.Module):
    """Mean over time, weighted by a softmax of one learned score a step."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, 1)

    def forward(self, hidden: Tensor, present: Tensor) -> Tensor:
        scores = self.query(hidden)[..., 0].masked_fill(~present, -torch.inf)
        pooled: Tensor = torch.softmax(scores, dim=1)[:, None] @ hidden
        return pooled[:, 0]


def _present(lengths: Tensor, size: int) -> Tensor:
    """True where a clip has frames: shape (batch, size), bool."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]
