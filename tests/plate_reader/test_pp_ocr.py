"""The second reader: PP-OCR's eyes with our own last layer."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

import plate_reader.pp_ocr
from plate_reader.base import PlateReaderError
from plate_reader.beam import decode
from plate_reader.pp_ocr import HEAD, PpOcrRecogniser, backbone
from plate_reader.tnkb import weights_folder
from plate_reader.views import number_line
from training.plates.sheets import random_sheet
from training.plates.shots import shoot_plainly
from training.plates.typefaces import drawn

FACES = [drawn(0.1), drawn(0.13)]


@pytest.fixture(scope="module")
def reader() -> PpOcrRecogniser:
    return PpOcrRecogniser()


def plain(seed: int) -> tuple[np.ndarray, str]:
    rng = np.random.default_rng(seed)
    while True:
        sheet = random_sheet(rng, FACES, FACES)
        shot = shoot_plainly(sheet, rng)
        if sheet.shown == sheet.text:
            return number_line(cv2.cvtColor(shot.crop, cv2.COLOR_GRAY2BGR), shot.corners), sheet.text


def test_plates_in_plain_sight_are_read(reader: PpOcrRecogniser) -> None:
    lines = [plain(seed) for seed in range(40)]
    read = [decode(p)[:1] for p in reader.posteriors([line for line, _ in lines])]
    right = [bool(found) and found[0].text == text for found, (_, text) in zip(read, lines, strict=True)]
    assert np.mean(right) >= 0.85


@pytest.mark.parametrize("shape", [(48, 256, 3), (9, 21, 3), (30, 200), (300, 40, 3)])
def test_a_line_of_any_size_gives_probabilities(reader: PpOcrRecogniser, shape: tuple[int, ...]) -> None:
    line = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    (posterior,) = reader.posteriors([line])
    assert posterior.shape == (32, 37)
    assert posterior.min() >= 0
    assert posterior.sum(axis=1).max() <= 1 + 1e-6


def test_a_red_line_reads_as_its_grey_one(reader: PpOcrRecogniser) -> None:
    red = (plain(3)[0] * np.array([0.5, 0.45, 1.0])).astype(np.uint8)
    coloured, grey = reader.posteriors([red, cv2.cvtColor(red, cv2.COLOR_BGR2GRAY)])
    assert np.array_equal(coloured, grey)


def test_the_readers_hashes_name_both_networks(reader: PpOcrRecogniser) -> None:
    card = json.loads((weights_folder() / "plates.json").read_text(encoding="utf-8"))
    own = card["backbone"]
    assert reader.sha256_by_file == {HEAD: card["files"][HEAD], f"rapidocr/{own['file']}": own["sha256"]}


def test_no_lines_are_no_posteriors(reader: PpOcrRecogniser) -> None:
    assert reader.posteriors([]) == []


def test_several_threads_read_what_one_reads(reader: PpOcrRecogniser) -> None:
    lines = [plain(seed)[0] for seed in range(8)]
    alone = [reader.posteriors([line])[0] for line in lines]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda line: reader.posteriors([line])[0], lines * 3))
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(alone * 3, together, strict=True))


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"backbone": {"file": "PP-OCRv6_rec_small.onnx", "sha256": "0" * 64}}, "was taught on 0000"),
        ({"backbone": {"file": "absent.onnx", "sha256": "0" * 64}}, r"absent\.onnx"),
        ({"files": {}}, "'backbone'"),
    ],
)
def test_another_network_than_the_layer_was_taught_on_is_refused(
    tmp_path: Path, card: dict[str, object], words: str
) -> None:
    (tmp_path / "plates.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(PlateReaderError, match=words) as refused:
        backbone(tmp_path)
    assert "requirements.lock" in str(refused.value)


def test_a_network_without_the_layers_that_ours_reads_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plate_reader.pp_ocr, "_LOCAL", "Conv.999")
    with pytest.raises(PlateReaderError, match=r"Conv\.999.*requirements\.lock"):
        PpOcrRecogniser()


def test_an_altered_layer_is_refused(tmp_path: Path) -> None:
    for name in ("plates.json", HEAD):
        shutil.copy(weights_folder() / name, tmp_path / name)
    with (tmp_path / HEAD).open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(PlateReaderError, match=rf"{HEAD}: altered"):
        PpOcrRecogniser(folder=tmp_path)
