"""Where desk keeps its files. `DESK_HOME` moves all of them under one folder."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Paths:
    """Every place desk reads or writes, none of them created by looking."""

    config_dir: Path
    data_dir: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.config_dir / "desk.toml"

    @property
    def database(self) -> Path:
        """The SQLite store."""
        return self.data_dir / "desk.sqlite"

    @property
    def vectors(self) -> Path:
        """The LanceDB folder: derived data."""
        return self.data_dir / "vectors"

    @property
    def attachments(self) -> Path:
        """Attachments by content hash."""
        return self.data_dir / "attachments"

    @property
    def models(self) -> Path:
        """GGUF files pulled from the catalogue."""
        return self.data_dir / "models"

    @property
    def checks(self) -> Path:
        """What `desk models check` found out about the models of this machine."""
        return self.data_dir / "model-checks.json"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config_dir / "themes"

    @property
    def replies(self) -> Path:
        """Ready-made replies, a Markdown file each."""
        return self.config_dir / "replies"

    @property
    def playbooks(self) -> Path:
        """How the house answers each kind of ticket, a Markdown file each."""
        return self.config_dir / "playbooks"

    @property
    def logs(self) -> Path:
        """Log files of the workers."""
        return self.data_dir / "logs"

    def create(self) -> None:
        """Make the two base folders, readable by their owner alone."""
        for folder in (self.config_dir, self.data_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def at(home: Path) -> Paths:
    """All of desk's files under one folder."""
    return Paths(config_dir=home, data_dir=home)


def paths() -> Paths:
    """The places in force: under `DESK_HOME` when it is set, else where the platform keeps such files."""
    if home := os.environ.get("DESK_HOME"):
        return at(Path(home).expanduser().absolute())
    dirs = platformdirs.PlatformDirs("desk", appauthor=False)
    return Paths(config_dir=Path(dirs.user_config_path), data_dir=Path(dirs.user_data_path))


def packaged(name: str) -> Path:
    """A folder that travels with desk (`sample_mailbox`, `themes`): in the wheel, else in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / name
    return inside if inside.is_dir() else here.parent / name
