"""`desk replies`: the ready-made replies and the playbooks of the house: list them, check them."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from desk.cli import lines, plain, rooms
from desk.config import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.domain.canned import Canned
    from desk.domain.playbooks import Playbook


def replies(given: argparse.Namespace) -> int:
    """One of the verbs; `check` ends with 1 when something must be mended."""
    from desk.knowledge import replies as files
    from desk.store import replies as store

    config, places = rooms.configuration()
    found, plays = files.load(places.replies), files.load_playbooks(places.playbooks)
    if given.verb == "check":
        return _check(config, given, found, plays)
    if given.json:
        lines.put([*(asdict(reply) for reply in found), *(asdict(play) for play in plays)])
        return 0
    db = rooms.store(config, places)
    try:
        used = db.get(store.used())
    finally:
        db.close()
    for reply in found:
        count = used.get(f"reply:{reply.id}", 0)
        facts = [reply.category, reply.language, reply.register, reply.shortcut, f"used {count}×" if count else ""]
        said = f"✗ {reply.problem}" if reply.problem else "  ".join(fact for fact in facts if fact)
        print(f"{plain.line(reply.name, 40):40}  {plain.line(said)}")  # noqa: T201
    for play in plays:
        facts = ["playbook", play.category, play.language, play.version]
        said = f"✗ {play.problem}" if play.problem else "  ".join(fact for fact in facts if fact)
        print(f"{plain.line(play.name, 40):40}  {plain.line(said)}")  # noqa: T201
    if not found:
        print(f"There are no ready-made replies yet. Put Markdown files into {places.replies}.")  # noqa: T201
    return 0


def _check(config: Config, given: argparse.Namespace, found: "Sequence[Canned]", plays: "Sequence[Playbook]") -> int:
    """Every file that can't be used, and every blank that nothing could ever fill."""
    from desk.knowledge import replies as files

    known = fillable(config)
    wrong = [{"id": play.id, "problem": play.problem} for play in plays if play.problem]
    for reply in found:
        problems = [reply.problem] if reply.problem else []
        problems += [f"nothing ever fills {{{{{name}}}}}" for name in files.strange(reply, known)]
        wrong += [{"id": reply.id, "problem": problem} for problem in problems]
    if given.json:
        lines.put(wrong)
    else:
        for one in wrong:
            print(plain.line(f"✗ {one['id']}.md: {one['problem']}"))  # noqa: T201
        count = len(found) + len(plays)
        print(f"{count - len({one['id'] for one in wrong})} of {count} ready-made replies and playbooks are fine.")  # noqa: T201
    return 1 if wrong else 0


def fillable(config: Config) -> set[str]:
    """The names of all blanks that this desk can fill; `parcel.*` stands for whatever a lookup of that name answers."""
    from desk.domain.canned import HOUSE
    from desk.knowledge.lookup import columns

    known = set(HOUSE) | {f"{lookup.name.lower()}.*" for lookup in config.knowledge.lookups}
    for kind, table in (("order", config.knowledge.orders), ("product", config.knowledge.products)):
        if table:
            names = (*columns(Path(table).expanduser()), "text", "key")
            known |= {f"{kind}.{name.lower()}" for name in names}
    return known
