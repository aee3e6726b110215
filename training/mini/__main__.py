"""`python -m training.mini --out DIR [--work DIR] [--stage NAME]`: makes mini from nothing."""

import argparse
import os
from pathlib import Path

import torch

from training.mini.recipe import Recipe


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.mini", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="what ships: base, adapters, ...")
    parser.add_argument("--work", type=Path, help="corpus and checkpoints (default: OUT/work)")
    parser.add_argument("--samples", type=Path, help="the sample (default: OUT/samples)")
    parser.add_argument("--stage", help="run this stage only, again if it was finished")
    options = parser.parse_args()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    work = options.work or options.out / "work"
    samples = options.samples or options.out / "samples"
    Recipe(options.out, work, samples).run(options.stage)


if __name__ == "__main__":
    main()
