import numpy as np
import pytest

from nnactive.errors import UserError
from nnactive.nnunet.store import read_volume, volume_shape, write_volume
from nnactive.streams import stream


@pytest.mark.parametrize("shape", [(2, 9, 40, 33), (9, 40, 33), (1, 1, 1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_a_volume_is_read_back_as_written(tmp_path, shape, dtype):
    array = (100 * stream("tests", "store").normal(size=shape)).astype(dtype)
    write_volume(tmp_path / "folder" / "a.b2nd", array, (8, 16, 16))
    read = read_volume(tmp_path / "folder" / "a.b2nd")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, array)
    assert volume_shape(tmp_path / "folder" / "a.b2nd") == shape
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["a.b2nd"]


def test_blocks_and_chunks_are_nnunets(tmp_path):
    import blosc2
    from nnunetv2.training.dataloading.nnunet_dataset import comp_blosc2_params

    write_volume(tmp_path / "a.b2nd", np.zeros((1, 60, 90, 80), np.float32), (20, 30, 30))
    blocks, chunks = comp_blosc2_params((1, 60, 90, 80), (20, 30, 30), 4)
    stored = blosc2.open(str(tmp_path / "a.b2nd"), mode="r", mmap_mode="r")
    assert (stored.blocks, stored.chunks) == (blocks, chunks)


def test_a_failed_write_leaves_the_old_volume(tmp_path, monkeypatch):
    file = tmp_path / "a.b2nd"
    write_volume(file, np.ones((4, 4, 4), np.int16), (2, 2, 2))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nnactive.io.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_volume(file, np.zeros((4, 4, 4), np.int16), (2, 2, 2))
    assert read_volume(file).all()
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("length", [0, 40, -1])
def test_a_broken_volume_is_named(tmp_path, length):
    file = tmp_path / "a.b2nd"
    write_volume(file, np.ones((4, 4, 4), np.int16), (2, 2, 2))
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UserError, match=r"a\.b2nd: not a readable volume"):
        read_volume(file)


def test_a_missing_volume_is_named(tmp_path):
    with pytest.raises(UserError, match=r"a\.b2nd: no such file"):
        read_volume(tmp_path / "a.b2nd")
