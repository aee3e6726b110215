import threading
from pathlib import Path

import numpy as np
import pytest

from engine.errors import StorageError
from training.simulate.effect import SAMPLE_RATE, Wave
from training.simulate.rooms import RoomBank, drr_db, nearest

SMALL = (3, 2)


def measured_rt60_s(response: Wave) -> float:
    """T30 (ISO 3382-1): the line through the energy decay from -5 to -35 dB."""
    energy = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    level_db = 10 * np.log10(energy / energy[0] + 1e-30)
    start, end = np.argmax(level_db < -5), np.argmax(level_db < -35)
    times_s = np.arange(start, end) / SAMPLE_RATE
    return float(-60 / np.polyfit(times_s, level_db[start:end], 1)[0])


def same(a: RoomBank, b: RoomBank) -> bool:
    waves = zip(a.responses, b.responses, strict=True)
    return a.rooms == b.rooms and all(np.array_equal(one, two) for one, two in waves)


@pytest.mark.parametrize("rt60_s", [0.15, 1.5])
def test_a_known_decay_is_measured(rt60_s: float) -> None:
    times_s = np.arange(round(2 * rt60_s * SAMPLE_RATE)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 1_000 * times_s) * 10 ** (-3 * times_s / rt60_s)
    assert measured_rt60_s(tone.astype(np.float32)) == pytest.approx(rt60_s, rel=0.01)


def test_every_room_of_the_bank_decays_as_it_says(rooms: Path) -> None:
    bank = RoomBank.cached(rooms)
    for room in bank.rooms:
        response = bank.response(room.number).copy()
        assert measured_rt60_s(response) == pytest.approx(room.rt60_s, rel=0.1), room
        response[0] = 0.0  # the room alone
        assert measured_rt60_s(response) == pytest.approx(room.rt60_s, rel=0.02), room


def test_the_first_sound_comes_at_once_with_gain_1(bank: RoomBank) -> None:
    for room in bank.rooms:
        response = bank.response(room.number)
        assert response[0] == 1.0
        assert len(response) == pytest.approx(room.rt60_s * SAMPLE_RATE, abs=1)
        assert room.drr_db == drr_db(response)


def test_no_room_lifts_what_does_not_vibrate(bank: RoomBank) -> None:
    """Image sources of one sign would add up to an offset a hundred times the sound."""
    sums = [abs(float(bank.response(room.number).sum())) for room in bank.rooms]
    assert max(sums) < 1.5


def test_the_bank_spans_times_and_distances(bank: RoomBank) -> None:
    for direct in (True, False):
        rooms = [room for room in bank.rooms if room.direct == direct]
        assert min(room.rt60_s for room in rooms) < 0.2
        assert max(room.rt60_s for room in rooms) > 1.3
        assert min(room.distance_m for room in rooms) < 0.7
        assert max(room.distance_m for room in rooms) > 10.0
    assert [room.number for room in bank.rooms] == list(range(len(bank.rooms)))


def test_the_direct_sound_weighs_more_from_nearby(bank: RoomBank) -> None:
    rooms = [room for room in bank.rooms if room.direct]
    critical = [np.log(room.distance_m**2 * room.rt60_s / room.volume_m3) for room in rooms]
    assert np.corrcoef(critical, [room.drr_db for room in rooms])[0, 1] < -0.8


def test_a_seed_makes_the_same_bank_and_another_makes_another() -> None:
    assert same(RoomBank.made(5, SMALL), RoomBank.made(5, SMALL))
    assert not same(RoomBank.made(5, SMALL), RoomBank.made(6, SMALL))


def test_making_a_bank_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())
    RoomBank.made(1, SMALL)
    assert capfd.readouterr() == ("", "")
    assert set(threading.enumerate()) == before


def test_the_file_holds_what_was_made(tmp_path: Path) -> None:
    made = RoomBank.cached(tmp_path / "new" / "folder", 5, SMALL)
    (file,) = (tmp_path / "new" / "folder").iterdir()
    written = file.stat().st_mtime_ns
    assert same(RoomBank.cached(tmp_path / "new" / "folder", 5, SMALL), made)
    assert file.stat().st_mtime_ns == written
    with pytest.raises(ValueError, match="read-only"):
        RoomBank.cached(file.parent, 5, SMALL).response(0)[0] = 2.0


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    made = RoomBank.cached(tmp_path, 5, SMALL)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (b"", b"no archive", whole[: len(whole) // 2], bytes(flipped)):
        file.write_bytes(damaged)
        assert same(RoomBank.cached(tmp_path, 5, SMALL), made)
        assert same(RoomBank.cached(tmp_path, 5, SMALL), made)
        assert list(tmp_path.iterdir()) == [file]


def test_numbers_that_were_exchanged_are_noticed(tmp_path: Path) -> None:
    made = RoomBank.cached(tmp_path, 5, SMALL)
    (file,) = tmp_path.iterdir()
    with np.load(file) as archive:
        arrays = dict(archive)
    arrays["rooms"][0, 1] = 9.0
    np.savez(file, **arrays)
    assert same(RoomBank.cached(tmp_path, 5, SMALL), made)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="room responses"):
        RoomBank.cached(tmp_path / "taken", 5, SMALL)


def test_the_nearest_room(bank: RoomBank) -> None:
    wanted = [r for r in bank.rooms if not r.direct][4]
    found = {
        nearest(
            bank.rooms,
            rt60_s=wanted.rt60_s,
            distance_m=wanted.distance_m,
            direct=False,
            rng=np.random.default_rng(n),
        )
        for n in range(30)
    }
    assert wanted in found
    assert 1 < len(found) <= 4
    assert not any(room.direct for room in found)
