"""The configuration: one TOML file, every key typed and explained, every mistake named with its nearest valid key."""

import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from desk.errors import ConfigError


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
    sent_folder: str = ""
    """Where a copy of what was sent is filed; found by its special use when empty."""
    poll_seconds: int = 30
    """How often to ask for new mail."""
    write_back: bool = False
    """Whether desk may change anything on the server (copy to Sent, mark answered)."""


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
    imap: ImapConfig = ImapConfig()
    """Where mail is read."""
    smtp: SmtpConfig = SmtpConfig()
    """Where mail is handed over."""
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
    thread_messages: int = 5
    """How many earlier messages of the thread the context takes."""
    draft_tokens: int = 160
    """Most tokens a model may write for one draft."""


@dataclass(frozen=True, slots=True)
class KnowledgeConfig:
    """What answers are taken from."""

    folder: str = ""
    """Folder of Markdown articles (or articles.jsonl)."""
    resolved: str = ""
    """Folder or .jsonl of resolved tickets (id, question, answer)."""
    embeddings: str = ""
    """Folder with an ONNX embedding model; the bundled MiniLM when empty."""
    orders: str = ""
    """CSV of orders, looked up by number."""
    products: str = ""
    """CSV of products, looked up by EAN or name."""


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
    model: ModelConfig = ModelConfig()
    """Which models work."""
    pipeline: PipelineConfig = PipelineConfig()
    """How a message becomes a draft, and a draft a sent reply."""
    knowledge: KnowledgeConfig = KnowledgeConfig()
    """What answers are taken from."""
    screen: ScreenConfig = ScreenConfig()
    """How the screen looks and which keys it uses."""


_CHOICES = {
    "security": ("tls", "starttls", "none"),
    "register": ("mirror", "formal", "casual"),
    "provider": ("llamacpp", "openai", "none"),
}


def load(path: Path, env: Mapping[str, str] | None = None) -> Config:
    """Read the file (a missing one gives the defaults) and apply the environment; raise `ConfigError` naming file and key."""
    env = os.environ if env is None else env
    data: dict[str, Any] = {}
    if path.exists():
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise ConfigError(f"{path} is not valid TOML: {problem}.", "Mend that line and start again.") from problem
    config = typing.cast(Config, _build(Config, data, "", path))
    return _environment(config, env)


def _environment(config: Config, env: Mapping[str, str]) -> Config:
    model = config.model
    provider = env.get("LLM_PROVIDER", "") or model.provider
    if provider not in _CHOICES["provider"]:
        raise ConfigError(f"LLM_PROVIDER is {provider!r}.", f"Set it to one of {', '.join(_CHOICES['provider'])}.")
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


def _build(kind: type[Any], data: Mapping[str, Any], where: str, path: Path) -> Any:
    hints = typing.get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{where}{key}"
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
            hint = f"Did you mean {where}{near[0]}?" if near else f"Valid keys here: {', '.join(sorted(known))}."
            raise ConfigError(f"{path}: there is no setting {name}.", hint)
        values[key] = _value(hints[key], value, name, path)
    return kind(**values)


def _value(hint: Any, value: Any, name: str, path: Path) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        hint = next(a for a in args if a is not type(None))
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _build(hint, value, f"{name}.", path)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(args[0], item, f"{name}[{i}]", path) for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {str(k): str(v) for k, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(hint, type) or not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        wanted = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
        name_of = wanted.get(getattr(hint, "__name__", ""), "a table" if is_dataclass(hint) else "a list")
        raise ConfigError(f"{path}: {name} must be {name_of}, not {value!r}.", "Change it and start again.")
    choices = _CHOICES.get(name.rsplit(".", 1)[-1])
    if choices and value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        raise ConfigError(f"{path}: {name} is {value!r}.", f"Use {near[0] if near else ' or '.join(choices)}.")
    return value
