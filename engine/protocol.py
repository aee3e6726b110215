"""What the window and the engine process say to each other.

Every request but `Cancel` and `Shutdown` carries a job number, and every job is answered by
exactly one of `Hello`, `Finished` or `Failed` with that number; `Progressed`, `SegmentReady` and
`NonSpeechFound` may come before it.

A frame is a header and a payload. Header: 10 bytes, little endian: magic ``WILD``, protocol
version (u16), length of the payload in bytes (u32, at most `MAX_FRAME_BYTES`). Payload: one
message as ASCII JSON, so that any path survives, also one that is no valid Unicode.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from engine import errors
from engine.errors import ProtocolError, WildscribeError
from engine.options import TranscribeOptions
from engine.transcript import NonSpeech, Route, Segment, Transcript

VERSION = 1
MAGIC = b"WILD"
HEADER = struct.Struct("<4sHI")
MAX_FRAME_BYTES = 16 * 2**20
"""The longest message is a request to decode every segment of a ten-hour file again."""


@dataclass(frozen=True, slots=True)
class Open:
    """Load a model. Answered by `Hello`."""

    job: int
    model: str
    device: str = "auto"
    dtype: str = "auto"
    type: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Hear a file. Answered by `Finished`; every segment comes on its own before that."""

    job: int
    path: str
    options: TranscribeOptions
    type: Literal["transcribe"] = "transcribe"


@dataclass(frozen=True, slots=True)
class Decode:
    """Hear some segments of a file again, ``routes[i]`` for ``segments[i]``."""

    job: int
    path: str
    segments: tuple[Segment, ...]
    routes: tuple[Route, ...]
    options: TranscribeOptions
    type: Literal["decode"] = "decode"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a job, also one that has not begun. It fails with `CancelledError`, or, where a part of
    it can be used, finishes with what is there."""

    job: int
    type: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Finish what runs, then end the process."""

    type: Literal["shutdown"] = "shutdown"


@dataclass(frozen=True, slots=True)
class Hello:
    """The model is loaded: which one, on which device ("cpu", "cuda:0"), and why on that one."""

    job: int
    model: str
    device: str
    reason: str
    type: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class Progressed:
    """How much audio is finished, s; ``total_s`` is None while the length is unknown."""

    job: int
    done_s: float
    total_s: float | None
    type: Literal["progressed"] = "progressed"


@dataclass(frozen=True, slots=True)
class SegmentReady:
    """A finished segment. ``index``: place within this job; segments may come out of order."""

    job: int
    index: int
    segment: Segment
    type: Literal["segment_ready"] = "segment_ready"


@dataclass(frozen=True, slots=True)
class NonSpeechFound:
    """A stretch that holds no speech and is not transcribed; in order of time."""

    job: int
    stretch: NonSpeech
    type: Literal["non_speech_found"] = "non_speech_found"


@dataclass(frozen=True, slots=True)
class Finished:
    """A job is done.

    ``transcript``, of a `Transcribe`: everything but the segments and the stretches without
    speech, which were sent before; ``complete`` is False when it was cancelled.
    """

    job: int
    transcript: Transcript | None = None
    type: Literal["finished"] = "finished"


@dataclass(frozen=True, slots=True)
class Failed:
    """A job is over without success. ``code``: class name of the error; see `engine.errors`."""

    job: int
    code: str
    what: str
    safe: str = ""
    remedy: str = ""
    details: str = ""
    type: Literal["failed"] = "failed"

    @classmethod
    def because(cls, job: int, error: WildscribeError, details: str = "") -> "Failed":
        """The message for an error."""
        return cls(job, error.code, error.what, error.safe, error.remedy, details)

    @property
    def error(self) -> WildscribeError:
        """The error as it was raised; of the base class when this side does not know its kind."""
        kind = getattr(errors, self.code, WildscribeError)
        known = isinstance(kind, type) and issubclass(kind, WildscribeError)
        return (kind if known else WildscribeError)(self.what, self.safe, self.remedy)


Job = Open | Transcribe | Decode
Request = Job | Cancel | Shutdown
Reply = Hello | Progressed | SegmentReady | NonSpeechFound | Finished | Failed
Message = Request | Reply

M = TypeVar("M")


def encode(message: Message) -> bytes:
    """One message as one frame.

    Raises:
        ProtocolError: it is longer than `MAX_FRAME_BYTES`.
    """
    payload = json.dumps(asdict(message), separators=(",", ":")).encode("ascii")
    _check_length(len(payload))
    return HEADER.pack(MAGIC, VERSION, len(payload)) + payload


class Decoder(Generic[M]):
    """Puts messages together from whatever pieces a pipe delivers.

    Args:
        expected: the messages that may come from the other end: `Request` or `Reply`.
    """

    def __init__(self, expected: Any) -> None:
        self._adapter: TypeAdapter[M] = _adapter(expected)
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[M]:
        """The messages that this piece completes; what is over waits for the next piece.

        Raises:
            ProtocolError: another version, a frame too long, or nonsense. Nothing that comes
                afterwards can be trusted: end the conversation.
        """
        self._buffer += piece
        while len(self._buffer) >= HEADER.size:
            length = _payload_length(bytes(self._buffer[: HEADER.size]))
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield self._parse(payload)

    def _parse(self, payload: bytes) -> M:
        try:
            return self._adapter.validate_python(json.loads(payload))
        except (ValueError, RecursionError, ValidationError, WildscribeError) as error:
            raise ProtocolError(
                "The window and the engine did not understand each other.",
                "Everything that was finished is kept.",
                "Try again; if it happens again, please report it.",
            ) from error


def _payload_length(header: bytes) -> int:
    magic, version, length = HEADER.unpack(header)
    if magic != MAGIC:
        raise ProtocolError(
            "Something that is no message came through the engine's pipe.",
            "Everything that was finished is kept.",
            "Try again; if it happens again, please report it.",
        )
    if version != VERSION:
        raise ProtocolError(
            f"The engine speaks version {version} of the protocol, the window version {VERSION}.",
            "Everything that was finished is kept.",
            "Install Wildscribe again, so that both parts have the same version.",
        )
    _check_length(length)
    return int(length)


def _check_length(length: int) -> None:
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(
            f"A message of {length} bytes is longer than the {MAX_FRAME_BYTES} allowed.",
            "Everything that was finished is kept.",
            "Choose fewer segments at a time.",
        )


@cache
def _adapter(expected: Any) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[expected, Field(discriminator="type")])
