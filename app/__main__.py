"""``wildscribe``: alone it opens the window; with arguments it is the command line."""

import os
import sys
from collections.abc import Sequence

from app.libraries import missing, window_obstacle


def main(argv: Sequence[str] | None = None) -> int:
    """Runs Wildscribe and returns its exit code; ``argv`` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments:
        from app.cli import run

        return run(arguments)
    if sys.platform.startswith("linux"):
        obstacle = window_obstacle(os.environ, missing(("window",)))
        if obstacle:
            print("wildscribe: " + obstacle.replace("\n", "\n  "), file=sys.stderr)
            return 1
    # Imported here: the command line needs no Qt, and works where Qt's libraries are missing.
    from app.window import main as open_window

    return open_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
