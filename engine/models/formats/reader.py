"""Reader of any network file to one form, without running any of it."""

from __future__ import annotations

from typing import Any

from engine.models import check
from engine.models.formats import nvidia, rosinality, state_dict, tensorflow, unsupported, unused
from engine.models.network import Network, check_size
from engine.models.unpickle.allowed import find_for
from engine.models.unpickle.inert import Budget, Node, RefusedError
from engine.models.unpickle.reader import read
from engine.models.unpickle.torch_storage import is_stream, read_stream
from engine.models.unpickle.zip_archive import read_archive, read_entries


def read_network(data: memoryview) -> Network:
    """Read a pickle of NVIDIA's (PyTorch or TensorFlow), of a fork, or a rosinality checkpoint.

    Parameters
    ----------
    data
        The whole file; tensors stay views of it.

    Raises
    ------
    RefusedError
        If it is something else, damaged, or wants anything to be run.
    """
    network = _convert(_read_value(data))
    check_size(network.state, len(data))
    check.check(network)
    return unused.with_notes(network)


def _read_value(data: memoryview) -> Any:
    head = bytes(data[:512])
    if what := unsupported.by_bytes(head, bytes(data[-65_536:])):
        raise RefusedError(what)
    budget = Budget()
    find = find_for(budget)
    try:
        if head.startswith(b"PK"):
            return read_archive(read_entries(data), find, budget)
        if is_stream(data):
            return read_stream(data, find, budget)[0]
        return read(data, find, None, budget)[0]
    except RefusedError as error:
        if unsupported.is_stylegan_t(str(error)):
            raise RefusedError(unsupported.STYLEGAN_T) from None
        is_unread = "damaged" in str(error) or str(error).startswith("at byte 0 ")
        if is_unread and unsupported.is_text(head):
            raise RefusedError(unsupported.TEXT) from None
        raise


def _convert(value: Any) -> Network:
    if tensorflow.is_network(value):
        return tensorflow.convert(value)
    if rosinality.is_checkpoint(value):
        return rosinality.convert(value)
    if nvidia.is_network(value):
        return nvidia.convert(value)
    if isinstance(value, list | tuple) and any(map(nvidia.is_network, value)):
        return nvidia.convert(value)
    if state_dict.is_state_dict(value):
        return state_dict.convert(value)
    if isinstance(value, dict):
        if any(nvidia.is_network(part) for part in value.values()):
            return nvidia.convert(value)
        for part in (value.get("G_ema"), value.get("G")):
            if isinstance(part, Node):
                raise RefusedError(f"holds a {part.name[:120]}, which is no StyleGAN2 or StyleGAN3")
        inner = [part for part in value.values() if isinstance(part, dict) and part]
        raise RefusedError(
            f"is {unsupported.by_names(value if not inner else inner[0])}, no StyleGAN"
        )
    raise RefusedError(f"holds no StyleGAN network ({unsupported.by_kind(value)})")
