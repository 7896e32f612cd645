"""An OpenVINO graph as a network that torch can teach, and the taught numbers put back into the graph.

PP-OCR's network comes as a file for running only. Here each of its operations is torch's of the same name, and each of
its constants of more than one number is a parameter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from openvino.passes import ConstantFolding, Manager
from torch import Tensor, nn
from torch.nn import functional

# The first input of each is the data, the others are constants where torch wants plain numbers.
_LISTS = {"ReduceMean": (1,), "Transpose": (1,), "Squeeze": (1,), "Reshape": (1,), "Slice": (1, 2, 3, 4)}
_FIXED = {"BatchNormInference": (3, 4), "HardSigmoid": (1, 2)}


@dataclass(frozen=True)
class _Step:
    """One operation: what it makes, of what, by their names."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    run: Callable[..., Any]


class TaughtGraph(nn.Module):  # type: ignore[misc]
    """A graph's operations in torch, for one shape of input."""

    def __init__(self, graph: Any, shape: tuple[int, ...]) -> None:
        """Copy a graph.

        Args:
            graph: an ``openvino.Model``; it is left as it is.
            shape: of its one input, the batch first; fixed, so that every shape within is known.

        Raises:
            NotImplementedError: an operation has no counterpart here.
        """
        super().__init__()
        graph = folded(graph)
        graph.reshape(list(shape))
        graph = folded(graph)
        self._lists: dict[str, list[int]] = {}
        self._results = [one.input_value(0).get_node().get_friendly_name() for one in graph.get_results()]
        self._input = graph.get_parameters()[0].get_friendly_name()
        self._keys = _keys(graph)
        steps: list[_Step] = []
        for node in graph.get_ordered_ops():
            kind, name = node.get_type_name(), node.get_friendly_name()
            inputs = tuple(port.get_source_output().get_node().get_friendly_name() for port in node.inputs())
            if kind == "Constant":
                self._keep(name, np.array(node.get_data()))
            elif kind in ("Parameter", "Result"):
                continue
            elif all(one in self._lists for one in inputs):
                self._lists[name] = _reckoned(kind, [self._lists[one] for one in inputs])
            elif kind not in _OPERATIONS:
                raise NotImplementedError(f"{name}: the operation {kind} cannot be taught here")
            else:
                for i in _FIXED.get(kind, ()):
                    getattr(self, self._keys[inputs[i]]).requires_grad_(requires_grad=False)
                steps.append(_Step(kind, name, inputs, _OPERATIONS[kind](node.get_attributes())))
        self._steps = _joined(steps, self._results)

    def _keep(self, name: str, value: NDArray[Any]) -> None:
        if value.dtype.kind == "i":
            self._lists[name] = [int(n) for n in value.ravel()]
            return
        numbers = torch.from_numpy(value.astype(np.float32))
        # A grouped convolution's (groups, 1, 1, h, w) as torch has it.
        numbers = numbers.flatten(0, 1) if numbers.ndim == 5 else numbers
        if numbers.numel() > 1:
            self.register_parameter(self._keys[name], nn.Parameter(numbers))
        else:
            self.register_buffer(self._keys[name], numbers)

    def forward(self, given: Tensor) -> list[Tensor]:
        """Give the graph's outputs for an input of the shape that it was made for."""
        known: dict[str, Any] = {self._input: given}
        for step in self._steps:
            lists = _LISTS.get(step.kind, ())
            values = [
                self._lists[one]
                if i in lists
                else known[one]
                if one in known
                else getattr(self, self._keys[one])
                for i, one in enumerate(step.inputs)
            ]
            known[step.name] = step.run(*values)
        return [known[name] for name in self._results]


def _joined(steps: list[_Step], results: Sequence[str]) -> list[_Step]:
    """Put a GELU's five operations together, and a convolution with its bias: twice as fast to teach."""
    made = {step.name: step for step in steps}
    asked = Counter(one for step in steps for one in step.inputs) + Counter(results)
    gone: set[str] = set()
    for step in steps:
        first = made.get(step.inputs[0])
        if first is None:
            continue
        if step.kind == "Multiply" and (parts := _gelu_parts(first, made)):
            made[step.name] = _Step("Gelu", step.name, (first.inputs[0],), functional.gelu)
            gone |= parts
        alone = asked[first.name] == 1 and step.inputs[-1] not in made
        if step.kind == "Add" and first.kind.endswith("Convolution") and alone:
            made[step.name] = _Step(first.kind, step.name, (*first.inputs, step.inputs[1]), first.run)
            gone.add(first.name)
    return [made[step.name] for step in steps if step.name not in gone]


def _gelu_parts(product: _Step, made: Mapping[str, _Step]) -> set[str]:
    """Give the four operations of x·(1 + erf(x/√2)) that end in ``product``; nothing where it is another formula."""
    parts = {product.name}
    at = made.get(product.inputs[1]) if product.kind == "Multiply" else None
    for kind in ("Add", "Erf", "Divide"):
        if at is None or at.kind != kind:
            return set()
        parts.add(at.name)
        below, at = at.inputs[0], made.get(at.inputs[0])
    return parts if below == product.inputs[0] else set()


def folded(graph: Any) -> Any:
    """Give a copy of a graph in which what follows from constants alone is a constant."""
    graph = graph.clone()
    folding = Manager()
    folding.register_pass(ConstantFolding())
    folding.run_passes(graph)
    return graph


def taught(graph: Any, state: dict[str, Tensor]) -> Any:
    """Give a copy of ``graph``, for inputs of any batch, that holds the numbers of a `TaughtGraph`'s ``state``.

    Raises:
        KeyError: a number of the state has no place in the graph.
    """
    graph = folded(graph)
    missing, keys = {name for name, value in state.items() if value.numel() > 1}, _keys(graph)
    for node in graph.get_ordered_ops():
        name = keys.get(node.get_friendly_name())
        if name not in missing:
            continue
        old = node.output(0)
        new = openvino.opset13.constant(state[name].detach().float().numpy().reshape(tuple(old.shape)))
        for target in old.get_target_inputs():
            target.replace_source_output(new.output(0))
        missing.remove(name)
    if missing:
        raise KeyError(f"the graph has no constants named {', '.join(sorted(missing))}")
    return graph


def _reckoned(kind: str, given: list[list[int]]) -> list[int]:
    """Reckon with the shapes that the folding leaves over."""
    if kind == "Concat":
        return [number for one in given for number in one]
    if kind == "Slice":
        first, stop, step = (one[0] for one in given[1:4])
        return given[0][first:stop:step]
    return given[0]


def _keys(graph: Any) -> dict[str, str]:
    """Give each constant's name in this copy of a graph with one for the same place in every copy: OpenVINO numbers
    some of them anew each time."""
    keys: dict[str, str] = {}
    for node in graph.get_ordered_ops():
        for i, port in enumerate(node.inputs()):
            source = port.get_source_output().get_node()
            if source.get_type_name() == "Constant":
                place = f"{node.get_friendly_name()}_{i}".replace(".", "_").replace("/", "_")
                keys.setdefault(source.get_friendly_name(), place)
    return keys


def _padded(attributes: dict[str, Any], value: float = 0.0) -> tuple[Callable[[Tensor], Tensor], Any]:
    begin, end = attributes["pads_begin"], attributes["pads_end"]
    if list(begin) == list(end):
        return (lambda x: x), tuple(begin)
    sides = [n for pair in zip(reversed(begin), reversed(end), strict=True) for n in pair]
    return (lambda x: functional.pad(x, sides, value=value)), 0


def _convolution(a: dict[str, Any]) -> Callable[..., Tensor]:
    pad, padding = _padded(a)
    stride, dilation = tuple(a["strides"]), tuple(a["dilations"])

    def convolve(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
        x = pad(x)
        groups = x.shape[1] // weights.shape[1]
        bias = None if bias is None else bias.flatten()
        return functional.conv2d(x, weights, bias, stride, padding, dilation, groups)

    return convolve


def _max_pool(a: dict[str, Any]) -> Callable[..., Tensor]:
    pad, padding = _padded(a, float("-inf"))
    return lambda x: functional.max_pool2d(pad(x), tuple(a["kernel"]), tuple(a["strides"]), padding)


def _reduce_mean(a: dict[str, Any]) -> Callable[..., Tensor]:
    return lambda x, axes: x.mean(axes, keepdim=a["keep_dims"])


def _mat_mul(a: dict[str, Any]) -> Callable[..., Tensor]:
    return lambda x, y: x @ (y.transpose(-1, -2) if a["transpose_b"] else y)


def _slice(x: Tensor, start: list[int], stop: list[int], step: list[int], axes: list[int]) -> Tensor:
    for at, end, every, axis in zip(start, stop, step, axes, strict=True):
        x = x[(slice(None),) * axis + (slice(at, min(end, x.shape[axis]), every),)]
    return x


def _always(operation: Callable[..., Any]) -> Callable[[dict[str, Any]], Callable[..., Any]]:
    """Give an operation that has no attributes."""
    return lambda _attributes: operation


_OPERATIONS: dict[str, Callable[[dict[str, Any]], Callable[..., Any]]] = {
    "Add": _always(torch.add),
    "AvgPool": lambda a: lambda x: functional.avg_pool2d(x, tuple(a["kernel"]), tuple(a["strides"])),
    "BatchNormInference": lambda a: (
        lambda x, gamma, beta, mean, var: functional.batch_norm(x, mean, var, gamma, beta, eps=a["epsilon"])
    ),
    "Concat": lambda a: lambda *x: torch.cat(x, a["axis"]),
    "Convolution": _convolution,
    "Divide": _always(torch.div),
    "Erf": _always(torch.erf),
    "GroupConvolution": _convolution,
    "HardSigmoid": _always(lambda x, alpha, beta: (alpha * x + beta).clamp(0, 1)),
    "Identity": _always(lambda x: x),
    "MatMul": _mat_mul,
    "MaxPool": _max_pool,
    "Multiply": _always(torch.mul),
    "Power": _always(torch.pow),
    "ReduceMean": _reduce_mean,
    "Relu": _always(torch.relu),
    "Reshape": _always(lambda x, shape: x.reshape([n or x.shape[i] for i, n in enumerate(shape)])),
    "Sigmoid": _always(torch.sigmoid),
    "Slice": _always(_slice),
    "Softmax": lambda a: lambda x: x.softmax(a["axis"]),
    "Sqrt": _always(torch.sqrt),
    "Squeeze": _always(lambda x, axes: x.squeeze(axes[0])),
    "Subtract": _always(torch.sub),
    "Transpose": _always(lambda x, order: x.permute(order)),
}
