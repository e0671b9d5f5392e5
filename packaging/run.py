"""Two commands on a machine that has only Python: open Graft, or run every check that CI runs.

python3 packaging/run.py        makes .venv, installs, opens the window (no display: the sample job in the terminal)
python3 packaging/run.py test   makes .venv, installs, runs format, lint, types and tests
"""

import hashlib
import os
import platform
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "graft-installed"
OLDEST = (3, 11)
DEBIAN_PACKAGES = (
    "libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 "
    + " ".join(
        f"libxcb-{part}" for part in ("icccm4", "image0", "keysyms1", "randr0", "render-util0", "shape0", "xinerama0")
    )
)
CHECKS = (
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("lint", ["-m", "ruff", "check", "."]),
    ("types", ["-m", "mypy"]),
    ("tests", ["-m", "pytest"]),
)


def main(arguments: list[str]) -> int:
    """Install what is missing, then do what was asked; return the exit code."""
    if sys.version_info < OLDEST:
        print(f"Graft needs Python {'.'.join(map(str, OLDEST))} or newer; this is {platform.python_version()}.")
        return 1
    if arguments not in ([], ["test"]):
        print(__doc__)
        return 2
    if not install():
        return 1
    return check() if arguments else start()


def python() -> str:
    """Return the interpreter of the environment."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def install() -> bool:
    """Make the environment and install into it, unless that was done for this very pyproject.toml."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if Path(python()).exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return True
    print("Installing into .venv. The first time this takes a few minutes: PyTorch alone is large.", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=not (STAMP.exists() and Path(python()).exists()))
    except subprocess.CalledProcessError:
        print("Python cannot make an environment here. On Debian and Ubuntu: apt-get install python3-venv")
        return False
    command = [
        python(),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
        "--editable",
        f"{ROOT}[test]",
    ]
    if subprocess.run(command).returncode:
        print("The installation failed; the lines above say why. Once that is mended, run the same command again.")
        return False
    STAMP.write_text(wanted)
    return True


def start() -> int:
    """Open the window, or do the sample job where there is no display."""
    if has_display():
        code = subprocess.run([python(), "-m", "gui_app"], cwd=ROOT).returncode
        if code and sys.platform.startswith("linux"):
            print(f"If Qt could not start, install its libraries (Debian, Ubuntu): apt-get install {DEBIAN_PACKAGES}")
        return code
    print("There is no display here, so no window: this is the sample job in the terminal.", flush=True)
    return subprocess.run([python(), "-m", "core", "sample"], cwd=ROOT).returncode


def has_display() -> bool:
    """Say whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def check() -> int:
    """Run all checks, also after one has failed, and say how each went."""
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        code = subprocess.run([python(), *command], cwd=ROOT).returncode
        print(f"== {name}: {'failed' if code else 'passed'} in {time.monotonic() - begun:.0f} s", flush=True)
        failed += [name] if code else []
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
