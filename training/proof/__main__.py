"""`python -m training.proof`: the paper's ablation on mini, from nothing to docs/results.md.

`python -m training.proof page` makes the page again from the figures beside it; `ship` puts the
best adapter in as the model's own.
"""

import argparse
import sys
from pathlib import Path

from engine.errors import WildscribeError
from engine.models import find
from training.proof.plan import FULL, SMALL
from training.proof.results import read_results
from training.proof.ship import ship
from training.proof.stages import Proof, publish


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.proof", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("run", "page", "ship"), default="run")
    parser.add_argument(
        "--work", type=Path, default=Path("build/proof"), help="clips and runs (%(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("docs/results.md"), help="the page (%(default)s)"
    )
    parser.add_argument(
        "--small", action="store_true", help="everything once in minutes; the figures mean nothing"
    )
    options = parser.parse_args(arguments)
    plan = SMALL if options.small else FULL
    figures = options.out.with_suffix(".json")
    try:
        if options.what == "ship":
            print(ship(options.work.absolute(), plan, read_results(figures), find(plan.model)))
        elif options.what == "page":
            publish(read_results(figures), options.out)
        else:
            command = "python -m training.proof" + (" --small" if options.small else "")
            publish(Proof(options.work.absolute(), plan, command=command).run(), options.out)
    except WildscribeError as error:
        sys.exit(f"{error.what} {error.safe} {error.remedy}")


if __name__ == "__main__":
    main()
