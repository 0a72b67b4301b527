"""What the guest boots: Debian's kernel unpacked into a cache folder, and an initramfs with the drivers.

Nothing is installed and nothing needs root: ``apt-get download`` and ``dpkg-deb`` write to the cache.
"""

from __future__ import annotations

import fcntl
import gzip
import io
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["cache_folder", "initramfs", "load_order", "unpacked_kernel"]

META_PACKAGE = "linux-image-amd64"


def cache_folder() -> Path:
    """The lab's own folder below the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "mediastreams-lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def unpacked_kernel() -> Path:
    """A folder with ``vmlinuz`` and ``modules/*.ko`` of the distribution's current kernel."""
    found = _newest_kernel()
    if found is None and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        found = _newest_kernel()
    if found is None:
        raise SystemExit(f"lab: apt knows no {META_PACKAGE}: run 'apt-get update'")
    package = found[1]
    target = cache_folder() / package
    with (cache_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (target / "vmlinuz").exists():
            return target
        with tempfile.TemporaryDirectory(dir=cache_folder()) as made:
            _unpack(package, Path(made))
            shutil.rmtree(target, ignore_errors=True)
            (Path(made) / "kernel").rename(target)
    return target


def _newest_kernel() -> re.Match[str] | None:
    shown = subprocess.run(
        ["apt-cache", "depends", "--important", META_PACKAGE], check=False, capture_output=True, text=True
    )
    return re.search(r"Depends: (linux-image-\S+)", shown.stdout)


def _unpack(package: str, work: Path) -> None:
    subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package], check=True, cwd=work)
    (archive,) = work.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, work / "all"], check=True)
    kernel = work / "kernel"
    (kernel / "modules").mkdir(parents=True)
    for module in (work / "all").glob("lib/modules/*/kernel/**/*.ko"):
        module.rename(kernel / "modules" / module.name)
    (image,) = (work / "all").glob("boot/vmlinuz-*")
    image.rename(kernel / "vmlinuz")


def load_order(modules: Path, wanted: Iterable[str]) -> list[str]:
    """The wanted modules after everything that they depend on, by the lists inside the modules themselves."""
    files = {path.stem.replace("-", "_"): path for path in modules.iterdir()}
    order: list[str] = []

    def add(name: str) -> None:
        path = files[name.replace("-", "_")]
        if path.stem in order:
            return
        listed = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for needed in listed[1].decode().split(",") if listed else []:
            if needed:
                add(needed)
        order.append(path.stem)

    for name in wanted:
        add(name)
    return order


def initramfs(kernel: Path, drivers: Mapping[str, str], scripts: Mapping[str, str], target: Path) -> None:
    """Write the archive the kernel unpacks into its first root: busybox, drivers with their options, scripts."""
    order = load_order(kernel / "modules", drivers)
    archive = _Cpio()
    for folder in ("bin", "dev", "proc", "sys", "modules"):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("bin/busybox", stat.S_IFREG | 0o755, Path(shutil.which("busybox") or "/bin/busybox").read_bytes())
    for name in order:
        archive.add(f"modules/{name}.ko", stat.S_IFREG | 0o644, (kernel / "modules" / f"{name}.ko").read_bytes())
    listing = "".join(f"{name} {drivers.get(name, '')}\n" for name in order)
    archive.add("modules/order", stat.S_IFREG | 0o644, listing.encode())
    for name, text in scripts.items():
        archive.add(name, stat.S_IFREG | 0o755, text.encode())
    target.write_bytes(gzip.compress(archive.finished(), compresslevel=1))


class _Cpio:
    """The "newc" format of cpio, as Documentation/driver-api/early-userspace/buffer-format describes it."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._inode = 0

    def add(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        path = name.encode() + b"\0"
        numbers = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        self._out.write(b"070701" + b"".join(b"%08X" % number for number in numbers) + path)
        self._pad()
        self._out.write(data)
        self._pad()

    def finished(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return self._out.getvalue()

    def _pad(self) -> None:
        self._out.write(b"\0" * (-self._out.tell() % 4))
