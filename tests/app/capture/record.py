"""Records from the default microphone and says how it goes: a program for the tests.

python record.py FILE RATE_HZ prints a line for each report; it stops at the end of its input.
"""

import sys
import threading
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from app.capture import Recorder, Recording, input_devices
from engine.errors import WildscribeError


def main() -> None:
    ended = threading.Event()

    def report(recording: Recording) -> None:
        print(f"saved {recording.saved_s} {recording.level_db} {recording.gaps}", flush=True)

    def end(recording: Recording, reason: WildscribeError | None) -> None:
        print(f"end {recording.saved_s} {reason.code if reason else None}", flush=True)
        ended.set()

    device = replace(input_devices()[0], rate_hz=int(sys.argv[2]))
    recorder = Recorder(Path(sys.argv[1]), device, report, end)
    threading.Thread(target=lambda: (sys.stdin.read(), recorder.stop()), daemon=True).start()
    ended.wait()


if __name__ == "__main__":
    main()
