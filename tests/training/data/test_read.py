"""Every kind of data that people have, made here and read back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from pyarrow import ipc, parquet

from engine.export.files import write
from engine.transcript import Segment, Transcript
from training.data import Example, Problem, ProblemKind, read
from training.data.example import HELD_OUT, NO_SPEECH, TRAIN, read_examples, write_examples


def tone(path: Path, hertz: float = 300.0, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.2 * np.sin(2 * np.pi * hertz * np.arange(int(16_000 * seconds)) / 16_000)
    soundfile.write(path, samples, 16_000)
    return path


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def one(path: Path, tmp_path: Path, language: str = "") -> Example:
    examples, problems = read([path], language, tmp_path / "unpacked")
    assert problems == []
    (example,) = examples
    return example


def problem(path: Path, tmp_path: Path, language: str = "") -> Problem:
    examples, problems = read([path], language, tmp_path / "unpacked")
    assert examples == []
    (found,) = problems
    return found


def test_a_folder_names_speakers_by_its_subfolders(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    tone(folder / "anna" / "1.wav")
    (folder / "anna" / "1.txt").write_text("Good\nmorning.\n", encoding="utf-8")
    example = one(folder, tmp_path, "en")
    assert (example.text, example.language, example.speaker) == ("Good morning.", "English", "anna")
    assert example.target == "language English<asr_text>Good morning."


def test_what_lacks_its_other_half_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    tone(folder / "1.wav")
    (folder / "2.txt").write_text("alone", encoding="utf-8")
    examples, problems = read([folder], "en", tmp_path / "unpacked")
    assert examples == []
    assert [p.kind for p in problems] == [ProblemKind.MISSING] * 2
    assert Path(problems[0].where).name == "1.wav"


def test_the_public_sft_record(tmp_path: Path) -> None:
    text = "language Chinese<asr_text>你好"
    path = jsonl(tmp_path / "sft.jsonl", {"audio": "a.wav", "text": text, "prompt": "Kettle"})
    example = one(path, tmp_path)
    assert (example.text, example.language, example.prompt) == ("你好", "Chinese", "Kettle")
    assert example.audio == tmp_path / "a.wav"
    assert example.target == text


def test_a_clip_without_speech_is_a_target_too(tmp_path: Path) -> None:
    row = {"audio": "a.wav", "text": "language None<asr_text>"}
    example = one(jsonl(tmp_path / "sft.jsonl", row), tmp_path)
    assert example.language == NO_SPEECH
    assert example.target == row["text"]


def test_the_benchmarks_record_says_its_language_in_the_subset(tmp_path: Path) -> None:
    row = {"audio_path": "a.wav", "answer": "Hello", "subset": "sim-en-noise", "wer": 0.4}
    example = one(jsonl(tmp_path / "bench.jsonl", row), tmp_path)
    assert (example.text, example.language, example.wer) == ("Hello", "English", 0.4)


def test_a_simulated_manifest_keeps_what_was_done(tmp_path: Path) -> None:
    row = {
        "audio": "a.wav", "text": "Hi", "language": "en", "speaker": "s1",
        "scenario": ["echo", "noise"], "severity": 0.25, "wer": None,
    }  # fmt: skip
    example = one(jsonl(tmp_path / "manifest.jsonl", row), tmp_path)
    assert (example.scenario, example.severity, example.wer) == ("echo+noise", 0.25, None)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('{"audio": "a.wav"}', ProblemKind.EMPTY),
        ('{"audio": "a.wav", "text": " ", "language": "en"}', ProblemKind.EMPTY),
        ('{"audio": "a.wav", "text": "Hi"}', ProblemKind.LANGUAGE),
        ('{"audio": "a.wav", "text": "Hi", "language": "Klingon"}', ProblemKind.LANGUAGE),
        ('{"text": "Hi", "language": "en"}', ProblemKind.MISSING),
        ('{"audio": "a.wav", "text": "Hi"', ProblemKind.UNREADABLE),
        ("[1, 2]", ProblemKind.UNREADABLE),
    ],
)
def test_a_line_that_makes_no_clip_is_named(tmp_path: Path, line: str, kind: ProblemKind) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("\n" + line + "\n", encoding="utf-8")
    found = problem(path, tmp_path)
    assert found.kind is kind
    assert found.where.endswith("line 2")


def test_a_region_makes_no_difference(tmp_path: Path) -> None:
    row = {"path": "a.wav", "sentence": "Bom dia", "locale": "pt-BR"}
    assert one(jsonl(tmp_path / "a.jsonl", row), tmp_path).language == "Portuguese"


def table(wav: Path) -> pa.Table:
    audio = {"bytes": wav.read_bytes(), "path": "was/1.wav"}
    row = {"audio": audio, "text": "Hi", "language": "en", "speaker_id": 7}
    return pa.Table.from_pylist([row])


def test_parquet_shards_are_unpacked_once(tmp_path: Path) -> None:
    wav = tone(tmp_path / "1.wav")
    shards = tmp_path / "shards"
    shards.mkdir()
    parquet.write_table(table(wav), shards / "train-0.parquet")
    example = one(shards, tmp_path)
    assert example.audio.read_bytes() == wav.read_bytes()
    assert example.speaker == "7"
    assert one(shards, tmp_path).audio == example.audio


def test_a_data_set_on_disk_brings_its_splits(tmp_path: Path) -> None:
    content = table(tone(tmp_path / "1.wav"))
    root = tmp_path / "set"
    for name in ("train", "test"):
        (root / name).mkdir(parents=True)
        with ipc.new_stream(root / name / "data-00000-of-00001.arrow", content.schema) as stream:
            stream.write_table(content)
    (root / "dataset_dict.json").write_text('{"splits": ["train", "test"]}', encoding="utf-8")
    examples, problems = read([root], "", tmp_path / "unpacked")
    assert problems == []
    assert [e.given_split for e in examples] == [TRAIN, HELD_OUT]


@pytest.mark.parametrize("name", ["x.parquet", "data/x.arrow"])
def test_a_damaged_table_is_listed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PAR1 but no more")
    (path.parent / "dataset_info.json").write_text("{}", encoding="utf-8")
    target = path if path.suffix == ".parquet" else path.parent
    assert problem(target, tmp_path).kind is ProblemKind.UNREADABLE


def test_a_table_that_breaks_off_gives_what_is_before(tmp_path: Path) -> None:
    content = pa.concat_tables([table(tone(tmp_path / "1.wav"))] * 64)  # read as one batch
    path = tmp_path / "x.parquet"
    with parquet.ParquetWriter(path, content.schema) as writer:
        for _ in range(2):
            writer.write_table(content)
    found = bytearray(path.read_bytes())
    start = parquet.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    found[start : start + 40] = b"\xff" * 40
    path.write_bytes(found)
    examples, (damaged,) = read([path], "", tmp_path / "unpacked")
    assert len(examples) == 64
    assert damaged.kind is ProblemKind.UNREADABLE


@pytest.mark.parametrize("content", ["{", "[]", '{"splits": ["train"]}'])
def test_a_data_set_that_is_not_all_there_is_listed(tmp_path: Path, content: str) -> None:
    root = tmp_path / "set"
    root.mkdir()
    (root / "dataset_dict.json").write_text(content, encoding="utf-8")
    kinds = {ProblemKind.UNREADABLE, ProblemKind.MISSING}
    assert problem(root, tmp_path).kind in kinds


def test_what_is_left_over_in_a_data_set_is_not_read(tmp_path: Path) -> None:
    content = table(tone(tmp_path / "1.wav"))
    root = tmp_path / "set"
    root.mkdir()
    (root / "dataset_info.json").write_text("{}", encoding="utf-8")
    for name in ("cache-0123.arrow", "data-00000-of-00001.arrow"):
        with ipc.new_stream(root / name, content.schema) as stream:
            stream.write_table(content)
    assert one(root, tmp_path).text == "Hi"
    (root / "state.json").write_text(
        '{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}', encoding="utf-8"
    )
    assert one(root, tmp_path).text == "Hi"


def test_other_files_do_not_hide_what_a_folder_holds(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "more").mkdir(parents=True)
    tone(folder / "1.wav")
    (folder / "1.txt").write_text("Hi", encoding="utf-8")
    (folder / "info.json").write_text("{}", encoding="utf-8")
    wav = tone(tmp_path / "2.wav")
    parquet.write_table(table(wav), folder / "more" / "x.parquet")
    examples, (info,) = read([folder], "en", tmp_path / "unpacked")
    assert len(examples) == 2
    assert info.where.endswith("info.json")


def test_two_recordings_may_share_their_words(tmp_path: Path) -> None:
    for name in ("1.wav", "1.flac"):
        tone(tmp_path / name)
    (tmp_path / "1.txt").write_text("Hi", encoding="utf-8")
    examples, problems = read([tmp_path], "en", tmp_path / "unpacked")
    assert ([e.audio.name for e in examples], problems) == (["1.flac", "1.wav"], [])


def test_marks_are_no_words(tmp_path: Path) -> None:
    row = {"audio": "a.wav", "text": "...", "language": "en"}
    assert problem(jsonl(tmp_path / "a.jsonl", row), tmp_path).kind is ProblemKind.EMPTY


def test_a_name_that_looks_like_a_home_is_only_a_name(tmp_path: Path) -> None:
    row = {"audio": "~nobody.wav", "text": "Hi", "language": "en"}
    assert one(jsonl(tmp_path / "a.jsonl", row), tmp_path).audio == tmp_path / "~nobody.wav"


def test_a_record_for_evaluation(tmp_path: Path) -> None:
    row = {"audio": "a.wav", "answer": "Hi", "language": "en"}
    example = one(jsonl(tmp_path / "a.jsonl", row), tmp_path)
    assert (example.text, example.audio) == ("Hi", tmp_path / "a.wav")


def corrected(recording: Path, where: Path) -> Path:
    heard = Segment(start_s=0.1, end_s=0.3, text="Good mourning", language="English")
    segments = (heard, replace(heard, start_s=0.3, end_s=0.5).rewritten("Good morning"))
    write(Transcript(source=str(recording), duration_s=0.5, segments=segments), where)
    return where


def test_only_what_a_person_wrote_is_learnt_from(tmp_path: Path) -> None:
    recording = tone(tmp_path / "meeting.wav")
    example = one(corrected(recording, tmp_path / "meeting.json"), tmp_path)
    assert (example.text, example.speaker) == ("Good morning", str(recording))
    whole, _ = soundfile.read(recording, dtype="float32")
    cut, _ = soundfile.read(example.audio, dtype="float32")
    np.testing.assert_array_equal(cut, whole[4800:8000])


def test_a_transcript_finds_its_recording_beside_it(tmp_path: Path) -> None:
    recording = tone(tmp_path / "meeting.wav")
    path = corrected(Path("/gone/meeting.wav"), tmp_path / "meeting.json")
    assert one(path, tmp_path).speaker == str(recording)
    recording.unlink()
    assert problem(path, tmp_path).kind is ProblemKind.MISSING


def test_examples_survive_their_file(tmp_path: Path) -> None:
    example = Example(tmp_path / "a.wav", "Grüß\u2028dich", "German", severity=0.5, split=TRAIN)
    write_examples(tmp_path / "data.jsonl", [example])
    assert read_examples(tmp_path / "data.jsonl") == [example]


@pytest.mark.parametrize(
    ("source", "speaker"),
    [
        ("anna/1.flac", "anna"),
        ("anna/chapter/1.flac", "anna"),
        ("1.flac", "1.flac"),
        ("/elsewhere/anna/1.flac", "/elsewhere/anna/1.flac"),
        ("https://example.org/speech", "https://example.org/speech"),
        ("C:/anna/1.flac", "C:/anna/1.flac"),
    ],
)
def test_degraded_clips_stay_with_who_spoke_the_clean_one(
    tmp_path: Path, source: str, speaker: str
) -> None:
    tone(tmp_path / "1.wav")
    row = {"audio": "1.wav", "text": "yes", "language": "en", "source": source}
    assert one(jsonl(tmp_path / "set.jsonl", row), tmp_path).speaker == speaker


def test_a_manifest_that_tells_of_speakers_is_believed(tmp_path: Path) -> None:
    rows = [
        {"audio": "1.wav", "text": "yes", "language": "en", "source": "clips/1.mp3", "speaker": who}
        for who in ("anna", "")
    ]
    examples, _ = read([jsonl(tmp_path / "set.jsonl", *rows)], "", tmp_path)
    assert [example.speaker for example in examples] == ["anna", "clips/1.mp3"]
