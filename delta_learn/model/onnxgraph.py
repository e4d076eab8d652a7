"""OnnxGraph: an ONNX model written node by node, as bytes that ONNX Runtime reads.

The package `onnx` does this too: 31 MB on disk and 16 MB resident, in a server that has 150 for everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_IR_VERSION = 10
_OPSETS = {"": 23, "com.microsoft": 1}

FLOAT32 = 1
_ELEMENTS = {"float32": FLOAT32, "uint8": 2, "int64": 7, "bool": 9, "float16": 10}
"""TensorProto.DataType by numpy's names."""

_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_FLOAT, _INT, _INTS = 1, 2, 7


class OnnxGraph:
    """Nodes in the order in which they are computed; values have names and are single-assignment.

    Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._values = 0

    def input(self, name: str, element: str, shape: Sequence[int | str]) -> str:
        """A value that the caller gives; dimensions that vary have names."""
        self._parts.append(_message(11, _value_info(name, element, shape)))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """A value that the model carries."""
        name = self._new_name()
        parts = [_number(1, size) for size in array.shape]
        parts += [_number(2, _ELEMENTS[array.dtype.name]), _text(8, name), _message(9, array.tobytes())]
        self._parts.append(_message(5, b"".join(parts)))
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: int = 1,
        *,
        domain: str = "",
        **attributes: float | int | Sequence[int],
    ) -> list[str]:
        """Compute `outputs` values of `inputs`; an optional input that is left out is ""."""
        names = [self._new_name() for _ in range(outputs)]
        parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in names]
        parts += [_text(4, operator), _text(7, domain)]
        parts += [_message(5, _attribute(name, value)) for name, value in attributes.items()]
        self._parts.append(_message(1, b"".join(parts)))
        return names

    def output(self, value: str, name: str, element: str, shape: Sequence[int | str]) -> None:
        """Give `value` to the caller, as `name`."""
        parts = [_text(1, value), _text(2, name), _text(4, "Identity")]
        self._parts += [_message(1, b"".join(parts)), _message(12, _value_info(name, element, shape))]

    def to_bytes(self) -> bytes:
        """The model (ModelProto)."""
        opsets = (_message(8, _text(1, domain) + _number(2, version)) for domain, version in _OPSETS.items())
        graph = _message(7, _text(2, "delta") + b"".join(self._parts))
        return b"".join([_number(1, _IR_VERSION), *opsets, graph])

    def _new_name(self) -> str:
        self._values += 1
        return f"v{self._values}"


def _value_info(name: str, element: str, shape: Sequence[int | str]) -> bytes:
    sizes = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
    dimensions = b"".join(_message(1, size) for size in sizes)
    tensor = _number(1, _ELEMENTS[element]) + _message(2, dimensions)
    return _text(1, name) + _message(2, _message(1, tensor))


def _attribute(name: str, value: float | int | Sequence[int]) -> bytes:
    if isinstance(value, float):
        field, kind = _tag(2, _FIXED32) + np.float32(value).tobytes(), _FLOAT
    elif isinstance(value, int):
        field, kind = _number(3, value), _INT
    else:
        field, kind = b"".join(_number(8, each) for each in value), _INTS
    return _text(1, name) + field + _number(20, kind)


def _tag(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value & (1 << 64) - 1)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, value: bytes) -> bytes:
    return _tag(field, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
