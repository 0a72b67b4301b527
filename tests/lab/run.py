"""Run the tests that need kernel devices in a guest: ``python tests/lab/run.py [--out FOLDER] [pytest arguments]``.

The guest is QEMU with Debian's own kernel; its root is this machine's file system, read-only, under a
layer that is thrown away. So this interpreter and this checkout work in it as they are. Python runs
about ten times slower there without hardware virtualisation: lab tests look at logic, not at speed.

The exit status is pytest's. With ``--out`` the pictures that tests leave for people, and the kernel's messages, stay.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import cache_folder, initramfs, unpacked_kernel

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static"}
TIME_LIMIT = 900
"""Seconds; beyond, the guest hangs."""

DRIVERS = {
    "virtio_pci": "",
    "9pnet_virtio": "",
    "9p": "",
    "overlay": "",
    # Three cameras: a plain one with every other kind of node beside it, one with the multi-planar interface, and one
    # whose input is HDMI: sizes there are an interval.
    "vivid": "n_devs=3 multiplanar=1,2,1 node_types=0x20101,0x1,0x1 num_inputs=1,1,1 input_types=0,0,3"
    " num_outputs=1,1,1 output_types=1,0,0",
    "uvcvideo": "",
    "vhci-hcd": "",
    "snd-aloop": "index=0 id=Loopback",
}

TESTS = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export MEDIASTREAMS_LAB=1 MEDIASTREAMS_LAB_OUT=/mnt/lab-out PYTHONDONTWRITEBYTECODE=1
cd {checkout}
{python} -X faulthandler -m pytest -p no:cacheprovider -p no:xdist -m lab --timeout=120 --color={colour} {arguments}
echo "lab: exit status $?"
sync
/bin/busybox poweroff -f
"""


def install_programs() -> None:
    """Install what is missing, through apt when we are root."""
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if not missing:
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        raise SystemExit(f"lab: first install the guest's programs: sudo {shlex.join(command)}")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
    subprocess.run(command, check=True, **quiet)


def accelerator() -> str:
    """KVM where the processor itself virtualises; a nested, paravirtual one cannot boot this kernel."""
    hardware = any(Path("/sys/module", name).exists() for name in ("kvm_intel", "kvm_amd"))
    return "kvm" if hardware and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg,thread=multi"


def qemu(kernel: Path, archive: Path, out: Path) -> list[str]:
    """Spell the guest's command line."""
    accel = accelerator()
    share = "local,security_model=none,multidevs=remap"
    return [
        *("qemu-system-x86_64", "-accel", accel, "-cpu", "host" if accel == "kvm" else "max"),
        *("-m", "2048", "-smp", str(min(4, os.cpu_count() or 1)), "-nographic", "-no-reboot", "-nic", "none"),
        *("-kernel", str(kernel / "vmlinuz"), "-initrd", str(archive)),
        *("-append", "console=ttyS0 panic=-1 loglevel=6 random.trust_cpu=on mitigations=off"),
        *("-fsdev", f"{share},id=host,path=/,readonly=on", "-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
        *("-fsdev", f"{share},id=out,path={out}", "-device", "virtio-9p-pci,fsdev=out,mount_tag=out"),
        *("-device", "virtio-rng-pci", "-monitor", "none"),
        *("-serial", f"file:{out / 'kernel.log'}", "-serial", "stdio"),
    ]


def main(arguments: list[str]) -> int:
    """Prepare what is missing, then run."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise SystemExit("lab: needs Linux on x86-64, for the guest runs this machine's programs")
    install_programs()
    kernel = unpacked_kernel()
    with results_folder(arguments) as out:
        return run_guest(kernel, out, arguments)


@contextmanager
def results_folder(arguments: list[str]) -> Iterator[Path]:
    """The folder that ``--out`` names (taken out of the arguments), else one that goes when all went well."""
    if "--out" in arguments:
        place = arguments.index("--out")
        out = Path(arguments[place + 1]).resolve()
        del arguments[place : place + 2]
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache_folder()) as made:
        yield Path(made)


def run_guest(kernel: Path, out: Path, arguments: list[str]) -> int:
    """Boot, show what the tests print, return their exit status."""
    if not any(not argument.startswith("-") for argument in arguments):
        arguments = [*arguments, "tests/lab"]
    tests = TESTS.format(
        checkout=shlex.quote(str(CHECKOUT)),
        python=shlex.quote(sys.executable),
        colour="yes" if sys.stdout.isatty() else "no",  # in the guest it is always a terminal
        arguments=shlex.join(arguments),
    )
    archive = out / "initramfs.gz"
    initramfs(kernel, DRIVERS, {"init": (HERE / "guest_init.sh").read_text(), "tests.sh": tests}, archive)
    began = time.monotonic()
    status = 70
    with subprocess.Popen(
        qemu(kernel, archive, out), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as guest:
        limit = threading.Timer(TIME_LIMIT, guest.kill)
        limit.start()
        assert guest.stdout is not None
        for line in guest.stdout:
            if found := re.match(r"lab: exit status (\d+)", line):
                status = int(found[1])
            else:
                print(line.rstrip("\r\n"), flush=True)
        limit.cancel()
    if status == 70:
        print((out / "kernel.log").read_text(errors="replace")[-4000:])
        print("lab: the guest ended without a result; above, the last messages of its kernel", flush=True)
    else:
        print(f"lab: {time.monotonic() - began:.0f} s in the guest ({accelerator().split(',')[0]})", flush=True)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
