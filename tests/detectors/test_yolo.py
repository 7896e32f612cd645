"""The detector: weights that are checked before they are opened, and boxes in the picture's own pixels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from detectors.base import WeightsError
from detectors.types import CLASSES, Detection
from detectors.weights_card import card_path, check_weights, read_card, sha256_of
from detectors.yolo import COCO_CLASSES, YoloDetector, available_cores, merged, pyramid


def write_card(folder: Path, classes: tuple[str, ...] = CLASSES) -> None:
    files = {f"{folder.name}/{p.name}": sha256_of(p) for p in folder.iterdir()}
    card_path(folder).write_text(json.dumps({"files": files, "classes": classes}), encoding="utf-8")


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    folder = tmp_path / "road_openvino_model"
    folder.mkdir()
    for name in ("road.xml", "road.bin", "metadata.yaml"):
        (folder / name).write_text(name, encoding="utf-8")
    write_card(folder)
    return folder


def refusal(weights: Path, sha256: str | None = None) -> str:
    with pytest.raises(WeightsError) as error:
        YoloDetector(weights, sha256=sha256)
    return str(error.value)


def test_the_card_of_an_export_lies_beside_it() -> None:
    assert card_path(Path("w/road_openvino_model")) == Path("w/road.json")
    assert card_path(Path("w/road.pt")) == Path("w/road.json")


def test_weights_as_their_card_says_pass(fake: Path) -> None:
    assert set(check_weights(fake, read_card(card_path(fake)))) == {"road.xml", "road.bin", "metadata.yaml"}


@pytest.mark.parametrize("name", ["road.xml", "road.bin", "metadata.yaml"])
def test_an_altered_file_is_refused_by_name(fake: Path, name: str) -> None:
    (fake / name).write_text("altered", encoding="utf-8")
    assert name in refusal(fake) and "altered" in refusal(fake)


def test_a_file_that_is_not_on_the_card_is_refused_by_name(fake: Path) -> None:
    (fake / "extra.py").write_text("x", encoding="utf-8")
    assert "extra.py: not on the card" in refusal(fake)


def test_a_missing_file_is_refused_by_name(fake: Path) -> None:
    (fake / "metadata.yaml").unlink()
    assert "metadata.yaml: missing" in refusal(fake)


def test_weights_that_are_not_there_or_have_no_card_are_refused(fake: Path, tmp_path: Path) -> None:
    assert "road.json: cannot read" in refusal(tmp_path / "elsewhere" / "road_openvino_model")
    card_path(fake).unlink()
    assert "road.json: cannot read" in refusal(fake)


def test_a_single_file_is_checked_against_the_hash_given(tmp_path: Path) -> None:
    weights = tmp_path / "yolo.pt"
    weights.write_bytes(b"not a model")
    assert "yolo.pt: altered" in refusal(weights, sha256="0" * 64)


def test_the_coco_names_are_ours() -> None:
    assert set(COCO_CLASSES.values()) <= set(CLASSES)


def test_at_least_one_core_is_used() -> None:
    assert available_cores() >= 1


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of an untrained network of the shipped kind, small and of fixed shape."""
    import torch
    import ultralytics
    from ultralytics import YOLO

    torch.manual_seed(0)
    at = tmp_path_factory.mktemp("export")
    config = yaml.safe_load((Path(ultralytics.__file__).parent / "cfg/models/11/yolo11.yaml").read_text())
    (at / "yolo11n.yaml").write_text(yaml.safe_dump(config | {"nc": len(CLASSES), "scale": "n"}))
    model = YOLO(str(at / "yolo11n.yaml"))
    model.model.names = dict(enumerate(CLASSES))
    with pytest.MonkeyPatch.context() as patched:
        # An export lies in the folder that the process works in, which test workers share.
        patched.chdir(at)
        made = Path(model.export(format="openvino", imgsz=(192, 320), verbose=False)).resolve()
    folder = at / "road_openvino_model"
    shutil.move(str(made), folder)
    write_card(folder)
    return folder


@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (360, 640)])
def test_boxes_come_in_the_pixels_of_the_picture_given(export: Path, size: tuple[int, int]) -> None:
    detector = YoloDetector(export, image_size=320, confidence=1e-6)
    found = detector.detect(np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8))
    assert found, "an untrained network at no threshold finds something everywhere"
    boxes = np.array([d.box_xyxy for d in found])
    assert boxes.min() >= 0 and boxes[:, 2].max() <= size[1] and boxes[:, 3].max() <= size[0]
    assert boxes[:, 2].max() > 0.9 * size[1] and boxes[:, 3].max() > 0.9 * size[0]
    assert {d.label for d in found} <= set(CLASSES)
    assert [d.confidence for d in found] == sorted((d.confidence for d in found), reverse=True)


def test_a_network_with_other_classes_than_its_card_is_refused(export: Path, tmp_path: Path) -> None:
    copy = tmp_path / "road_openvino_model"
    shutil.copytree(export, copy)
    write_card(copy, classes=("car", "plate"))
    with pytest.raises(WeightsError, match="its card says"):
        YoloDetector(copy, image_size=320).detect(np.zeros((192, 320, 3), np.uint8))


def test_a_card_may_map_a_networks_class_names_to_ours(export: Path, tmp_path: Path) -> None:
    copy = tmp_path / "coco_openvino_model"
    shutil.copytree(export, copy)
    files = {p.name: sha256_of(p) for p in copy.iterdir()}
    names = dict.fromkeys(CLASSES, "person")
    card_path(copy).write_text(json.dumps({"files": files, "class_names": names}), encoding="utf-8")
    detector = YoloDetector(copy, image_size=320, confidence=1e-6)
    found = detector.detect(np.random.default_rng(0).integers(0, 255, (192, 320, 3), np.uint8))
    assert {d.label for d in found} == {"person"}


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((416, 416), [416]),
        ((100, 60), [416]),
        ((720, 1281), [1312, 640]),
        ((1080, 1920), [1920, 960, 640]),
        ((9000, 4000), [1920, 960, 640]),
    ],
)
def test_without_a_size_a_picture_is_looked_at_as_it_is_and_smaller(
    shape: tuple[int, int], sizes: list[int]
) -> None:
    assert pyramid(np.zeros((*shape, 3), np.uint8)) == sizes


def test_of_one_thing_found_at_several_sizes_the_surest_box_stays() -> None:
    near = Detection("car", 0.6, (0.0, 0.0, 100.0, 100.0))
    again = Detection("car", 0.8, (2.0, 2.0, 100.0, 100.0))
    other = Detection("truck", 0.7, (2.0, 2.0, 100.0, 100.0))
    assert merged([near, again, other]) == [again, other]
    assert merged([]) == []


def test_a_picture_that_is_none_is_refused(export: Path) -> None:
    with pytest.raises(ValueError, match="uint8 BGR"):
        YoloDetector(export, image_size=320).detect(np.zeros((0, 0, 3), np.uint8))
