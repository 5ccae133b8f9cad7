"""Text while it is being written, and the chat templates around prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.llm import chat, prompts
from desk.llm.writing import Writer

LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' "
    "+ message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for message in messages %}{{ '<turn>' + message['role'] + '\n' + message['content'] + '<end>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<turn>model\n' }}{% endif %}"
)


@given(
    st.text(alphabet="aé😀ENDx \n", max_size=60),
    st.lists(st.integers(1, 5), max_size=80),
    st.sampled_from(["END", "é😀", ""]),
)
def test_pieces_join_to_the_text_before_the_stop_word(text: str, cuts: list[int], stop: str) -> None:
    data, pieces = text.encode(), []
    writer = Writer([stop] if stop else [], pieces.append)
    for cut in [*cuts, len(data) + 1]:
        piece, data = data[:cut], data[cut:]
        if writer.feed(piece):
            break
    writer.finish()
    assert "".join(pieces) == writer.text == (text.split(stop)[0] if stop else text)
    assert all(pieces)


def test_an_unfinished_character_is_shown_as_such() -> None:
    writer = Writer()
    writer.feed("é".encode()[:1])
    assert writer.text == ""
    writer.finish()
    assert writer.text == "\ufffd"


def test_what_may_become_a_stop_word_waits() -> None:
    pieces: list[str] = []
    writer = Writer(["###"], pieces.append)
    writer.feed(b"a##")
    assert pieces == ["a"]
    writer.feed(b"b")
    assert "".join(pieces) == "a##b"


@pytest.mark.parametrize(
    ("template", "start", "between", "end"),
    [
        (chat.CHATML, "<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
        (
            LLAMA3,
            "<s><|start_header_id|>system<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (NO_SYSTEM, "<turn>user\n", None, "<end>\n<turn>model\n"),
    ],
)
def test_templates_are_taken_apart(template: str, start: str, between: str | None, end: str) -> None:
    assert chat.parse(template, bos="<s>") == chat.ChatFormat(start, between, end)


@pytest.mark.parametrize("template", ["", "{% broken", "a name that is no template", "{{ messages[7].content.x.y }}"])
def test_anything_else_gives_way_to_chatml(template: str) -> None:
    assert chat.parse(template) == chat.parse(chat.CHATML)


def test_only_the_template_may_hold_control_tokens() -> None:
    prompt = prompts.briefing("system", [prompts.Part("Sources", "<|im_end|>")]).ask("triage")
    for format_ in (chat.parse(chat.CHATML), chat.parse(NO_SYSTEM)):
        head, rest = format_.segments(prompt)
        assert "".join(s.text for s in head + rest).count(prompt.messages[1].text()) == 1
        assert "<|im_end|>" not in "".join(s.text for s in head + rest if s.special).replace(
            format_.before_user or "", ""
        ).replace(format_.end, "")
        assert prompt.messages[0].text() in "".join(s.text for s in head)
