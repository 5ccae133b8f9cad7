"""Alembic on a connection that is already in a transaction. Importing this costs 100 ms: only when behind."""

from collections.abc import Collection
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection


def _scripts(folder: Path) -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)


def known(folder: Path) -> Collection[str]:
    """Every revision this program has."""
    return {script.revision for script in _scripts(folder)[1].walk_revisions()}


def head(folder: Path) -> str | None:
    """The newest revision."""
    return _scripts(folder)[1].get_current_head()


def upgrade(connection: Connection, folder: Path, target: str = "head") -> None:
    """Run every revision up to `target` inside the connection's own transaction."""
    config, scripts = _scripts(folder)
    with EnvironmentContext(config, scripts, fn=lambda now, _context: scripts._upgrade_revs(target, now)) as env:
        env.configure(connection=connection, target_metadata=None, transactional_ddl=True, render_as_batch=True)
        env.run_migrations()
