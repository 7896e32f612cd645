"""Heads to learn from, and a network read back from the export that is shipped."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import training.heads.examples
from cli.models import shipped_weights
from detectors.base import WeightsError
from detectors.head_network import BARE, HELMET
from detectors.heads import SIDE
from detectors.types import CLASSES
from training.detector.coco_start import start
from training.detector.shipped_start import fill_from_export
from training.heads.examples import MARGIN, Head, example, read_heads


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    for number, rows in enumerate((("head_bare", 0.5), ("head_helmet", 0.02)), start=1):
        cv2.imwrite(str(tmp_path / "images" / f"set-{number}.png"), picture)
        lines = [f"{CLASSES.index(rows[0])} {rows[1]} 0.5 0.1 0.2", f"{CLASSES.index('car')} 0.5 0.5 0.9 0.9"]
        (tmp_path / "labels" / f"set-{number}.txt").write_text("\n".join(lines) + "\n\n")
    cv2.imwrite(str(tmp_path / "images" / "set-3.png"), picture)
    (tmp_path / "labels" / "set-3.txt").write_text("\n")
    return tmp_path


def test_only_heads_are_cut_out_each_with_its_label_at_the_edge_too(labelled: Path) -> None:
    bare, helmet = read_heads(labelled)
    assert (bare.label, helmet.label) == (BARE, HELMET)
    for head in (bare, helmet):
        assert head.side == pytest.approx(40.0)
        assert head.image.shape[0] == head.image.shape[1] == round(40 * 1.8 * MARGIN)
    assert read_heads(labelled, "other") == []
    assert bare.group < helmet.group


def test_heads_that_the_labels_lack_are_added_to_their_picture_alone(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, end in (("images", "png"), ("labels", "txt")):
        (labelled / kind / f"set-3.{end}").rename(labelled / kind / f"helmets-th-3.{end}")
    added = tmp_path / "added.csv"
    added.write_text("picture,x1,y1,x2,y2,class\n3,100,50,120,80,head_bare\n4,0,0,9,9,head_bare\n")
    monkeypatch.setattr(training.heads.examples, "ADDED", added)
    (head,) = read_heads(labelled, "helmets-th")
    assert (head.label, head.side) == (BARE, 30.0)
    picture = cv2.imread(str(labelled / "images" / "helmets-th-3.png"))
    assert picture is not None
    middle = head.image.shape[0] // 2
    assert head.image[middle, middle].tolist() == picture[65, 110].tolist()
    assert len(read_heads(labelled)) == 3


@pytest.mark.parametrize("seed", range(20))
def test_an_example_is_a_square_that_the_network_takes_and_another_each_time(seed: int) -> None:
    image = np.random.default_rng(1).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    head = Head(image, 30.0, BARE, 0.5)
    first, again = (example(head, np.random.default_rng(seed)) for _ in range(2))
    assert first.shape == (SIDE, SIDE, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, example(head, np.random.default_rng(seed + 100)))


def test_the_network_read_back_from_the_export_says_what_the_export_says() -> None:
    import openvino

    export = shipped_weights()
    model = start(None)
    fill_from_export(model, export)
    model.eval()
    core = openvino.Core()
    compiled = core.compile_model(str(next(export.glob("*.xml"))), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    picture = np.random.default_rng(3).random((1, 3, 192, 320), np.float32)
    said = next(iter(compiled(picture).values()))
    with torch.inference_mode():
        out = model(torch.from_numpy(picture))
    ours = (out[0] if isinstance(out, tuple) else out).numpy()
    assert ours.shape == said.shape
    assert np.abs(ours[:, 4:] - said[:, 4:]).max() < 0.001
    assert np.abs(ours[:, :4] - said[:, :4]).max() < 0.5, "pixels"


def test_an_export_of_another_network_is_refused() -> None:
    with pytest.raises(WeightsError, match="of another network"):
        fill_from_export(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3)), shipped_weights())
