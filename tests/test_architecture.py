"""The house rules as tests: who may import whom, where a library may stand, how long things may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "desk"
EVERYWHERE = {"domain", "errors", "config", "paths", ""}
ROOMS = {"mail", "guard", "llm", "knowledge", "triage", "store", "pipeline", "actions", "workers", "ui", "learn", "cli"}
MAY_IMPORT = {
    "domain": set(),
    "mail": set(),
    "guard": set(),
    "llm": set(),
    "knowledge": set(),
    "triage": set(),
    "store": set(),
    "pipeline": {"mail", "guard", "llm", "knowledge", "triage"},
    "actions": {"store"},
    "learn": {"store", "pipeline", "triage", "knowledge", "guard", "llm", "mail"},
    "workers": ROOMS - {"ui", "cli"},
    "ui": {"store", "actions"},
    "cli": ROOMS,
}
STORE_IN_PIPELINE = "runner"
LIBRARIES = {
    "sqlalchemy": {"store"},
    "aiosqlite": {"store"},
    "alembic": {"store"},
    "textual": {"ui"},
    "rich": {"ui", "cli"},
    "llama_cpp": {"llm"},
    "httpx": {"knowledge", "llm", "mail"},
    "lancedb": {"knowledge"},
    "pypdf": {"knowledge"},
    "fastembed": {"knowledge"},
    "imapclient": {"mail"},
    "dns": {"mail"},
    "aiosmtplib": {"mail"},
    "html2text": {"mail"},
    "selectolax": {"guard", "knowledge"},
}
FILES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            if node.module == "desk":
                for name in node.names:
                    yield f"desk.{name.name}", node.lineno


def test_each_room_imports_only_what_it_may() -> None:
    broken = []
    for path in FILES:
        here = room(path)
        for name, line in imports(path):
            if not name.startswith("desk."):
                continue
            there = name.split(".")[1]
            if there not in ROOMS or there == here or here == "":
                continue
            if here == "pipeline" and there == "store" and STORE_IN_PIPELINE in path.relative_to(ROOT).as_posix():
                continue
            if there not in MAY_IMPORT[here]:
                broken.append(f"{path.relative_to(ROOT)}:{line}: {here} may not import {there}")
    assert not broken, "\n".join(broken)


def test_domain_is_standard_library_only() -> None:
    import sys

    for path in (ROOT / "domain").glob("*.py"):
        for name, line in imports(path):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or name.startswith("desk.domain"), f"{path.name}:{line}: {name}"


def test_each_library_has_one_room() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}: {name.split('.')[0]} belongs to {' and '.join(sorted(LIBRARIES[top]))}"
        for path in FILES
        for name, line in imports(path)
        if (top := name.split(".")[0]) in LIBRARIES and room(path) not in LIBRARIES[top]
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_sizes_that_keep_it_readable(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    limit = 300 if "screens" in path.parts else 400
    assert source.count("\n") <= limit, f"{path.name} has more than {limit} lines; split it"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 80, f"{path.name}:{node.name} has {length} lines; split it"


def test_nothing_is_left_open_in_the_code() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error")
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not any(word in line for word in words), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
