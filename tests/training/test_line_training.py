"""What the second reader is taught on, and that what is taught is what runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from plate_reader.pp_ocr import FEATURES, LineHead, PpOcrFeatures, network_input
from plate_reader.tnkb import SIGNS
from training.plates.export import TAUGHT_SHARE, second_reader
from training.plates.lines import DrawnLines, LineExamples, LineReader, drawn_line, pp_ocr
from training.plates.taught_graph import TaughtGraph, taught
from training.plates.typefaces import drawn

FACES = ([drawn(0.1)], [drawn(0.12)])


def examples(plates: int, first: int = 0) -> LineExamples:
    seen = np.arange(plates, dtype=np.float16)[:, None, None] * np.ones((1, 2, FEATURES), np.float16)
    return LineExamples(seen, [f"B{n}A" for n in range(plates)], first, 1 << 40)


def test_each_round_shows_every_plate_once_in_another_order() -> None:
    rounds = [[float(examples(9)[n + 9 * k][0][0, 0]) for n in range(9)] for k in range(3)]
    assert [sorted(seen) for seen in rounds] == [[float(n) for n in range(9)]] * 3
    assert len({tuple(seen) for seen in rounds}) == 3


def test_a_run_that_goes_on_sees_what_it_would_have_seen() -> None:
    whole, later = examples(9), examples(9, first=13)
    assert [float(whole[13 + n][0][0, 0]) for n in range(9)] == [float(later[n][0][0, 0]) for n in range(9)]


def test_a_plates_text_goes_with_what_was_seen_of_it() -> None:
    for n in range(30):
        seen, target, length = examples(30)[n]
        text = "".join(SIGNS[int(t) - 1] for t in target[:length])
        assert text == f"B{int(seen[0, 0])}A"
        assert not torch.any(target[length:])


@pytest.mark.parametrize("number", [0, 7])
def test_a_plate_is_drawn_from_its_number(number: int) -> None:
    (one, text), (again, same) = drawn_line(number, FACES), drawn_line(number, FACES)
    assert (one.shape, text) == ((48, 256), same)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, drawn_line(number + 1, FACES)[0])


def test_lines_of_the_whole_network_are_drawn_anew_and_go_on_where_they_stopped() -> None:
    whole, later = DrawnLines(FACES, 0, 1 << 40), DrawnLines(FACES, 5, 1 << 40)
    assert torch.equal(whole[7][0], later[2][0]) and torch.equal(whole[7][1], later[2][1])
    assert whole[0][0].shape == (3, 48, 256)
    line, _ = drawn_line(0, FACES)
    assert not np.allclose(whole[0][0][0], line / 127.5 - 1), "the layer alone was taught on that one"


@pytest.fixture(scope="module")
def eye() -> TaughtGraph:
    return TaughtGraph(pp_ocr(), (2, 3, 48, 256))


def test_the_network_that_is_taught_sees_what_pp_ocr_sees(eye: TaughtGraph) -> None:
    lines = [drawn_line(n, FACES)[0] for n in range(2)]
    with torch.inference_mode():
        seen, local = eye(torch.from_numpy(np.stack([network_input(line) for line in lines])))
    found = np.concatenate([seen.numpy(), local.flatten(2).transpose(1, 2).numpy()], axis=2)
    assert np.abs(PpOcrFeatures(pp_ocr()).of(lines) - found).max() < 1e-3


def test_what_was_taught_is_put_back_whole(eye: TaughtGraph) -> None:
    rng = torch.Generator().manual_seed(1)
    state = {
        name: value * (1 + 0.05 * torch.rand(value.shape, generator=rng)) if value.numel() > 1 else value
        for name, value in eye.state_dict().items()
    }
    other = TaughtGraph(pp_ocr(), (2, 3, 48, 256))
    other.load_state_dict(state)
    lines = [drawn_line(n, FACES)[0] for n in range(2)]
    with torch.inference_mode():
        seen, _ = other(torch.from_numpy(np.stack([network_input(line) for line in lines])))
    run = PpOcrFeatures(taught(pp_ocr(), state)).of(lines)
    assert np.abs(run[:, :, : seen.shape[2]] - seen.numpy()).max() < 1e-2
    assert np.abs(run - PpOcrFeatures(pp_ocr()).of(lines)).max() > 0.1
    with pytest.raises(KeyError, match="nowhere"):
        taught(pp_ocr(), {**state, "nowhere": torch.zeros(3)})


def test_every_weight_gets_its_share_of_a_mistake(eye: TaughtGraph) -> None:
    eye.zero_grad()
    seen, local = eye(torch.rand(2, 3, 48, 256))
    (seen.square().mean() + local.square().mean()).backward()
    dull = [n for n, p in eye.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert not dull


def test_an_operation_that_cannot_be_taught_is_named() -> None:
    given = openvino.opset13.parameter([1, 3], np.float32, name="given")
    graph = openvino.Model([openvino.opset13.cosh(given)], [given])
    with pytest.raises(NotImplementedError, match="Cosh cannot be taught"):
        TaughtGraph(graph, (1, 3))


def test_another_pp_ocr_than_ours_was_made_from_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PP-OCRv6_rec_small.onnx").write_bytes(b"another")
    with pytest.raises(ValueError, match=r"requirements\.lock"):
        pp_ocr(tmp_path)


def test_the_reader_that_ships_is_between_what_it_knew_and_what_it_was_taught(tmp_path: Path) -> None:
    torch.manual_seed(3)
    layer = LineHead()
    torch.save({"averaged": layer.state_dict()}, tmp_path / "lines.ckpt")
    before = LineReader(layer).state_dict()
    torch.save({"averaged": {k: v + 1 for k, v in before.items()}}, tmp_path / "whole.ckpt")
    ships = second_reader(tmp_path).state_dict()
    assert all(
        torch.allclose(ships[k] - v, torch.full_like(v, TAUGHT_SHARE), atol=1e-4) for k, v in before.items()
    )
