"""Every task of a developer, on every system, with nothing but Python: ``python tools/dev.py demo``.

Not for: users of the library (``pip install .`` is all they need). The Makefile calls this file and nothing else.

Rules of the file: standard library only, since it runs before there is an environment. The environment is
``.venv``, made with uv where it is installed, else with ``venv`` and a uv of its own from PyPI, else with pip.
Registries are those the user's own settings for uv and pip name.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
IN_CI = os.environ.get("CI") == "true"

GSTREAMER_PLUGINS = " ".join(f"gstreamer1.0-plugins-{name}" for name in ("base", "good", "bad", "ugly"))
# program: (Debian packages, what is skipped without them)
SYSTEM_PROGRAMS = {
    "espeak-ng": ("espeak-ng", "tests that need a voice"),
    "Xvfb": ("xvfb", "tests of screen capture"),
    "pulseaudio": ("pulseaudio", "tests of microphones and speakers"),
    "pactl": ("pulseaudio-utils", "tests of microphones and speakers"),
    "chromium": ("chromium", "tests with a browser"),
    "firefox-esr": ("firefox-esr", "tests with a second browser"),
    "ffprobe": ("ffmpeg", "tests that open our files with other programs"),
    "exiftool": ("libimage-exiftool-perl", "tests that read what photos say of themselves"),
    "nginx": ("nginx-light libnginx-mod-rtmp", "tests of RTMP"),
    "turnserver": ("coturn", "tests of connections over a relay"),
    "janus": ("janus", "tests with a media server of others"),
    "gst-inspect-1.0": (
        "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-tools " + GSTREAMER_PLUGINS,
        "tests of RTSP",
    ),
}
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# Half of the suite's time is waiting, for devices, servers and clocks: more workers than cores.
PARALLEL = ["-n", str(CORES + max(1, CORES // 2)), "--dist", "worksteal"]
TASKS = {
    "demo": "make the environment, record five seconds to demo.webm",
    "test": "lint, then run the test suite; installs what it needs",
    "lint": "ruff, mypy, pyright, import floors",
    "lab": "tests on real kernel devices in a guest",
    "ci": "test, then lab, as CI does",
    "bench": "run the benchmarks",
    "soak": "run the tests that take hours",
    "clean": "remove what these tasks made",
}


class Failure(Exception):
    """A sentence for the person at the keyboard; the task ends."""


def main(arguments):
    """Run one task and return its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may start this file with an older Python
        print("Python 3.11 or newer is needed; this is", sys.version.split()[0])
        return 2
    task = arguments[0] if arguments else "help"
    if task not in TASKS:
        print("usage: python tools/dev.py TASK\n\n" + "\n".join(f"  {name:6} {what}" for name, what in TASKS.items()))
        return 0 if task in {"help", "-h", "--help"} else 2
    os.chdir(ROOT)
    try:
        return int(globals()[task](*arguments[1:]) or 0)
    except Failure as failure:
        print(f"tools/dev.py {task}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# --- tasks ---


def demo(*options):
    environment()
    return run(
        [BIN / "mediastreams", "record", "demo.webm", "--seconds", "5", "--fake-if-none", *options], check=False
    ).returncode


def lint():
    environment("dev")
    return 1 if lint_failures() else 0


def test(*options):
    environment("dev")
    missing = system_programs()
    failed = lint_failures()
    say("pytest")
    code, _ = pytest([*PARALLEL, *options])
    return conclude(code, failed, missing)


def lab(*options):
    script = ROOT / "tests" / "lab" / "run.py"
    if not script.is_file():
        raise Failure("tests/lab/run.py is not there")
    if not sys.platform.startswith("linux"):
        raise Failure("the lab boots a Linux guest of the host's own files: it needs a Linux host")
    environment("dev")
    return run([PYTHON, script, *options], check=False).returncode


def ci():
    environment("dev")
    missing = system_programs()
    failed = lint_failures()
    say("pytest")
    code, closing = pytest(PARALLEL)
    if (ROOT / "tests" / "lab" / "run.py").is_file():
        say("lab")
        if lab():
            failed.append("lab")
    code = conclude(code, failed, missing)
    print(closing)
    return code


def bench(*options):
    environment("dev")
    return run([PYTHON, ROOT / "benchmarks" / "run.py", *options], check=False).returncode


def soak(*options):
    environment("dev")
    system_programs()
    return pytest(["-m", "soak", "--timeout", "0", *options])[0]


def clean():
    made = ".venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache"
    for name in made.split():
        shutil.rmtree(ROOT / name, ignore_errors=True)
    (ROOT / "demo.webm").unlink(missing_ok=True)


# --- steps ---


def lint_failures():
    """Run every linter and return the names of those that found something."""
    ruff, mypy, pyright, floors = (BIN / name for name in ("ruff", "mypy", "pyright", "lint-imports"))
    steps = {
        "ruff check": [ruff, "check"],
        "ruff format": [ruff, "format", "--check"],
        "mypy": [mypy],
        "pyright, public types": [PYTHON, "tools/public_types.py"],
        "pyright, examples": [pyright, "--pythonpath", PYTHON, "examples"],
        "import floors": [floors, "--no-logo"],
    }
    failed = []
    for name, command in steps.items():
        say(name)
        if run(command, check=False).returncode:
            failed.append(name)
    return failed


def pytest(options):
    """Run pytest, show what it says as it says it, and return its exit code and closing line."""
    process = subprocess.Popen(
        [PYTHON, "-m", "pytest", *options],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    closing = "no closing line from pytest"
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(r"\b\d+ (passed|failed|skipped|error|deselected)|no tests ran", line) and " in " in line:
            closing = line.strip()
    return process.wait(), closing


def conclude(code, failed, missing):
    """Say what failed besides the tests; return the exit code of it all."""
    if missing:
        text = "; ".join(f"{SYSTEM_PROGRAMS[name][1]}: {name} is not installed" for name in missing)
        print(f"\nSkipped: {text}")
        if IN_CI:
            failed = [*failed, "system programs"]
    if failed:
        print("\nFailed besides the tests:", ", ".join(failed))
    return code or (1 if failed else 0)


def environment(*groups):
    """Make ``.venv`` hold the project and what the lock file says of these groups; quick when it does already."""
    if not PYTHON.is_file():
        create_environment()
    uv = find_uv()
    if uv:
        options = ["--no-default-groups", *(f"--group={group}" for group in groups)]
        # Inexact: what a developer has installed besides stays.
        done = run([uv, "sync", "--locked", "--inexact", "--quiet", *options], check=False, env=uv_settings())
        if done.returncode == 0:
            return
        print("uv could not install by the lock file; trying pip")
    install_with_pip(groups)


def create_environment():
    say("environment")
    uv = working(shutil.which("uv"))
    if uv:
        run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, VENV], env=uv_settings())
        return
    # `venv` without ensurepip (Debian splits it off) fails half-way: ask before.
    if run([sys.executable, "-c", "import ensurepip, venv"], check=False, quiet=True).returncode:
        install_debian_packages(["python3-venv"])
    try:
        run([sys.executable, "-m", "venv", VENV])
    except Failure:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Failure("python -m venv failed; on Debian and Ubuntu: apt install python3-venv") from None


def find_uv():
    """The environment's own uv, else the system's, else one installed into the environment from PyPI."""
    own = BIN / ("uv.exe" if os.name == "nt" else "uv")
    found = working(own) or working(shutil.which("uv"))
    if not found and run([PYTHON, "-m", "pip", "install", "--quiet", "uv"], check=False).returncode == 0:
        found = working(own)
    return found


def working(program):
    """The program if it runs (a shim of a version manager may be there and not work)."""
    if program is None or not Path(program).exists():
        return None
    return program if run([program, "--version"], check=False, quiet=True).returncode == 0 else None


def uv_settings():
    """The user's environment, so that uv finds the registries and certificates that pip would."""
    env = dict(os.environ)
    env.pop("VIRTUAL_ENV", None)
    env["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    # Certificates of the system: a company's proxy is trusted there, not in uv's built-in list.
    env.setdefault("UV_SYSTEM_CERTS", "1")
    if "SSL_CERT_FILE" not in env and "PIP_CERT" in env:
        env["SSL_CERT_FILE"] = env["PIP_CERT"]
    if "UV_DEFAULT_INDEX" not in env and "PIP_INDEX_URL" in env:
        env["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    return env


def install_with_pip(groups):
    if run([PYTHON, "-m", "pip", "--version"], check=False, quiet=True).returncode:
        run([PYTHON, "-m", "ensurepip", "--upgrade"])
    wanted = ["--editable", "."]
    with (ROOT / "pyproject.toml").open("rb") as file:
        known = tomllib.load(file)["dependency-groups"]
    for group in groups:
        wanted += known[group]
    run([PYTHON, "-m", "pip", "install", "--quiet", *wanted])


def system_programs():
    """Install the programs that tests drive, where that is possible; return the names of those still missing."""
    missing = [name for name in SYSTEM_PROGRAMS if shutil.which(name) is None]
    if missing and sys.platform.startswith("linux"):
        install_debian_packages(sorted({package for name in missing for package in SYSTEM_PROGRAMS[name][0].split()}))
        missing = [name for name in SYSTEM_PROGRAMS if shutil.which(name) is None]
    for name in missing:
        package, what = SYSTEM_PROGRAMS[name]
        print(f"not installed: {name} (package {package}); {what} are skipped")
    return missing


def install_debian_packages(packages):
    """Install by apt as root or through sudo without a password; say so when neither is possible."""
    if shutil.which("apt-get") is None:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and (shutil.which("sudo") is None or run([*prefix, "true"], check=False, quiet=True).returncode):
        print(f"to install as root: apt install {' '.join(packages)}")
        return
    say(f"apt install {' '.join(packages)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    run([*apt, "update"], check=False)
    run([*apt, "install", "--yes", "--no-install-recommends", *packages], check=False, quiet=not IN_CI)


def run(command, *, check=True, quiet=False, env=None):
    """Run a command; its output is the user's unless ``quiet``."""
    output = subprocess.DEVNULL if quiet else None
    command = [str(part) for part in command]
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env or tool_settings()
        )
    except OSError as error:
        done = subprocess.CompletedProcess(command, 127)
        if not quiet:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
    if check and done.returncode:
        raise Failure(f"{' '.join(command)} ended with exit code {done.returncode}")
    return done


def tool_settings():
    """The user's environment without another project's virtual environment."""
    env = dict(os.environ)
    env.pop("VIRTUAL_ENV", None)
    env["PYTHONUTF8"] = "1"
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    return env


def say(what):
    print(f"── {what} ──", flush=True)


if __name__ == "__main__":
    if sysconfig.get_platform().startswith("win"):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main(sys.argv[1:]))
