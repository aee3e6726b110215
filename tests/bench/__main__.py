"""``python -m tests.bench hear``: prints figures as ratios measured in one run.

Each part is a module with ``measure() -> list[str]`` and runs in a process of its own, so that
neither memory nor threads of one part colour the next.
"""

import subprocess
import sys
from importlib import import_module

BENCHES = {
    "hear": (
        "overhead",
        "vad",
        "mixed_batch",
        "lm_head",
        "adapter_memory",
        "switch_drift",
        "long_file",
    ),
    "finetune": ("sft_step", "sft_published", "rl_step", "rl_published", "evaluate_batches"),
    "simulate": ("simulate_rate", "simulate_workers"),
}


def main(arguments: list[str]) -> int:
    """Runs a bench by name, or one of its parts as ``NAME PART``."""
    if not arguments or arguments[0] not in BENCHES:
        print(f"usage: python -m tests.bench {{{','.join(BENCHES)}}} [PART]", file=sys.stderr)
        return 2
    name, *parts = arguments
    if len(parts) == 1:
        module = import_module(f"tests.bench.{parts[0]}")
        print("\n".join(module.measure()), flush=True)
        return 0
    status = 0
    for part in BENCHES[name]:
        print(f"\n## {part}", flush=True)
        status |= subprocess.run([sys.executable, "-m", "tests.bench", name, part]).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
