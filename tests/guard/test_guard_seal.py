"""Nobody but the guard makes clean text: the whole package is read to prove it."""

import ast
from pathlib import Path

import desk

ROOT = Path(desk.__file__).parent


def _offences(source: str, path: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name == "_SEAL":
                found.append(f"{path}:{line} names the seal")
        elif isinstance(node, ast.ImportFrom):
            if any(a.name in ("_SEAL", "*") and (node.module or "").endswith("guarded") for a in node.names):
                found.append(f"{path}:{line} imports the seal")
        elif isinstance(node, ast.Constant) and node.value == "_SEAL":
            found.append(f"{path}:{line} names the seal in a string")
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called == "CleanText":
                found.append(f"{path}:{line} makes clean text")
            if called == "__new__" and any(isinstance(a, ast.Name) and a.id == "CleanText" for a in node.args):
                found.append(f"{path}:{line} makes clean text without its seal")
    return found


def test_only_the_guard_holds_the_seal_of_clean_text() -> None:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        inside = path.relative_to(ROOT)
        if inside.parts[0] == "guard" or str(inside) == "domain/guarded.py":
            continue
        found += _offences(path.read_text(encoding="utf-8"), str(inside))
    assert not found, found


def test_the_search_finds_every_way_of_taking_the_seal() -> None:
    ways = (
        "from desk.domain.guarded import _SEAL",
        "import desk.domain.guarded as g\nx = g._SEAL",
        "from desk.domain.guarded import CleanText\nCleanText('a', 'b', None)",
        "import desk.domain.guarded as g\ng.CleanText('a', 'b', None)",
        "import desk.domain.guarded as g\ngetattr(g, '_SEAL')",
        "from desk.domain.guarded import CleanText\nobject.__new__(CleanText)",
    )
    assert all(_offences(way, "x.py") for way in ways)
    assert not _offences("from desk.domain.guarded import CleanText\nx: CleanText", "x.py")


def test_the_guard_imports_no_other_room() -> None:
    allowed = {"domain", "config", "errors", "paths", "guard"}
    wrong = []
    for path in sorted((ROOT / "guard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            wrong += [f"{path.name}: {n}" for n in names if n.startswith("desk.") and n.split(".")[1] not in allowed]
    assert not wrong, wrong
