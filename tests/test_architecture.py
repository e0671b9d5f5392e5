"""The shape of the house: layers, sizes, and what may be imported when."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("base", "data", "models", "train", "results")
SOURCES = sorted([*ROOT.glob("core/**/*.py"), *ROOT.glob("gui_app/**/*.py")])
LONGEST_FILE, LONGEST_FUNCTION = 500, 60
WITHOUT_TORCH = (
    "core.cli",
    "core.data.findings.checks",
    "core.data.store.project",
    "core.data.samples.drawing",
    "core.data.split",
    "core.models.device",
    "core.models.weights",
    "core.results.runs",
    "core.train.plan",
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} uses a relative import"
            yield node.module or ""


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_imports_only_from_those_above_it(layer: str) -> None:
    below = [f"core.{name}" for name in LAYERS[LAYERS.index(layer) + 1 :]] + ["core.cli", "core.terminal", "gui_app"]
    for path in (ROOT / "core" / layer).glob("**/*.py"):
        wrong = [name for name in imports(path) if any(name == b or name.startswith(f"{b}.") for b in below)]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_core_never_imports_qt_or_pyplot() -> None:
    for path in ROOT.glob("core/**/*.py"):
        wrong = [name for name in imports(path) if name.startswith(("PySide6", "qtawesome", "superqt", "matplotlib"))]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_core_prints_only_in_the_terminal() -> None:
    printing = [path.name for path in ROOT.glob("core/**/*.py") if "print(" in path.read_text(encoding="utf-8")]
    assert printing == ["terminal.py"]


def test_there_is_one_qthread() -> None:
    users = [path.name for path in ROOT.glob("gui_app/**/*.py") if "QThread(" in path.read_text(encoding="utf-8")]
    subclasses = [path.name for path in ROOT.glob("gui_app/**/*.py") if "(QThread)" in path.read_text(encoding="utf-8")]
    assert users + subclasses == ["job.py"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} is too long"


def test_packaging_hides_no_library() -> None:
    assert not list((ROOT / "packaging").glob("**/__init__.py"))


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_light_modules_do_not_load_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit(' '.join({{'torch', 'torchvision', 'sklearn'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stderr.strip() == ""


def test_the_command_line_works_where_pyside_is_not_installed() -> None:
    code = "import sys; sys.modules['PySide6'] = None; from core.cli import main; sys.exit(main(['models', '--json']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"key": "starter"' in done.stdout
