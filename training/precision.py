"""In which precision networks are taught on a processor."""

from __future__ import annotations

import torch


def autocast() -> torch.autocast:
    """Give a context that computes in bfloat16 where an x86 processor does so by itself: emulated, it is ten times
    slower than single precision."""
    can = torch.cpu.get_capabilities()
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(can.get("avx512_bf16") or can.get("amx_bf16")))
