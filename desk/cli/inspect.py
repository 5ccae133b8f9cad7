"""`desk inspect` and `desk threads`: messages through parse, guard, triage and draft, without a store."""

import argparse
import base64
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.cli import lines, plain, rooms
from desk.config import MailboxConfig
from desk.config_mailboxes import named, receiving
from desk.domain.guarded import Scan
from desk.domain.mail import ParsedMail
from desk.errors import ConfigError, MailError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from desk.knowledge.embed import Embedder
    from desk.pipeline.case import Rooms

PARTS = ("parse", "guard", "triage", "draft")


def inspect(given: argparse.Namespace) -> int:
    """One message (or a line of JSON each) through the rooms asked for; each answer is printed as soon as it is there."""
    parts = _parts(given)
    inspector = Inspector(parts)
    if given.jsonl:
        if given.files:
            raise ConfigError("--jsonl reads standard input and no files.", "Give the files or --jsonl, not both.")
        return lines.answer_each(lambda row: inspector.look(raw_of(row)))
    if not given.files:
        raise ConfigError(
            "There is no message to inspect.", "Name a file, or use --jsonl with lines on standard input."
        )
    for name in given.files:
        try:
            raw = Path(name).read_bytes()
        except OSError as problem:
            what = f"{name} can't be read: {problem.strerror}."
            raise MailError(what, "Name a file with one message (RFC 5322).") from problem
        found = inspector.look(raw)
        if given.json or not sys.stdout.isatty():
            lines.put({"file": name, **found})
        else:
            _show(name, found)
    return 0


def threads(given: argparse.Namespace) -> int:
    """Lines {"id","raw"} in, one line {"groups": [[id, …], …]} out; with "errors" when some lines were none."""
    from desk.mail.parse import parse
    from desk.mail.threads import group

    ids: list[Any] = []
    mails = []
    errors = []
    for number, row in lines.rows():
        try:
            if isinstance(row, lines.BadLine):
                raise row
            if "id" not in row:
                raise lines.BadLine("This line has no 'id'.")
            mails.append((str(len(ids)), parse(raw_of(row))))
            ids.append(row["id"])
        except lines.BadLine as problem:
            errors.append({"line": number, "error": str(problem)})
    groups = [[ids[int(n)] for n in members] for members in group(mails)]
    lines.put({"groups": groups, **({"errors": errors} if errors else {})})
    return 0


@dataclass(slots=True)
class Inspector:
    """Looks at messages one by one; what it needs is loaded with the first that needs it."""

    parts: Collection[str]
    _services: "Rooms | None" = None
    _embedder: "Embedder | None" = None

    def look(self, raw: bytes) -> dict[str, Any]:
        """The parts asked for, as the JSON objects others script against."""
        from desk.mail.parse import parse

        mail = parse(raw)
        out: dict[str, Any] = {}
        if "parse" in self.parts:
            out["parse"] = mail.as_json()
        if not {"guard", "triage", "draft"} & set(self.parts):
            return out
        from desk.guard.scan import scan as scan_mail

        scan = scan_mail(mail, raw=raw, embed=self._vectors)
        if "guard" in self.parts:
            out["guard"] = scan.verdict.as_json()
        if "triage" in self.parts:
            out["triage"] = self._triage(mail, scan)
        if "draft" in self.parts:
            out["draft"] = self._draft(mail, scan)
        return out

    @property
    def services(self) -> "Rooms":
        """Embeddings, and for drafts the knowledge and the models."""
        if self._services is None:
            config, places = rooms.configuration()
            only = ("knowledge", "models") if "draft" in self.parts else ()
            self._services = rooms.rooms(config, places, only=only)
        return self._services

    def _vectors(self, texts: Sequence[str]) -> "list[NDArray[np.float32]]":
        """Vectors for the guard's second head, by the model that comes with desk; loaded with the first mail in doubt."""
        from desk.knowledge import embed

        self._embedder = self._embedder or embed.load()
        return self._embedder.tokens(texts)

    def _triage(self, mail: ParsedMail, scan: Scan) -> dict[str, Any]:
        from desk.triage import triage

        if self.services.embedder is None:
            raise ConfigError(self.services.off["embeddings"], "`desk doctor` says more.")
        return triage(own_words(mail, scan), subject=mail.subject, embed=self.services.embedder.embed).as_json()

    def _draft(self, mail: ParsedMail, scan: Scan) -> dict[str, Any] | None:
        """A draft for a clean message; None for one that the guard kept back: its text reaches no prompt."""
        from desk.mail.rules import Rulebook
        from desk.pipeline.alone import draft

        if scan.clean is None:
            return None
        config = self.services.config
        boxes = receiving(config) or (MailboxConfig(),)
        box = next((b for b in boxes if b.address.casefold() in mail.to), boxes[0])
        rule = Rulebook(config).fitting(mail, box)
        found = draft(mail, scan, self.services, (named(config, rule.mailbox) if rule else None) or box)
        return found.as_json()


def own_words(mail: ParsedMail, scan: Scan) -> str:
    """What this author wrote, as a person sees it: labels need no prompt, so a flagged mail gets them too."""
    return mail.reply_text or scan.visible or mail.text


def _parts(given: argparse.Namespace) -> tuple[str, ...]:
    if not given.only:
        return PARTS if given.draft else PARTS[:3]
    parts = tuple(part.strip() for part in given.only.split(",") if part.strip())
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"--only does not know {part!r}.", f"Use some of {', '.join(PARTS)}.")
    if not parts:
        raise ConfigError("--only names no part.", f"Use some of {', '.join(PARTS)}.")
    return (*parts, "draft") if given.draft and "draft" not in parts else parts


def raw_of(row: dict[str, Any]) -> bytes:
    """The message of a line: `raw_b64` is its bytes in base64, `raw` its text with surrogates for bytes that are none."""
    if row.get("raw_b64") is not None:
        try:
            return base64.b64decode("".join(lines.text(row, "raw_b64").split()), validate=True)
        except ValueError as problem:
            raise lines.BadLine(f"raw_b64 is not base64: {problem}.") from problem
    if row.get("raw") is None:
        raise lines.BadLine("This line has neither 'raw' nor 'raw_b64'.")
    raw = lines.text(row, "raw")
    try:
        return raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, as JSON may carry: it stays in the bytes, for the parser to read around
        return raw.encode("utf-8", "surrogatepass")


def _show(name: str, found: dict[str, Any]) -> None:
    """For a person: the same facts, a line each, with control characters spelled out."""
    print(plain.line(name))  # noqa: T201
    for part, facts in found.items():
        for key, value in (facts or {}).items():
            text = json.dumps(value, ensure_ascii=True) if not isinstance(value, str) else json.dumps(value)[1:-1]
            print(f"  {part}.{key}: {text[:300]}")  # noqa: T201
