"""The second reader: PP-OCR's eyes with our own last layer."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from plate_reader.base import PlateReaderError
from plate_reader.beam import decode
from plate_reader.pp_ocr import GRAPH, HEAD, PpOcrRecogniser
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


def test_the_readers_hashes_name_every_file_of_it(reader: PpOcrRecogniser) -> None:
    card = json.loads((weights_folder() / "plates.json").read_text(encoding="utf-8"))
    assert reader.sha256_by_file == {name: card["files"][name] for name in (HEAD, *GRAPH)}


def test_no_lines_are_no_posteriors(reader: PpOcrRecogniser) -> None:
    assert reader.posteriors([]) == []


def test_several_threads_read_what_one_reads(reader: PpOcrRecogniser) -> None:
    lines = [plain(seed)[0] for seed in range(8)]
    alone = [reader.posteriors([line])[0] for line in lines]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda line: reader.posteriors([line])[0], lines * 3))
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(alone * 3, together, strict=True))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in ("plates.json", HEAD, *GRAPH):
        shutil.copy(weights_folder() / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", [HEAD, *GRAPH])
def test_an_altered_or_missing_file_is_refused(copied: Path, name: str) -> None:
    with (copied / name).open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(PlateReaderError, match=rf"{name}: altered"):
        PpOcrRecogniser(folder=copied)
    (copied / name).unlink()
    with pytest.raises(PlateReaderError, match=rf"cannot be read.*{name}"):
        PpOcrRecogniser(folder=copied)


def listed(folder: Path, name: str) -> None:
    """List a file as it now is."""
    card = json.loads((folder / "plates.json").read_text(encoding="utf-8"))
    card["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "plates.json").write_text(json.dumps(card), encoding="utf-8")


def test_a_listed_graph_that_is_none_is_an_error(copied: Path) -> None:
    (copied / GRAPH[0]).write_text("<no graph/>", encoding="utf-8")
    listed(copied, GRAPH[0])
    with pytest.raises(PlateReaderError, match=rf"{GRAPH[0]}\) cannot be run"):
        PpOcrRecogniser(folder=copied)


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps([1, 2])])
def test_a_listed_file_that_holds_no_layer_is_an_error(copied: Path, content: bytes) -> None:
    (copied / HEAD).write_bytes(content)
    listed(copied, HEAD)
    with pytest.raises(PlateReaderError, match=rf"{HEAD}, .* cannot be run"):
        PpOcrRecogniser(folder=copied)


def test_a_listed_layer_of_another_network_is_an_error(copied: Path) -> None:
    torch.save({"other": torch.zeros(3)}, copied / HEAD)
    listed(copied, HEAD)
    with pytest.raises(PlateReaderError, match=rf"{HEAD}, .* cannot be run"):
        PpOcrRecogniser(folder=copied)
