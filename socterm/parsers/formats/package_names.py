"""How package managers name a package in one word: name, version and architecture taken apart."""

from __future__ import annotations

from socterm.parsers.marks import Fields

_ARCHITECTURES = frozenset({
    "noarch", "x86_64", "i386", "i486", "i586", "i686", "aarch64", "armv7hl", "armv7l", "ppc64le", "ppc64",
    "s390x", "riscv64", "src",
})  # fmt: skip
_MOST = 500
"""Packages of one line that are named; the rest stays in the raw line."""

Package = tuple[str, str, str]
"""Name, version and architecture, each "" where it is not told."""


def rpm(text: str) -> Package:
    """`name-[epoch:]version-release.arch`, as rpm's tools write it; yum puts the epoch before the name.

    >>> rpm("nmap-3:7.92-1.fc38.x86_64"), rpm("2:vim-minimal-8.2-1.el9.x86_64"), rpm("bash")
    (('nmap', '3:7.92-1.fc38', 'x86_64'), ('vim-minimal', '2:8.2-1.el9', 'x86_64'), ('bash', '', ''))
    """
    left, _, arch = text.rpartition(".")
    if arch not in _ARCHITECTURES:
        left, arch = text, ""
    epoch, colon, rest = left.partition(":")
    if colon and epoch.isdecimal():
        left, epoch = rest, f"{epoch}:"
    else:
        epoch = ""
    parts = left.rsplit("-", 2)
    if len(parts) < 3 or not parts[1][:1].isdecimal():
        return left, "", arch
    return parts[0], f"{epoch}{parts[1]}-{parts[2]}", arch


def put(fields: Fields, name: str, version: str = "", arch: str = "", before: str = "") -> None:
    """Write one package into the fields; `before` is the version it had."""
    fields["package.name"] = name
    if version:
        fields["package.version"] = version
    if arch:
        fields["package.architecture"] = arch
    if before:
        fields["package.previous_version"] = before


def put_all(fields: Fields, packages: list[Package]) -> None:
    """Write several packages of one line into the fields, names and versions in the same order."""
    if len(packages) == 1:
        put(fields, *packages[0])
    elif packages:
        fields["package.name"] = tuple(package[0] for package in packages[:_MOST])
        fields["package.version"] = tuple(package[1] for package in packages[:_MOST])
