"""What a model is to the rest of desk: one protocol, and the records that go in and come out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Finish = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of prompt text. `special`: the model's control tokens in it count as such; true for a chat template alone.

    `outside` marks text that came from outside and is framed as data. `starts` marks the beginning of a part: what
    stands before it is likely to stand before other prompts too, so a model keeps it up to exactly here.
    """

    text: str
    special: bool = False
    outside: bool = False
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt: who speaks, and the text in segments."""

    role: Literal["system", "user"]
    segments: tuple[Segment, ...]

    def text(self) -> str:
        """The turn as one string."""
        return "".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. Built by `desk.llm.prompts` alone, so that text from outside is always framed.

    `version` names every template that took part, with a hash of its words.
    """

    messages: tuple[Message, ...]
    version: str

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments in order, without any model's chat template."""
        return tuple(segment for message in self.messages for segment in message.segments)

    def text(self) -> str:
        """The prompt as a person reads it in the inspector."""
        return "\n\n".join(f"--- {message.role} ---\n{message.text()}" for message in self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call cost. `tokens_evaluated` are input tokens the model really computed, not those kept from before."""

    tokens_in: int
    tokens_evaluated: int
    tokens_out: int
    ms: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The probability of each label; they sum to 1.

    `graded` is false where a server gave only an answer: then the chosen label has 1.0, which is not a probability.
    """

    probabilities: dict[str, float]
    usage: Usage
    graded: bool = True

    @property
    def best(self) -> str:
        """The most probable label."""
        return max(self.probabilities, key=lambda label: self.probabilities[label])


@dataclass(frozen=True, slots=True)
class Generation:
    """Written text, what it cost, and why it ended."""

    text: str
    usage: Usage
    finished: Finish


class Cancel(Protocol):
    """Anything like `threading.Event`: set by whoever wants the work to stop."""

    def is_set(self) -> bool:
        """Whether the work should stop."""
        ...


@runtime_checkable
class Model(Protocol):
    """A language model, in process or on a server. One call at a time; a second one waits for the first."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the weights do; stored with everything the model made."""
        ...

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text, its control tokens read as plain text."""
        ...

    def score(
        self,
        prompt: Prompt,
        labels: Sequence[str],
        *,
        baseline: Prompt | None = None,
        cancel: Cancel | None = None,
    ) -> Scores:
        """Probabilities of the labels as the answer to the prompt; nothing is generated.

        With a `baseline` (the same question about nothing) its scores are subtracted first: contextual calibration,
        Zhao et al. 2021, which removes the model's liking for certain words. Raises `Cancelled` when stopped and
        `ModelError` when the prompt does not fit.
        """
        ...

    def generate(
        self,
        prompt: Prompt,
        *,
        max_tokens: int,
        grammar: str | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        cancel: Cancel | None = None,
    ) -> Generation:
        """Write an answer. `on_text` gets each piece as it comes; the pieces joined are the text.

        `grammar` is GBNF with a rule `root`. A cancelled call returns what was written so far, `finished` "cancelled".
        Raises `ModelError` when the prompt and `max_tokens` do not fit the context.
        """
        ...

    def close(self) -> None:
        """Give back memory and connections; the model can't be used afterwards."""
        ...
