"""`desk inspect` and `desk threads`: messages through parse, guard, triage and draft, without a store."""

import argparse
import base64
import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.cli import rooms
from desk.domain.guarded import Scan
from desk.domain.mail import ParsedMail
from desk.errors import ConfigError, DeskError, MailError

if TYPE_CHECKING:
    from desk.pipeline.case import Rooms

PARTS = ("parse", "guard", "triage", "draft")


def inspect(given: argparse.Namespace) -> int:
    """One message (or a line of JSON each) through the rooms asked for; each answer is printed as soon as it is there."""
    parts = _parts(given)
    inspector = Inspector(parts)
    if given.jsonl:
        for number, line in enumerate(sys.stdin, 1):
            if line.strip():
                _print(answer(inspector, line, number))
        return 0
    if not given.files:
        raise MailError("There is no message to inspect.", "Name a file, or use --jsonl with lines on standard input.")
    for name in given.files:
        path = Path(name)
        if not path.is_file():
            raise MailError(f"{path} is not there.", "Name a file with one message (RFC 5322).")
        found = inspector.look(path.read_bytes())
        if given.json or not sys.stdout.isatty():
            _print({"file": name, **found})
        else:
            _show(name, found)
    return 0


def threads(given: argparse.Namespace) -> int:
    """Lines {"id","raw"} in, one line {"groups": [[id, …], …]} out."""
    from desk.mail.parse import parse
    from desk.mail.threads import group

    mails = [(str(row["id"]), parse(_raw(row))) for row in _lines()]
    _print({"groups": group(mails)})
    return 0


@dataclass(slots=True)
class Inspector:
    """Looks at messages one by one; what it needs is loaded with the first that needs it."""

    parts: Collection[str]
    _services: "Rooms | None" = None

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

        scan = scan_mail(mail, raw=raw)
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

    def _triage(self, mail: ParsedMail, scan: Scan) -> dict[str, Any]:
        from desk.triage import triage

        if self.services.embedder is None:
            raise ConfigError(self.services.off["embeddings"], "Run `desk doctor`.")
        return triage(own_words(mail, scan), subject=mail.subject, embed=self.services.embedder.embed).as_json()

    def _draft(self, mail: ParsedMail, scan: Scan) -> dict[str, Any] | None:
        """A draft for a clean message; None for one that the guard kept back: its text reaches no prompt."""
        from desk.pipeline.alone import draft

        if scan.clean is None:
            return None
        config = self.services.config
        box = next((b for b in config.mailboxes if b.address.casefold() in mail.to), None)
        found = draft(mail, scan, self.services, box or (*config.mailboxes, None)[0])
        return found.as_json()


def own_words(mail: ParsedMail, scan: Scan) -> str:
    """What this author wrote, as a person sees it: labels need no prompt, so a flagged mail gets them too."""
    return mail.reply_text or scan.visible or mail.text


def answer(inspector: Inspector, line: str, number: int) -> dict[str, Any]:
    """The answer to one line; a bad line gets an error of its own and stops nothing."""
    try:
        row = json.loads(line)
        raw = _raw(row)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        return {"line": number, "error": f"not a line with id and raw or raw_b64: {problem}"}
    try:
        return {"id": row.get("id"), **inspector.look(raw)}
    except DeskError as problem:
        return {"id": row.get("id"), "error": str(problem)}


def _parts(given: argparse.Namespace) -> tuple[str, ...]:
    if not given.only:
        return PARTS if given.draft else PARTS[:3]
    parts = tuple(part.strip() for part in given.only.split(",") if part.strip())
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"--only does not know {part!r}.", f"Use some of {', '.join(PARTS)}.")
    return (*parts, "draft") if given.draft and "draft" not in parts else parts


def _raw(row: dict[str, Any]) -> bytes:
    if row.get("raw_b64") is not None:
        return base64.b64decode(row["raw_b64"])
    return str(row["raw"]).encode("utf-8", "surrogateescape")


def _lines() -> Iterator[dict[str, Any]]:
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as problem:
                raise MailError(f"Line {number} is not JSON: {problem}.", "Send one JSON object a line.") from problem


def _print(data: dict[str, Any]) -> None:
    print(json.dumps(data, ensure_ascii=True), flush=True)  # noqa: T201


def _show(name: str, found: dict[str, Any]) -> None:
    """For a person: the same facts, a line each, with control characters spelled out."""
    print(name)  # noqa: T201
    for part, facts in found.items():
        for key, value in (facts or {}).items():
            text = json.dumps(value, ensure_ascii=True) if not isinstance(value, str) else json.dumps(value)[1:-1]
            print(f"  {part}.{key}: {text[:300]}")  # noqa: T201
