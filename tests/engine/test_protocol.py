"""The protocol: whatever is sent arrives, and nonsense is refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineDiedError, OutOfMemoryError, ProtocolError, WildscribeError
from engine.options import TranscribeOptions
from engine.protocol import (
    HEADER,
    MAGIC,
    MAX_FRAME_BYTES,
    VERSION,
    Cancel,
    Decode,
    Decoder,
    Failed,
    Finished,
    Hello,
    Message,
    NonSpeechFound,
    Open,
    Progressed,
    Reply,
    Request,
    SegmentReady,
    Shutdown,
    Transcribe,
    encode,
)
from engine.transcript import Decoding, NonSpeech, Route, Segment, Transcript

# Lone surrogates, too: Python puts them into paths that are no valid UTF-8.
TEXT = st.text(st.characters(), max_size=20)
FLOAT = st.floats(allow_nan=False)
OPTIONS = st.builds(
    TranscribeOptions,
    threshold=st.floats(0, 1),
    start_s=st.floats(0, 1e6),
    max_segment_s=st.floats(1, 30),
    context=TEXT,
)
DECODINGS = st.lists(st.builds(Decoding, text=TEXT, confidence=FLOAT), max_size=2).map(tuple)
SEGMENTS = st.builds(
    Segment,
    start_s=FLOAT,
    end_s=FLOAT,
    text=TEXT,
    degraded_probability=st.none() | FLOAT,
    confidence=FLOAT,
    alternatives=DECODINGS,
)
STRETCHES = st.builds(NonSpeech, start_s=FLOAT, end_s=FLOAT)
TRANSCRIPTS = st.builds(
    Transcript,
    duration_s=FLOAT,
    threshold=FLOAT,
    segments=st.lists(SEGMENTS, max_size=2).map(tuple),
    non_speech=st.lists(STRETCHES, max_size=2).map(tuple),
)
REQUESTS = st.one_of(
    st.builds(Open),
    st.builds(Transcribe, path=TEXT, options=OPTIONS),
    st.builds(Decode, segments=st.lists(SEGMENTS, max_size=2).map(tuple), options=OPTIONS),
    st.builds(Cancel),
    st.builds(Shutdown),
)
REPLIES = st.one_of(
    st.builds(Hello),
    st.builds(Progressed, done_s=FLOAT, total_s=st.none() | FLOAT),
    st.builds(SegmentReady, segment=SEGMENTS),
    st.builds(NonSpeechFound, stretch=STRETCHES),
    st.builds(Finished, transcript=st.none() | TRANSCRIPTS),
    st.builds(Failed, what=TEXT),
)


@given(st.lists(REQUESTS, max_size=4), st.integers(1, 50))
def test_requests_arrive_whole_in_whatever_pieces(sent: list[Message], size: int) -> None:
    assert _through(sent, size, Request) == sent


@given(st.lists(REPLIES, max_size=4), st.integers(1, 50))
def test_replies_arrive_whole_in_whatever_pieces(sent: list[Message], size: int) -> None:
    assert _through(sent, size, Reply) == sent


def _through(sent: list[Message], size: int, expected: object) -> list[Message]:
    wire = b"".join(map(encode, sent))
    decoder: Decoder[Message] = Decoder(expected)
    pieces = (wire[at : at + size] for at in range(0, len(wire), size))
    return [message for piece in pieces for message in decoder.feed(piece)]


@given(st.binary(min_size=HEADER.size))
def test_garbage_is_refused(garbage: bytes) -> None:
    if garbage.startswith(MAGIC):
        return
    with pytest.raises(ProtocolError):
        list(Decoder(Reply).feed(garbage))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_that_is_no_message_is_refused(value: object) -> None:
    with pytest.raises(ProtocolError):
        list(Decoder(Reply).feed(_frame(json.dumps(value).encode())))


@pytest.mark.parametrize(
    "payload", [b"", b"\xff\xfe", b"{" * 100_000, b'{"type":"cancel"}', b'{"type":"hello","job":1}']
)
def test_broken_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Decoder(Request).feed(_frame(payload)))


def test_values_out_of_range_are_refused() -> None:
    wire = encode(Transcribe(1, "a.wav", TranscribeOptions(threshold=0.25)))
    with pytest.raises(ProtocolError):
        list(Decoder(Request).feed(wire.replace(b"0.25", b"7.25")))


def test_another_version_is_named() -> None:
    with pytest.raises(ProtocolError, match=f"version {VERSION + 1} .* version {VERSION}"):
        list(Decoder(Reply).feed(HEADER.pack(MAGIC, VERSION + 1, 0)))


def test_a_frame_too_long_is_refused_before_it_arrives_and_before_it_is_sent() -> None:
    with pytest.raises(ProtocolError, match="longer"):
        list(Decoder(Reply).feed(HEADER.pack(MAGIC, VERSION, MAX_FRAME_BYTES + 1)))
    segment = Segment(0.0, 1.0, text="a" * MAX_FRAME_BYTES)
    with pytest.raises(ProtocolError, match="longer"):
        encode(SegmentReady(1, 0, segment))


def test_every_segment_of_ten_hours_fits_into_one_frame() -> None:
    segment = Segment(0.123456789, 20.0, text="word " * 60, degraded_probability=0.123456789)
    segments = tuple(replace(segment, start_s=i * 1.8) for i in range(20_000))
    request = Decode(1, "a.wav", segments, (Route.ROBUST,) * 20_000, TranscribeOptions())
    assert len(encode(request)) < MAX_FRAME_BYTES


@pytest.mark.parametrize("kind", [OutOfMemoryError, EngineDiedError])
def test_an_error_arrives_as_it_was_raised(kind: type[WildscribeError]) -> None:
    error = Failed.because(3, kind("what", "safe", "remedy"), "details").error
    assert type(error) is kind
    assert (error.what, error.safe, error.remedy) == ("what", "safe", "remedy")


@pytest.mark.parametrize("code", ["NewerError", "ClassVar", "Decoder"])
def test_an_error_of_a_kind_unknown_here_is_still_an_error(code: str) -> None:
    assert type(Failed(3, code, "what").error) is WildscribeError


def _frame(payload: bytes) -> bytes:
    return HEADER.pack(MAGIC, VERSION, len(payload)) + payload
