"""`python -m training.finetune RUN`: works on a run until it is done, an event a line on stdout.

For several GPUs: `torchrun --nproc-per-node 4 -m training.finetune RUN`, or `accelerate launch` in
place of `torchrun`. Ctrl-C pauses; a second one ends the process at once.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from engine.errors import WildscribeError
from training.finetune.events import Event, to_line
from training.finetune.run import Command, Run
from training.finetune.runner import train


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description=__doc__)
    parser.add_argument("run", type=Path, help="folder with config.toml")
    parser.add_argument("--stage", help="this stage alone, again if it was finished")
    options = parser.parse_args()

    def show(event: Event) -> None:
        print(to_line(event, time.time()), flush=True)

    try:
        run = Run(options.run)

        def pause(*_: object) -> None:
            run.request(Command.PAUSE)
            signal.signal(signal.SIGINT, signal.default_int_handler)

        signal.signal(signal.SIGINT, pause)
        train(run, show, only=options.stage)
    except WildscribeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
