"""Go on from the weights that are shipped: an OpenVINO export read back into the network that it was made of.

The export has every normalisation folded into its convolution; here they pass through, so that the network says what
the export says, but for half precision.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from ultralytics.nn.modules import Conv

from detectors.base import WeightsError

_PREFIX = "__module."


def _constants(export: Path) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Give (kernel, bias) by the name of each convolution of an export."""
    import openvino

    def value(node: openvino.Node) -> NDArray[np.float32] | None:
        while node.get_type_name() in ("Convert", "Reshape"):
            node = node.input_value(0).get_node()
        return np.asarray(node.get_data(), np.float32) if node.get_type_name() == "Constant" else None

    out = {}
    for node in openvino.Core().read_model(next(export.glob("*.xml"))).get_ordered_ops():
        if node.get_type_name() not in ("Convolution", "GroupConvolution"):
            continue
        name = node.get_friendly_name().removeprefix(_PREFIX).split("/")[0]
        kernel = value(node.input_value(1).get_node())
        after = next(iter(node.output(0).get_target_inputs())).get_node()
        bias = value(after.input_value(1).get_node()) if after.get_type_name() == "Add" else None
        if kernel is not None:
            out[name] = (kernel, np.zeros(1, np.float32) if bias is None else bias.reshape(-1))
    return out


def fill_from_export(model: nn.Module, export: Path) -> None:
    """Fill ``model``, as `coco_start.start` makes it, with what an export holds.

    Raises:
        WeightsError: the export is of another network.
    """
    given = _constants(export)
    parts = dict(model.named_modules())
    folded = {f"{name}.conv": part for name, part in parts.items() if isinstance(part, Conv)}
    convs = {name: part for name, part in parts.items() if isinstance(part, nn.Conv2d)}
    wanted = set(convs) - {name for name in convs if ".dfl." in name}
    if missing := sorted(wanted - set(given)):
        raise WeightsError(f"{export}: is of another network: it has no {missing[0]}")
    with torch.no_grad():
        for name in sorted(wanted):
            conv, (kernel, bias) = convs[name], given[name]
            if kernel.size != conv.weight.numel():
                raise WeightsError(f"{export}: is of another network: {name} has {kernel.shape}")
            conv.weight.copy_(torch.from_numpy(kernel.reshape(conv.weight.shape)))
            if name in folded:
                bn = folded[name].bn
                bn.weight.fill_(1.0)
                bn.bias.copy_(torch.from_numpy(bias))
                bn.running_mean.zero_()
                bn.running_var.fill_(1.0 - bn.eps)
            elif conv.bias is not None:
                conv.bias.copy_(torch.from_numpy(bias))
