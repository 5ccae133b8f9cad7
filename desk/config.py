"""The configuration: one TOML file, every key typed and explained, every mistake named with its nearest valid key."""

import difflib
import ipaddress
import math
import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from desk.config_mailboxes import distinct
from desk.config_rules import EscalationConfig, RuleConfig, read_rules
from desk.errors import ConfigError
from desk.toml_record import Rules, build, either, shown


@dataclass(frozen=True, slots=True)
class ImapConfig:
    """Where mail is read."""

    host: str = ""
    """IMAP server."""
    port: int = 993
    """993 for TLS from the start, 143 with STARTTLS."""
    security: str = "tls"
    """`tls`, `starttls`, or `none` (loopback only)."""
    user: str = ""
    """Login name; the mailbox address when empty."""
    folder: str = "INBOX"
    """The folder to watch."""
    folders: tuple[str, ...] = ()
    """Further folders to watch, by their full names; each has a connection of its own."""
    sent_folder: str = ""
    """Where a copy of what was sent is filed; found by its special use when empty."""
    poll_seconds: int = 30
    """How often to ask for new mail."""
    write_back: bool = False
    """Whether desk may change anything on the server (copy to Sent, mark answered)."""

    @property
    def watched(self) -> tuple[str, ...]:
        """Every folder that is read, each once."""
        return tuple(dict.fromkeys((self.folder, *self.folders)))


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """Where mail is handed over."""

    host: str = ""
    """SMTP submission server."""
    port: int = 465
    """465 for TLS from the start, 587 with STARTTLS."""
    security: str = "tls"
    """`tls`, `starttls`, or `none` (loopback only)."""
    user: str = ""
    """Login name; the mailbox address when empty."""


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """Signing in at a provider instead of a password."""

    provider: str = ""
    """`google` or `microsoft`; empty for a password. With `password_cmd` the command prints an access token."""
    client_id: str = ""
    """The id under which desk is registered there."""
    client_secret: str = ""
    """Google gives one to desktop programs too; it is no secret then. Empty for public clients."""
    tenant: str = "common"
    """Microsoft: the organisation's id or domain, where it allows its own programs only."""


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """One mailbox: its address, its servers, how it speaks."""

    name: str = "main"
    """Short name, shown in the header and in the mailbox column."""
    address: str = ""
    """The address customers write to."""
    display_name: str = ""
    """The name on outgoing mail."""
    aliases: tuple[str, ...] = ()
    """Further addresses of this mailbox; never written to by a reply."""
    inbox: str = ""
    """Name of the mailbox in whose inbox its mail arrives, by `[[rules]]`; it then has no servers of its own."""
    imap: ImapConfig = ImapConfig()
    """Where mail is read."""
    smtp: SmtpConfig = SmtpConfig()
    """Where mail is handed over."""
    oauth: OAuthConfig = OAuthConfig()
    """Signing in at a provider instead of a password."""
    password_env: str = ""
    """Environment variable that holds the password."""
    password_cmd: str = ""
    """Command that prints the password."""
    folder: str = ""
    """Read messages from this folder of .eml files and write sent ones to its `sent/`, instead of IMAP and SMTP."""
    import_from: str = "now"
    """What the first connection takes in: `now` (new mail only), `all`, or a number of days, as context only."""
    signature: str = ""
    """Closing lines of every reply."""
    language: str = "en"
    """The house language: used where the customer's has no article."""
    auth_servers: tuple[str, ...] = ()
    """Names of the mail servers whose Authentication-Results count; learned from the mail itself when empty."""
    register: str = "mirror"
    """`mirror` the customer's form of address, or always `formal` or `casual`."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which models work; the LLM_* environment variables win over this table."""

    default: str = ""
    """GGUF file, catalogue name, or a model's name on the server (`LLM_MODEL`). Empty: the embedded one if installed."""
    fast: str = ""
    """For short judgements (`LLM_MODEL_FAST`); `default` when empty."""
    capable: str = ""
    """For drafts (`LLM_MODEL_CAPABLE`); `default` when empty."""
    provider: str = "llamacpp"
    """`llamacpp` in process, `openai` for any OpenAI-compatible server, `none` for no model (`LLM_PROVIDER`)."""
    base_url: str = ""
    """Address of the OpenAI-compatible server, up to and including /v1 (`LLM_BASE_URL`)."""
    api_key_env: str = "LLM_API_KEY"
    """Environment variable that holds the server's key."""
    context: int = 4096
    """Context window in tokens."""
    threads: int = 0
    """CPU threads; 0 for all cores."""


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """How a message becomes a draft, and a draft a sent reply."""

    window_seconds: float = 30.0
    """How long a thread must be quiet before work starts, so that a burst gets one draft."""
    window_max: int = 5
    """At most this many windows, however long the burst."""
    hold_seconds: float = 15.0
    """How long an approved reply waits so that it can be taken back (0 to 120)."""
    resolve_after_days: int = 0
    """After how many days without a reply to our answer a ticket is resolved by itself; 0 never does."""
    thread_messages: int = 5
    """How many earlier messages of the thread the context takes."""
    draft_tokens: int = 160
    """Most tokens a model may write for one draft."""


@dataclass(frozen=True, slots=True)
class LookupConfig:
    """A program or a web service of the house that knows about numbers in mail."""

    name: str = ""
    """What the facts are called by, such as `parcel`."""
    pattern: str = ""
    """Regular expression that finds the number in a message; its first group where it has one."""
    command: tuple[str, ...] = ()
    """Program and its words, {} standing for the number; it prints JSON `{"text": …, "customer_email": …}`."""
    url: str = ""
    """Or an address that answers so, {} standing for the number; https, or this machine."""
    public: bool = False
    """Whether anybody may be told; otherwise only the customer whose address is `customer_email`."""
    seconds: float = 3.0
    """How long an answer may take; without one the draft goes on."""
    keep_seconds: float = 300.0
    """How long an answer is kept."""


@dataclass(frozen=True, slots=True)
class KnowledgeConfig:
    """What answers are taken from."""

    folder: str = ""
    """Folder of articles: Markdown, text, HTML, PDF (or articles.jsonl); long ones are cut at their headings."""
    resolved: str = ""
    """Folder or .jsonl of resolved tickets (id, question, answer)."""
    embeddings: str = ""
    """Folder with an ONNX embedding model; the bundled MiniLM when empty."""
    orders: str = ""
    """CSV of orders, looked up by number."""
    products: str = ""
    """CSV of products, looked up by EAN or name."""
    lookups: tuple[LookupConfig, ...] = ()
    """Programs and web services that know more, as `[[knowledge.lookups]]`."""


@dataclass(frozen=True, slots=True)
class ProhibitedConfig:
    """One list of words the house does not want to handle."""

    name: str = ""
    """What the list is about; the tag a ticket gets."""
    words: tuple[str, ...] = ()
    """Words and phrases, whole, in any case."""
    action: str = "tag"
    """`tag` puts the name on the ticket, `quarantine` keeps the message back for a person."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """What is kept back beside attacks."""

    prohibited: tuple[ProhibitedConfig, ...] = ()
    """Lists of words, as `[[guard.prohibited]]`; none at first."""


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Messages handed in by HTTP."""

    listen: str = ""
    """HOST:PORT to take signed messages at, such as `127.0.0.1:8025`; off when empty. Put TLS in front for other machines."""
    secret_env: str = "DESK_WEBHOOK_SECRET"
    """Environment variable that holds the secret requests are signed with, 16 characters at least."""
    mailbox: str = ""
    """The mailbox they belong to; by their recipient when empty."""


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """How the screen looks and which keys it uses."""

    theme: str = "harbour"
    """Name of a theme in `themes/` or in your own themes folder."""
    agent: str = ""
    """Your name on the desk; the login name when empty."""
    keys: dict[str, str] = field(default_factory=dict)
    """Your own keys: command id = key."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set."""

    database: str = ""
    """Database URL for teams on PostgreSQL; SQLite in the data folder when empty."""
    mailboxes: tuple[MailboxConfig, ...] = ()
    """The mailboxes, as `[[mailboxes]]`."""
    rules: tuple[RuleConfig, ...] = ()
    """Which mailbox a new ticket belongs to, as `[[rules]]`; the first that fits."""
    model: ModelConfig = ModelConfig()
    """Which models work."""
    pipeline: PipelineConfig = PipelineConfig()
    """How a message becomes a draft, and a draft a sent reply."""
    knowledge: KnowledgeConfig = KnowledgeConfig()
    """What answers are taken from."""
    guard: GuardConfig = GuardConfig()
    """What is kept back beside attacks."""
    escalation: EscalationConfig = EscalationConfig()  # noqa: RUF009  frozen, like the others
    """When a ticket goes to somebody in charge."""
    webhook: WebhookConfig = WebhookConfig()
    """Messages handed in by HTTP."""
    screen: ScreenConfig = ScreenConfig()
    """How the screen looks and which keys it uses."""


_SECURITY = ("tls", "starttls", "none")
_CHOICES = {
    "mailboxes.imap.security": _SECURITY,
    "mailboxes.smtp.security": _SECURITY,
    "mailboxes.oauth.provider": ("google", "microsoft"),
    "mailboxes.register": ("mirror", "formal", "casual"),
    "guard.prohibited.action": ("tag", "quarantine"),
    "model.provider": ("llamacpp", "openai", "none"),
}
"""The words that a setting takes, where it takes no others."""

_RANGES: dict[str, tuple[float, float]] = {
    "mailboxes.imap.port": (1, 65535),
    "mailboxes.imap.poll_seconds": (1, 86_400),
    "mailboxes.smtp.port": (1, 65535),
    "model.context": (512, 1_048_576),
    "model.threads": (0, 1024),
    "escalation.messages": (0, 100),
    "knowledge.lookups.seconds": (1, 30),
    "knowledge.lookups.keep_seconds": (0, 86_400),
    "pipeline.window_seconds": (0, 3600),
    "pipeline.window_max": (1, 100),
    "pipeline.hold_seconds": (0, 120),
    "pipeline.resolve_after_days": (0, 3650),
    "pipeline.thread_messages": (0, 100),
    "pipeline.draft_tokens": (16, 4096),
}
"""The least and the most of every number, both allowed."""

MOST_DAYS = 36_500
"""The longest history `import_from` takes, in days: as far back as a mailbox can hold mail."""


def load(path: Path, env: Mapping[str, str] | None = None) -> Config:
    """Read the file (a missing one gives the defaults) and apply the environment; raise `ConfigError` naming file and key."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as problem:
        raise ConfigError(f"{path} can't be read: {problem.strerror}.", "Mend the path or its rights.") from problem
    return parse(data, path, env)


def parse(data: bytes, path: Path, env: Mapping[str, str] | None = None) -> Config:
    """The configuration that these bytes (UTF-8) are, named `path` in messages; raises as `load` does."""
    try:
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ConfigError(f"{path}, line {line} is not UTF-8 text.", "Save the file as UTF-8.") from problem
    except (ValueError, RecursionError) as problem:  # a number of thousands of digits is a plain ValueError
        raise ConfigError(f"{path} is not valid TOML: {problem}.", "Mend that and start again.") from problem
    rules = tables.pop("rules", [])
    config = typing.cast(Config, build(Config, tables, "", Rules(path, _allowed, _fits)))
    distinct(config, path)
    config = replace(config, rules=read_rules(rules, config, path))
    return _environment(config, os.environ if env is None else env)


def loopback(host: str) -> bool:
    """Whether a host is this machine, by name or address, without looking it up."""
    if host.lower() in ("localhost", "localhost.localdomain") or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def import_choice(text: str) -> bool:
    """Whether this says what a first connection takes in: `now`, `all`, or a number of days from 1 to `MOST_DAYS`."""
    return text in ("now", "all") or (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= MOST_DAYS)


def _environment(config: Config, env: Mapping[str, str]) -> Config:
    model = config.model
    provider = env.get("LLM_PROVIDER", "") or model.provider
    if provider not in (providers := _CHOICES["model.provider"]):
        raise ConfigError(f"LLM_PROVIDER is {shown(provider)}.", f"Set it to {either(providers)}.")
    return replace(
        config,
        model=replace(
            model,
            default=env.get("LLM_MODEL", "") or model.default,
            fast=env.get("LLM_MODEL_FAST", "") or model.fast,
            capable=env.get("LLM_MODEL_CAPABLE", "") or model.capable,
            provider=provider,
            base_url=env.get("LLM_BASE_URL", "") or model.base_url,
        ),
    )


def _fits(record: Any, where: str, path: Path) -> None:
    """Raise when a table is not complete, or its settings do not go together."""
    if isinstance(record, LookupConfig) and not (
        record.name and record.pattern and bool(record.command) != bool(record.url)
    ):
        what = f"{path}: {where.rstrip('.')} needs a name, a pattern, and either a command or a url."
        raise ConfigError(what, "Add what is missing.")
    if isinstance(record, ProhibitedConfig) and not (record.name.strip() and any(w.strip() for w in record.words)):
        raise ConfigError(f"{path}: {where.rstrip('.')} needs a name and words.", "Add what is missing.")
    if isinstance(record, ImapConfig | SmtpConfig) and record.security == "none" and not loopback(record.host):
        what = f'{path}: {where}security is "none", but {record.host or "a missing host"} is not this machine.'
        raise ConfigError(what, 'Use "tls" or "starttls"; without encryption the password could be read on its way.')


def _allowed(value: Any, name: str, path: Path) -> None:
    """Raise when a value of the right type is not one that this setting takes."""
    plain = re.sub(r"\[\d+\]", "", name)
    if (choices := _CHOICES.get(plain)) and value not in choices:
        near = difflib.get_close_matches(str(value).lower(), choices, n=1)
        raise ConfigError(f"{path}: {name} is {shown(value)}.", f"Use {near[0] if near else either(choices)}.")
    low, high = _RANGES.get(plain, (-math.inf, math.inf))
    if isinstance(value, int | float) and not low <= value <= high:
        raise ConfigError(f"{path}: {name} is {shown(value)}.", f"Use a number from {low:.0f} to {high:.0f}.")
    if plain == "webhook.listen" and value and not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/]+):\d{1,5}", value):
        raise ConfigError(f"{path}: {name} is {shown(value)}.", "Write HOST:PORT, such as 127.0.0.1:8025.")
    if plain == "knowledge.lookups.pattern":
        try:
            re.compile(value)
        except re.error as problem:
            what = f"{path}: {name} is no regular expression: {problem}."
            raise ConfigError(what, "Mend it; write it in single quotes, so that \\ stands for itself.") from problem
    if plain == "mailboxes.import_from" and not import_choice(value):
        fix = f'Use "now", "all" or a number of days from 1 to {MOST_DAYS}, in quotes.'
        raise ConfigError(f"{path}: {name} is {shown(value)}.", fix)
