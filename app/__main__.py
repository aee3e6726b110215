"""``wildscribe``: alone it opens the window; with arguments it is the command line."""

import sys
from collections.abc import Sequence

from app.libraries import install_command, missing


def main(argv: Sequence[str] | None = None) -> int:
    """Runs Wildscribe and returns its exit code; ``argv`` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments:
        from app.cli import run

        return run(arguments)
    # Imported here: the command line needs no Qt, and works where Qt's libraries are missing.
    try:
        from app.window import main as open_window
    except ImportError as error:
        lacking = missing(("window",))
        if not lacking:
            raise
        print(f"wildscribe: the window cannot open: {error}", file=sys.stderr)
        print(f"  To mend: {install_command(lacking)}", file=sys.stderr)
        return 1
    return open_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
