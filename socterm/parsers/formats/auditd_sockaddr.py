"""Socket addresses as the kernel logs them: the bytes of a struct sockaddr in hexadecimal."""

from __future__ import annotations

from ipaddress import IPv6Address

from socterm.parsers.addresses import peer_of


def unpacked(text: str) -> tuple[str, str, int]:
    """(family, address or path, port) of a `saddr=`: a struct sockaddr as hex, its family in host order.

    >>> unpacked("020001BBC00002070000000000000000"), unpacked("01002F72756E2F7800")
    (('ipv4', '192.0.2.7', 443), ('unix', '/run/x', 0))
    """
    try:
        data = bytes.fromhex(text[:512])
    except ValueError:
        return "", "", 0
    family = data[0] or data[1] if len(data) > 1 else 0
    if family == 1:
        return "unix", data[2:].strip(b"\0").partition(b"\0")[0].decode("utf-8", "replace"), 0
    if family == 2 and len(data) >= 8:
        return "ipv4", ".".join(map(str, data[4:8])), int.from_bytes(data[2:4], "big")
    if family == 10 and len(data) >= 24:
        return "ipv6", peer_of(str(IPv6Address(data[8:24])))[1], int.from_bytes(data[2:4], "big")
    return _FAMILIES.get(family, ""), "", 0


_FAMILIES = {16: "netlink", 17: "packet", 31: "bluetooth", 38: "alg", 40: "vsock"}
