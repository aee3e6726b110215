"""The prompt: ours, and the form of it that is written for other programs."""

import json
from pathlib import Path

import numpy as np
import pytest
from jinja2 import nodes
from transformers.utils.chat_template_utils import _compile_jinja_template

from engine.checkpoint import BaseLayout, locate
from engine.checkpoint.processor import (
    CHAT_TEMPLATE,
    PUBLISHED_TEMPLATE,
    load_processor,
    save_processor,
)

CLIP = {"type": "audio", "audio": np.zeros(16_000, np.float32)}
CONVERSATIONS = [
    [{"role": "user", "content": [CLIP]}],
    [{"role": "system", "content": "Olivia"}, {"role": "user", "content": [CLIP]}],
    [
        {"role": "system", "content": [{"type": "text", "text": "Olivia, "}]},
        {"role": "system", "content": [{"type": "text", "text": "Denver"}]},
        {"role": "user", "content": [CLIP]},
    ],
]


def _is_part_of(node: nodes.Node, name: str, key: str) -> bool:
    """``name.key`` or ``name['key']``, perhaps behind filters, tests or slices."""
    if isinstance(node, (nodes.Filter, nodes.Test)) or (
        isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)
    ):
        return node.node is not None and _is_part_of(node.node, name, key)
    if isinstance(node, nodes.Getitem):
        named = isinstance(node.arg, nodes.Const) and node.arg.value == key
    else:
        named = isinstance(node, nodes.Getattr) and node.attr == key
    return named and isinstance(node.node, nodes.Name) and node.node.name == name


def gives_parts(template: str) -> bool:
    """The rule by which vLLM gives a template content as parts (its format "openai"): there is a
    loop over ``content`` of what a loop over ``messages`` runs through. Otherwise it gives a
    string, into which it has put marks for the clips itself."""
    tree = _compile_jinja_template(template).environment.parse(template)
    loops = list(tree.find_all(nodes.For))
    messages = {
        loop.target.name
        for loop in loops
        if isinstance(loop.iter, nodes.Name) and loop.iter.name == "messages"
    }
    return any(_is_part_of(loop.iter, name, "content") for loop in loops for name in messages)


def test_the_rule_knows_the_published_template(published_layout: Path) -> None:
    path = published_layout / "Qwen3-ASR-1.7B" / "chat_template.json"
    assert gives_parts(json.loads(path.read_text())["chat_template"])
    assert gives_parts("{% for m in messages %}{% for c in m['content'] %}{% endfor %}{% endfor %}")
    assert not gives_parts(CHAT_TEMPLATE)  # its loop is in a macro
    assert not gives_parts("{% for m in messages %}{{ m.content }}{% endfor %}")


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_both_templates_are_one_prompt(published_layout: Path, conversation) -> None:
    processor = load_processor(locate(published_layout))
    ours, theirs = (
        processor.apply_chat_template(
            conversation, chat_template=template, add_generation_prompt=True, tokenize=False
        )
        for template in (CHAT_TEMPLATE, PUBLISHED_TEMPLATE)
    )
    assert ours == theirs
    assert ours.count("<|audio_pad|>") == 1


def test_a_folder_for_other_programs_gets_the_template_that_they_understand(
    mini: Path, tmp_path: Path
) -> None:
    save_processor(load_processor(locate(mini)), tmp_path, BaseLayout.ORIGINAL)
    written = json.loads((tmp_path / "chat_template.json").read_text())["chat_template"]
    assert gives_parts(written)
    for user in ({"type": "audio"}, {"type": "audio_url", "audio_url": {"url": "a"}}):
        text = _compile_jinja_template(written).render(
            messages=[{"role": "user", "content": [user]}], add_generation_prompt=True
        )
        assert text == (
            "<|im_start|>system\n<|im_end|>\n"
            "<|im_start|>user\n<|audio_start|><|audio_pad|><|audio_end|><|im_end|>\n"
            "<|im_start|>assistant\n"
        )
