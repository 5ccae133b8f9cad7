"""A model's chat template around a prompt, so that only the template's own words may hold control tokens."""

from dataclasses import dataclass
from typing import Any

from desk.llm.base import Prompt, Segment

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
_SYSTEM, _USER = "\ue000system\ue000", "\ue000user\ue000"


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """What stands before, between and after the two turns. `before_user` is None where there is no system turn."""

    start: str
    before_user: str | None
    end: str

    def segments(self, prompt: Prompt) -> tuple[list[Segment], list[Segment]]:
        """The whole prompt in two runs: all that comes before the user's words (the system prefix), and the rest.

        Without a system turn the system words open the user's turn.
        """
        system = [s for message in prompt.messages if message.role == "system" for s in message.segments]
        user = [s for message in prompt.messages if message.role == "user" for s in message.segments]
        between = Segment("\n\n") if self.before_user is None else Segment(self.before_user, special=True)
        end = Segment(
            self.end, special=True, starts=True
        )  # where a longer question goes on instead, all before it is kept
        return [Segment(self.start, special=True), *system, between], [*user, end]


def parse(template: str, *, bos: str = "", eos: str = "") -> ChatFormat:
    """Read a Jinja chat template (as in GGUF metadata) by rendering it once with marks in place of the turns.

    A template without a system turn is asked again with the user's turn alone; one that can't be rendered, or that
    repeats or drops what it is given, gives way to ChatML.
    """
    system, user = {"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}
    for source in (template, CHATML):
        for messages in ([system, user], [user]):
            rendered = _render(source, messages, bos, eos)
            marks = [message["content"] for message in messages]
            if all(rendered.count(mark) == 1 for mark in marks) and rendered.index(marks[-1]) >= rendered.index(
                marks[0]
            ):
                head, end = rendered.split(_USER)
                if len(messages) == 1:
                    return ChatFormat(head, None, end)
                start, between = head.split(_SYSTEM)
                return ChatFormat(start, between, end)
    raise AssertionError("ChatML holds both turns")


def _render(template: str, messages: list[dict[str, str]], bos: str, eos: str) -> str:
    """The template's text, or nothing where it refuses these turns or is not a template."""
    import jinja2
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    if not template:
        return ""
    try:
        formatter: Any = Jinja2ChatFormatter(template, eos_token=eos, bos_token=bos)
        return str(formatter(messages=messages, enable_thinking=False).prompt)
    except (jinja2.TemplateError, ValueError, TypeError, KeyError):
        return ""
