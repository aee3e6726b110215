"""The only door to TRL: its version is checked here, and here its lack of types ends.

`training.rl.trainer` overrides private methods of TRL's trainer, so a new minor version is let in
by hand, behind tests/training/rl/test_trl_contract.py.

Raises:
    MissingTrlError: when imported without TRL, or with another minor version.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from training.rl.errors import MissingTrlError

MINOR = "1.16"


def check(installed: str | None) -> None:
    """Accepts `MINOR` in any patch version.

    Args:
        installed: version of TRL; None for none.

    Raises:
        MissingTrlError: it is another.
    """
    if installed is None or installed.split(".")[:2] != MINOR.split("."):
        found = f"TRL {installed} is installed" if installed else "TRL is not installed"
        raise MissingTrlError(
            f"Reinforcement learning needs TRL {MINOR}; {found}.",
            "Nothing was started; the stages before it need no TRL.",
            f'Install it: pip install "wildscribe[rl]", or pip install "trl=={MINOR}.*".',
        )


@contextmanager
def former_names() -> Iterator[None]:
    """Silences transformers where TRL calls things as they were called before transformers 5."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`.*gradient_checkpointing", FutureWarning)
        yield


def _installed() -> str | None:
    try:
        return version("trl")
    except PackageNotFoundError:
        return None


check(_installed())

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TRL probes for libraries that nobody here needs
    from trl import GRPOConfig as _GRPOConfig
    from trl import GRPOTrainer as _GRPOTrainer

logging.getLogger("trl").setLevel(logging.ERROR)

GRPOConfig: Any = _GRPOConfig
GRPOTrainer: Any = _GRPOTrainer
