"""`python -m training.mini [--out DIR] [--work DIR] [--stage NAME]`: makes mini from nothing."""

import argparse
import os
from pathlib import Path

import torch

from training.mini.parallel import keep_freed_memory
from training.mini.recipe import Recipe

RESOURCES = Path("resources")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.mini", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=RESOURCES / "models" / "mini", help="what ships (%(default)s)"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("build/mini"), help="corpus and checkpoints (%(default)s)"
    )
    parser.add_argument(
        "--samples", type=Path, default=RESOURCES / "samples", help="the sample (%(default)s)"
    )
    parser.add_argument("--stage", help="run this stage only, again if it was finished")
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    Recipe(options.out, options.work, options.samples).run(options.stage)


if __name__ == "__main__":
    main()
