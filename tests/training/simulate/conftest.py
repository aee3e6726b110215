from pathlib import Path

import pytest

from training.simulate.materials import FileMaterials
from training.simulate.rooms import RoomBank


@pytest.fixture(scope="session")
def bank() -> RoomBank:
    """A bank a sixth of the size: the same times and distances, further apart."""
    return RoomBank.made(size=(32, 10))


@pytest.fixture(scope="session")
def materials(bank: RoomBank) -> FileMaterials:
    """No files: textures only."""
    return FileMaterials(bank)


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the bank as it ships; whoever needs it first makes it."""
    return tmp_path_factory.mktemp("rooms")
