"""The router against the published layout's recorded values, and alone against in a batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import (
    InvalidAudioError,
    KeyMismatchError,
    LayoutError,
    MissingModelError,
    PickleRefusedError,
)
from engine.router import Router, RouterNetwork, RouterSizes, save_router
from engine.router.features import log_mel
from engine.samples import Samples

CLIPS = ("meeting", "kettle", "train")


@pytest.fixture(scope="module")
def router(published_router: Path) -> Router:
    return Router.load(published_router)


def _noise(seconds: float, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(int(16_000 * seconds))).astype(np.float32)


@pytest.mark.parametrize("name", CLIPS)
def test_log_mel_equals_the_published_front_end(name, published, speech):
    expected = published["clips"][name]["router_logmel_first5x8"]
    frames, lengths = log_mel([speech[name]])
    assert lengths.tolist() == [len(speech[name]) // 160 + 1]
    np.testing.assert_allclose(frames[0, :5, :8], expected, atol=1e-5)


def test_log_mel_equals_the_published_front_end_in_every_band(shared_fixtures):
    import soundfile

    reference = json.loads((shared_fixtures / "published_router_reference.json").read_text())
    samples, rate = soundfile.read(shared_fixtures / reference["clip"], dtype="float32")
    assert rate == 16_000
    frames, _ = log_mel([samples])
    np.testing.assert_allclose(frames[0, :10], reference["logmel_first10"], atol=1e-5)


def test_log_mel_of_a_batch_is_that_of_each_clip(speech):
    clips = [speech[name] for name in CLIPS]
    frames, lengths = log_mel(clips)
    for row, length, clip in zip(frames, lengths, clips, strict=True):
        torch.testing.assert_close(row[:length], log_mel([clip])[0][0], rtol=0, atol=1e-6)
        assert not row[length:].any()


def test_probabilities_are_the_recorded_ones(router, published, speech):
    probabilities = router.probabilities([speech[name] for name in CLIPS])
    expected = [published["clips"][name]["router_degraded_prob"] for name in CLIPS]
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_a_clip_does_not_see_its_batch_mates(router, speech):
    clips = [*speech.values(), _noise(0.01), _noise(0.3), _noise(1.234), _noise(7.5), _noise(33.9)]
    together = router.probabilities(clips)
    alone = np.concatenate([router.probabilities([clip]) for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_order_and_number_of_clips_are_kept(router):
    clips = [_noise(1 + i % 3, seed=i) for i in range(20)]
    together = router.probabilities(clips)
    np.testing.assert_allclose(together[::-1], router.probabilities(clips[::-1]), atol=1e-6)
    assert router.probabilities([]).shape == (0,)


def test_the_window_fills_the_position_buffer_and_no_more(router):
    assert 33.99 < router.window_samples / 16_000 < 34
    network = router._network
    longest = np.zeros(router.window_samples, np.float32)
    router.probabilities([longest])
    frames, lengths = log_mel([np.zeros(router.window_samples + 1, np.float32)])
    with pytest.raises(RuntimeError):
        network(frames, lengths)


def test_a_long_clip_is_the_mean_of_equal_windows(router):
    clip = _noise(80)
    windows = np.array_split(clip, 3)
    expected = router.probabilities(windows).mean()
    assert router.probabilities([clip])[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros((16_000, 2), np.float32),
        np.zeros(16_000, np.float64),
        np.full(16_000, np.nan, np.float32),
        np.full(16_000, np.inf, np.float32),
    ],
)
def test_what_is_no_sound_is_refused(router, samples):
    with pytest.raises(InvalidAudioError):
        router.probabilities([samples])


def test_the_default_sizes_are_the_published_ones(published_router):
    tensors = load_file(published_router)
    assert RouterSizes.of(tensors) == RouterSizes()
    network = RouterNetwork()
    assert {k: v.shape for k, v in network.state_dict().items()} == {
        k: v.shape for k, v in tensors.items()
    }
    # The last bit of a float32 exp differs between processors, and there are up to 850 steps of it.
    last_bit = torch.finfo(torch.float32).eps / 2
    made, published = network.state_dict()["pos_encoder.pe"], tensors["pos_encoder.pe"]
    torch.testing.assert_close(made, published, rtol=0.0, atol=RouterSizes().steps * last_bit)


def test_sizes_come_from_the_shapes(tmp_path):
    sizes = RouterSizes(n_mels=40, channels=8, width=16, feed_forward=24, steps=50, hidden=6)
    network = RouterNetwork(sizes).eval()
    save_router(network, tmp_path / "router.safetensors")
    router = Router.load(tmp_path / "router.safetensors")
    frames, lengths = log_mel([_noise(1)], n_mels=40)
    expected = torch.softmax(network(frames, lengths), dim=1)[0, 1].item()
    assert router.probabilities([_noise(1)])[0] == pytest.approx(expected, abs=1e-6)
    assert router.window_samples == 50 * 640 - 1


def test_a_pickle_is_refused_with_an_explanation(tmp_path):
    path = tmp_path / "best_acc_model.pt"
    path.write_bytes(b"\x80\x04.")
    with pytest.raises(PickleRefusedError, match=r"can run any code.*safetensors"):
        Router.load(path)


def test_what_is_absent_or_garbled_is_named(tmp_path):
    with pytest.raises(MissingModelError):
        Router.load(tmp_path / "router.safetensors")
    (tmp_path / "router.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(LayoutError):
        Router.load(tmp_path / "router.safetensors")


@pytest.mark.parametrize("change", ["missing", "missing size", "unexpected", "shape"])
def test_tensors_that_do_not_fit_are_an_error(change, published_router, tmp_path):
    tensors = load_file(published_router)
    if change == "missing":
        del tensors["pooling.query.bias"]
    elif change == "missing size":
        del tensors["classifier.3.weight"]
    elif change == "unexpected":
        tensors["extra.weight"] = torch.zeros(1)
    else:
        tensors["frontend.conv.1.bias"] = torch.zeros(3)
    save_file(tensors, tmp_path / "router.safetensors")
    with pytest.raises(KeyMismatchError):
        Router.load(tmp_path / "router.safetensors")
