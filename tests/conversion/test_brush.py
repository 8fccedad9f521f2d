import numpy as np
import pytest

from seco.conversion.brush import encode_brush


def decode(data: list[int]) -> list[int]:
    """Decode bit by bit, as Label Studio's JavaScript does."""
    text, place = "".join(f"{byte:08b}" for byte in data), 0

    def read(bits: int) -> int:
        nonlocal place
        place += bits
        return int(text[place - bits : place], 2)

    count, word = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < count:
        is_run = read(1)
        length = read(sizes[read(2)]) + 1
        values += [read(word)] * length if is_run else [read(word) for _ in range(length)]
    assert len(text) - place < 8
    assert len(values) == count
    return values


@pytest.mark.parametrize(
    "mask",
    [
        np.ones((1, 1), bool),
        np.zeros((3, 5), bool),
        np.random.default_rng(0).random((23, 31)) < 0.5,
        np.tri(64, 70, dtype=bool),
        np.ones((150, 150), bool),  # 90 000 values: more than the longest run
        np.ones((128, 128), bool),  # 65 536: just the longest run
        np.ones((128, 256), bool),  # twice that
    ],
)
def test_the_pixels_are_white_and_the_others_clear(mask: np.ndarray) -> None:
    assert decode(encode_brush(mask)) == np.repeat(np.where(mask, 255, 0), 4).tolist()


def test_the_stream_of_two_pixels() -> None:
    # 8 values of 8 bits, lengths of 3, 4, 8 or 16 bits; four times 0, four times 255 (both of size 0: 3 bits).
    bits = f"{8:032b}" + "00111" + "0010" + "0011" + "0111" + "1111" + "1" + "00" + "011" + "0" * 8 + "1" + "00" + "011"
    bits += "1" * 8
    bits += "0" * (-len(bits) % 8)
    assert encode_brush(np.array([[False, True]])) == [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def test_blocks_of_runs_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.random.default_rng(1).random((9, 9)) < 0.5
    whole = encode_brush(mask)
    monkeypatch.setattr("seco.conversion.brush._BLOCK", 5)
    assert encode_brush(mask) == whole
