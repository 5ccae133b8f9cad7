"""The configuration file: every mistake is named with its place and the way out, and what is written is read back."""

import re
import typing
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import config as settings_of
from desk.cli.settings import write
from desk.config import Config, ImapConfig, MailboxConfig, ModelConfig, PipelineConfig, SmtpConfig, load, parse
from desk.errors import ConfigError

WHERE = Path("desk.toml")


def refusal(text: str | bytes, env: dict[str, str] | None = None) -> str:
    """What a person reads about this file; it must be one line that names the file."""
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), WHERE, env or {})
    assert caught.value.exit_code == 2
    assert caught.value.fix, "says what is wrong, not what to do"
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "desk.toml", {}) == Config()


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff# saved by an editor that marks UTF-8\n", "# nothing\r\n"])
def test_an_empty_file_gives_the_defaults(text: str) -> None:
    assert parse(text.encode(), WHERE, {}) == Config()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[model]\ncontext = \n", "line 2"),
        ("[model\n", "line 1"),
        ('a = "never closed\n', "line 1"),
        ("[model]\ncontext = 2048\n[model]\n", "line 3"),
        (b"[screen]\nagent = 'J\xf6rg'\n", "line 2"),
        ("\n\n[[mailboxes]]\nname = main\n", "line 4"),
    ],
)
def test_broken_toml_names_file_and_line(text: str | bytes, line: str) -> None:
    message = refusal(text)
    assert message.startswith("desk.toml")
    assert line in message


def test_monstrous_toml_is_refused_like_any_other() -> None:
    for text in ("a = " + "[" * 100_000, "[model]\ncontext = " + "9" * 5000, "\0"):
        assert "desk.toml" in refusal(text)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read") as caught:
        load(tmp_path, {})
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[models]\n", "models", "model"),
        ("[pipeline]\nhold_second = 3\n", "pipeline.hold_second", "pipeline.hold_seconds"),
        ('[[mailboxes]]\nadress = "a@b.example"\n', "mailboxes[0].adress", "mailboxes[0].address"),
        ('[[mailboxes]]\n[[mailboxes]]\nname = "b"\nimap.hots = "h"\n', "mailboxes[1].imap.hots", "imap.host"),
        ('[[mailboxes]]\npassword = "hunter2"\n', "mailboxes[0].password", "password_"),
        ('databse = "x"\n', "databse", "database"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_one(text: str, key: str, near: str) -> None:
    message = refusal(text)
    assert f"desk.toml: there is no setting {key}." in message
    assert f"Did you mean {near}" in message or f".{near}" in message.partition("Did you mean")[2]
    assert "hunter2" not in message


def test_an_unknown_key_like_no_other_lists_those_there_are() -> None:
    message = refusal("[screen]\nzzz = 1\n")
    assert "Valid keys here: agent, keys, theme." in message


@pytest.mark.parametrize(
    ("text", "key", "wanted"),
    [
        ("database = 5\n", "database", "text"),
        ('[model]\ncontext = "4096"\n', "model.context", "a whole number"),
        ("[model]\ncontext = 4096.0\n", "model.context", "a whole number"),
        ("[model]\nthreads = true\n", "model.threads", "a whole number"),
        ('[pipeline]\nhold_seconds = "15"\n', "pipeline.hold_seconds", "a number"),
        ("[pipeline]\nwindow_seconds = false\n", "pipeline.window_seconds", "a number"),
        ('[[mailboxes]]\nimap.write_back = "yes"\n', "mailboxes[0].imap.write_back", "true or false"),
        ('[[mailboxes]]\naliases = "a@b.example"\n', "mailboxes[0].aliases", "a list"),
        ("[[mailboxes]]\naliases = [1]\n", "mailboxes[0].aliases[0]", "text"),
        ("[mailboxes]\n", "mailboxes", "a list"),
        ("model = 3\n", "model", "a table"),
        ('screen.keys = "q"\n', "screen.keys", "a table"),
        ("screen.keys.approve = 1\n", "screen.keys.approve", "text"),
        ("database = 2026-01-01\n", "database", "text"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_what_is_wanted(text: str, key: str, wanted: str) -> None:
    assert f"desk.toml: {key} must be {wanted}, not " in refusal(text)


def test_a_long_wrong_value_is_cut_in_the_message() -> None:
    assert len(refusal(f"model = [{'1, ' * 5000}]\n")) < 200


@pytest.mark.parametrize(
    ("text", "key", "use"),
    [
        ('[model]\nprovider = "OpenAI"\n', "model.provider is 'OpenAI'", "Use openai."),
        ('[model]\nprovider = "x"\n', "model.provider is 'x'", "Use llamacpp, openai or none."),
        ('[[mailboxes]]\nimap.security = "ssl"\n', "mailboxes[0].imap.security", "Use tls"),
        ('[[mailboxes]]\nsmtp.security = "start-tls"\n', "mailboxes[0].smtp.security", "Use starttls."),
        ('[[mailboxes]]\nregister = "informal"\n', "mailboxes[0].register", "Use formal."),
        ('[[mailboxes]]\nimport_from = "yesterday"\n', "mailboxes[0].import_from", "a number of days"),
        ('[[mailboxes]]\nimport_from = "0"\n', "mailboxes[0].import_from", "a number of days"),
    ],
)
def test_a_word_that_is_not_among_the_choices_is_refused(text: str, key: str, use: str) -> None:
    message = refusal(text)
    assert f"desk.toml: {key}" in message
    assert use in message


def test_a_key_of_the_users_own_may_be_called_like_a_setting() -> None:
    assert parse(b'[screen.keys]\nprovider = "x"\nsecurity = "y"\n', WHERE, {}).screen.keys["provider"] == "x"


@pytest.mark.parametrize("days", ["now", "all", "1", "90", "36500"])
def test_what_the_first_connection_may_take_in(days: str) -> None:
    assert parse(f'[[mailboxes]]\nimport_from = "{days}"\n'.encode(), WHERE, {}).mailboxes[0].import_from == days


def numbers() -> list[tuple[str, float, float, type]]:
    """Every number there is to set, with its range, found in the records themselves."""
    found = []

    def look(kind: type, where: str) -> None:
        hints = typing.get_type_hints(kind)
        for f in fields(kind):
            inner = (typing.get_args(hints[f.name]) or (hints[f.name],))[0]
            if is_dataclass(inner):
                look(typing.cast(type, inner), f"{where}{f.name}.")
            elif hints[f.name] in (int, float):
                low, high = settings_of._RANGES[f"{where}{f.name}"]
                assert f.default is not MISSING
                assert low <= f.default <= high
                found.append((f"{where}{f.name}", low, high, hints[f.name]))

    look(Config, "")
    return found


@pytest.mark.parametrize(("key", "low", "high", "kind"), numbers(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_number_has_a_least_and_a_most(key: str, low: float, high: float, kind: type) -> None:
    table, _, name = key.partition(".")
    head = "[[mailboxes]]" if table == "mailboxes" else f"[{table}]"
    shown = key.replace("mailboxes.", "mailboxes[0].").replace("lookups.", "lookups[0].")
    if key.startswith("knowledge.lookups."):
        head = "[[knowledge.lookups]]\nname = 'a'\npattern = 'x'\ncommand = ['a']"
        name = key.rpartition(".")[2]
    step = 1 if kind is int else 0.5
    wrong = [low - step, high + step, 10**400]
    for value in [*wrong, "nan", "inf", "-inf"] if kind is float else wrong:
        message = refusal(f"{head}\n{name} = {value}\n")
        assert f"desk.toml: {shown} is " in message
        assert f"from {low:.0f} to {high:.0f}." in message
    for value in (low, high):
        parse(f"{head}\n{name} = {int(value)}\n".encode(), WHERE, {})


def test_two_mailboxes_of_one_name_are_refused() -> None:
    message = refusal('[[mailboxes]]\nname = "shop"\n[[mailboxes]]\nname = "b"\n[[mailboxes]]\nname = "Shop"\n')
    assert "mailboxes[2].name is 'Shop', and so is mailboxes[0].name" in message
    assert "mailboxes[1].name is 'main'" in refusal("[[mailboxes]]\n[[mailboxes]]\n")
    assert "mailboxes[0].name is empty" in refusal('[[mailboxes]]\nname = " "\n')


@pytest.mark.parametrize("server", ["imap", "smtp"])
@pytest.mark.parametrize("host", ["mail.example.org", "10.0.0.7", "", "127.0.0.1.example.org", "localhost.example.org"])
def test_no_encryption_is_for_this_machine_only(server: str, host: str) -> None:
    message = refusal(f'[[mailboxes]]\n{server}.host = "{host}"\n{server}.security = "none"\n')
    assert f"mailboxes[0].{server}.security" in message
    assert "starttls" in message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "mail.localhost", "::1", "[::1]"])
def test_no_encryption_on_this_machine_is_allowed(host: str) -> None:
    box = parse(f'[[mailboxes]]\nimap.host = "{host}"\nimap.security = "none"\n'.encode(), WHERE, {}).mailboxes[0]
    assert box.imap.security == "none"


def test_the_environment_wins_over_the_file() -> None:
    text = b'[model]\ndefault = "d"\nfast = "f"\ncapable = "c"\nprovider = "none"\nbase_url = "http://a/v1"\n'
    env = {"LLM_MODEL": "D", "LLM_MODEL_FAST": "F", "LLM_MODEL_CAPABLE": "C", "LLM_PROVIDER": "openai"}
    model = parse(text, WHERE, {**env, "LLM_BASE_URL": "http://b/v1"}).model
    assert (model.default, model.fast, model.capable, model.provider) == ("D", "F", "C", "openai")
    assert model.base_url == "http://b/v1"
    assert parse(text, WHERE, dict.fromkeys(env, "")).model.default == "d", "an empty variable sets nothing"


def test_a_wrong_provider_in_the_environment_is_named() -> None:
    with pytest.raises(ConfigError, match="LLM_PROVIDER is 'gpt'") as caught:
        parse(b"", WHERE, {"LLM_PROVIDER": "gpt"})
    assert "llamacpp, openai or none" in caught.value.fix


def test_the_environment_of_the_process_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_MODEL_FAST", "small.gguf")
    assert load(tmp_path / "desk.toml").model.fast == "small.gguf"


# Any text that TOML can hold: all of Unicode but surrogates.
_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_number = {
    key: st.integers(int(low), int(high)) if kind is int else st.floats(low, high) for key, low, high, kind in numbers()
}
_servers = {
    "host": st.just("localhost"),
    "security": st.sampled_from(["tls", "starttls", "none"]),
    "user": _text,
}
_boxes = st.builds(
    MailboxConfig,
    name=_text.filter(str.strip),
    address=_text,
    display_name=_text,
    aliases=st.lists(_text, max_size=3).map(tuple),
    imap=st.builds(
        ImapConfig,
        **_servers,
        folder=_text,
        sent_folder=_text,
        write_back=st.booleans(),
        port=_number["mailboxes.imap.port"],
        poll_seconds=_number["mailboxes.imap.poll_seconds"],
    ),
    smtp=st.builds(SmtpConfig, **_servers, port=_number["mailboxes.smtp.port"]),
    password_env=_text,
    password_cmd=_text,
    folder=_text,
    import_from=st.sampled_from(["now", "all", "30"]),
    signature=_text,
    language=_text,
    register=st.sampled_from(["mirror", "formal", "casual"]),
)
_lookups = st.builds(
    settings_of.LookupConfig,
    name=_text.filter(bool),
    pattern=_text.filter(bool).map(re.escape),
    command=st.lists(_text, min_size=1, max_size=3).map(tuple),
    public=st.booleans(),
    seconds=_number["knowledge.lookups.seconds"],
    keep_seconds=_number["knowledge.lookups.keep_seconds"],
)
_configs = st.builds(
    Config,
    database=_text,
    mailboxes=st.lists(_boxes, max_size=3, unique_by=lambda box: box.name.strip().casefold()).map(tuple),
    model=st.builds(
        ModelConfig,
        default=_text,
        fast=_text,
        capable=_text,
        provider=st.sampled_from(["llamacpp", "openai", "none"]),
        base_url=_text,
        api_key_env=_text,
        context=_number["model.context"],
        threads=_number["model.threads"],
    ),
    pipeline=st.builds(
        PipelineConfig,
        **{key.removeprefix("pipeline."): number for key, number in _number.items() if key.startswith("pipeline.")},
    ),
    knowledge=st.builds(
        settings_of.KnowledgeConfig,
        *[_text] * (len(fields(settings_of.KnowledgeConfig)) - 1),
        lookups=st.lists(_lookups, max_size=2).map(tuple),
    ),
    screen=st.builds(
        settings_of.ScreenConfig, theme=_text, agent=_text, keys=st.dictionaries(_text, _text, max_size=3)
    ),
)


@settings(max_examples=150, deadline=None)
@given(_configs)
def test_what_is_written_is_read_back(config: Config) -> None:
    assert parse(write(config).encode(), WHERE, {}) == config


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert write(Config()).strip() == ""
    text = write(replace(Config(), pipeline=PipelineConfig(hold_seconds=30)))
    assert text.split() == ["[pipeline]", "hold_seconds", "=", "30"]
