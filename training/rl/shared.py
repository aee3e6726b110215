"""A clip's prompt, and so its audio, computed once for all of its rollouts.

A prompt has some 13 tokens for each second of audio, an answer 4 at most: computed for each of K
rollouts, prompts are most of the work of sampling and of learning. In sampling, the keys and values
of a prompt are computed once and repeated. In learning, a row is a clip: its prompt without the
last token, then, side by side, the last token and the answer of each rollout. A mask lets these see
the prompt and themselves, and positions begin anew in each, so that every token's probability, and
the gradient, are those of rollouts in rows of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache, GenerationConfig

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration

UNSCORED = -100


@torch.no_grad()
def sample(
    base: "Qwen3ASRForConditionalGeneration",
    prompts: Mapping[str, Tensor],
    rollouts: int,
    settings: GenerationConfig,
) -> Tensor:
    """Several answers to each prompt.

    Args:
        base: the model.
        prompts: as `engine.recognizer.inputs.make_batch` gives them, a row a clip.
        rollouts: answers to each.
        settings: of the sampling.

    Returns:
        Tokens, shape (clips * rollouts, tokens), those of a clip together; whatever stands behind
        an end mark is padding.
    """
    ids, mask = prompts["input_ids"], prompts["attention_mask"]
    cache = DynamicCache()
    base.model(
        **{**prompts, "input_ids": ids[:, :-1], "attention_mask": mask[:, :-1]},
        position_ids=_positions(mask[:, :-1]),
        past_key_values=cache,
        use_cache=True,
    )
    cache.batch_repeat_interleave(rollouts)
    written: Tensor = base.generate(
        input_ids=ids.repeat_interleave(rollouts, dim=0),
        attention_mask=mask.repeat_interleave(rollouts, dim=0),
        past_key_values=cache,
        generation_config=settings,
    )
    return written[:, ids.shape[1] :]


@dataclass(frozen=True, slots=True)
class Packed:
    """Rollouts side by side behind their prompts.

    Attributes:
        tensors: arguments of the model, a row a clip: ``input_ids``, ``position_ids``, ``labels``
            (`UNSCORED` where there is no answer), shape (clips, tokens), and ``attention_mask``,
            shape (clips, 1, tokens, tokens), 0 where a token (row) sees another (column), else
            the lowest number there is.
        prompt: tokens that rollouts share.
        rollouts: of each clip.
    """

    tensors: dict[str, Tensor]
    prompt: int
    rollouts: int

    def unpacked(self, scores: Tensor) -> Tensor:
        """Scores of answers, shape (clips * rollouts, tokens of an answer).

        Args:
            scores: one for each token but the first of a row, shape (clips, tokens - 1).
        """
        blocks = pad(scores[:, self.prompt :], (0, 1)).view(len(scores) * self.rollouts, -1)
        return blocks[:, :-1]


def packed(
    input_ids: Tensor, attention_mask: Tensor, answer: int, clips: int, dtype: torch.dtype
) -> Packed:
    """Puts rollouts side by side.

    Args:
        input_ids: prompt and answer of each rollout, those of a clip together; prompts padded on
            the left, answers on the right; shape (clips * rollouts, tokens).
        attention_mask: 1 for what is no padding; same shape.
        answer: columns of the answers.
        clips: number of prompts; each has as many rollouts.
        dtype: that attention computes in; a mask of any other kind would be brought into it, and
            kept, by every layer.
    """
    rollouts = len(input_ids) // clips
    prompt = input_ids.shape[1] - answer - 1

    def beside(tensor: Tensor) -> Tensor:
        shared, own = tensor[::rollouts, :prompt], tensor[:, prompt:]
        return torch.cat([shared, own.reshape(clips, -1)], dim=1)

    labels = input_ids.masked_fill(attention_mask == 0, UNSCORED)
    labels[:, : prompt + 1] = UNSCORED
    ids = beside(input_ids)
    index = torch.arange(ids.shape[1], device=ids.device)
    # 0 for the prompt, 1 for the first rollout, and so on.
    owner = (index - prompt).div(answer + 1, rounding_mode="floor").clamp(min=-1) + 1
    sees = (owner == owner[:, None]) | (owner == 0)
    sees &= index <= index[:, None]
    known = sees & beside(attention_mask).bool()[:, None]
    known |= index == index[:, None]  # padding sees itself, for a softmax over nothing is no number
    mask = torch.zeros(known.shape, dtype=dtype, device=ids.device)
    mask.masked_fill_(~known, torch.finfo(dtype).min)
    return Packed(
        tensors={
            "input_ids": ids,
            "position_ids": beside(_positions(attention_mask)),
            "labels": beside(labels),
            "attention_mask": mask[:, None],
        },
        prompt=prompt,
        rollouts=rollouts,
    )


def _positions(mask: Tensor) -> Tensor:
    """Counted from the first token that is no padding, as generation does."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)
