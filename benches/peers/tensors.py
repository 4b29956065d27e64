"""Safetensors files, as far as models and rows need them: no further package to install for that."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

_TYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}
_NAMES = {np.dtype(kind): name for name, kind in _TYPES.items()}


def load(path: str | Path) -> dict[str, np.ndarray]:
    content = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    arrays = {}
    for name, about in header.items():
        begin, end = (8 + length + offset for offset in about["data_offsets"])
        flat = np.frombuffer(content[begin:end], dtype=np.dtype(_TYPES[about["dtype"]]).newbyteorder("<"))
        arrays[name] = flat.reshape(about["shape"]).copy()
    return arrays


def save(path: str | Path, arrays: dict[str, np.ndarray]) -> None:
    header, parts, offset = {}, [], 0
    for name, array in arrays.items():
        part = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(part)],
        }
        parts.append(part)
        offset += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
