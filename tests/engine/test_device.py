"""Choosing a device and a precision."""

import pytest
import torch

from engine.device import Device, choose, pick_dtype
from engine.errors import DeviceError, UsageError

CPU = Device("cpu", None, "")
GPU = Device("cuda", "bfloat16", "")
OLD_GPU = Device("cuda", "float16", "")


def test_the_cpu_is_always_there():
    device = choose("cpu")
    assert device.is_cpu
    assert device.reason == "CPU: asked for"


def test_auto_takes_what_is_there_and_says_why():
    device = choose("auto")
    assert device.name in ("cpu", "cuda", "mps", "xpu")
    if device.is_cpu:
        assert device.reason == "CPU: no CUDA, Metal or XPU device found"


def test_a_device_that_is_not_there():
    with pytest.raises(DeviceError):
        choose("cuda:99")
    with pytest.raises(UsageError):
        choose("abacus")


@pytest.mark.parametrize(
    ("device", "stored", "wanted", "expected"),
    [
        (CPU, torch.float16, "auto", torch.float32),
        (CPU, torch.bfloat16, "auto", torch.bfloat16),
        (CPU, torch.float32, "auto", torch.float32),
        (CPU, torch.float32, "bfloat16", torch.bfloat16),
        (GPU, torch.float16, "auto", torch.bfloat16),
        (GPU, torch.float32, "auto", torch.float32),
        (OLD_GPU, torch.bfloat16, "auto", torch.float16),
        (OLD_GPU, torch.bfloat16, "float32", torch.float32),
    ],
)
def test_precision(device, stored, wanted, expected):
    assert pick_dtype(device, stored, wanted) is expected


def test_a_precision_that_does_not_exist():
    with pytest.raises(UsageError):
        pick_dtype(CPU, torch.float32, "float8")
