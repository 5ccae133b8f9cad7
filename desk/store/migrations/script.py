"""A revision as literal DDL: one SQL file a dialect beside it, so that later changes of the tables can't alter it."""

from pathlib import Path

from sqlalchemy.engine import Connection


def run(bind: Connection, revision: str) -> None:
    """Execute `versions/<revision>_<dialect>.sql`, whose statements stand apart by a line with a semicolon alone."""
    script = Path(__file__).parent / "versions" / f"{revision}_{bind.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n;\n"):
        if statement.strip():
            bind.exec_driver_sql(statement)
