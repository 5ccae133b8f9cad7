"""Which way a ticket goes, as a table of when-edges. The first edge whose condition holds fires; the last one always does."""

from collections.abc import Callable
from dataclasses import dataclass

from desk.domain.enums import ActionKind, Category, Intent, Known, Priority, RouteTo
from desk.pipeline.compose import Material


@dataclass(frozen=True, slots=True)
class Edge:
    """One branch: its name, when it fires, what it plans and where it leads."""

    name: str
    when: Callable[[Material], bool]
    actions: tuple[ActionKind, ...]
    to: RouteTo
    why: str


ESCALATE = "escalate"


def _escalates(m: Material) -> bool:
    asked = any(i.intent is Intent.ESCALATION and i.confidence >= 0.5 for i in m.triage.intents)
    upset = m.triage.category is Category.COMPLAINT and m.triage.priority is Priority.URGENT
    return bool(m.escalate) or asked or upset


EDGES: tuple[Edge, ...] = (
    Edge(
        "thanks",
        lambda m: m.thanks_only,
        (ActionKind.ARCHIVE,),
        RouteTo.REVIEW,
        "the message only says thank you",
    ),
    Edge(
        ESCALATE,
        _escalates,
        (ActionKind.ESCALATE, ActionKind.REPLY),
        RouteTo.ESCALATE,
        "an upset customer, or one who asks for somebody in charge",
    ),
    Edge(
        "known",
        lambda m: m.known is Known.KNOWN,
        (ActionKind.REPLY,),
        RouteTo.REVIEW,
        "the knowledge answers it",
    ),
    Edge(
        "idea",
        lambda m: m.triage.category is Category.FEATURE_REQUEST,
        (ActionKind.REPLY, ActionKind.CREATE_TICKET),
        RouteTo.QUEUE,
        "a wish for the product, noted for the team",
    ),
    Edge(
        "unsure",
        lambda m: m.known is Known.UNSURE,
        (ActionKind.REPLY,),
        RouteTo.WAITING_FOR_INPUT,
        "an article may answer it; a person decides which",
    ),
    Edge(
        "novel",
        lambda m: True,
        (ActionKind.REPLY,),
        RouteTo.QUEUE,
        "nothing in the knowledge answers it; a person writes",
    ),
)


def edge(material: Material) -> Edge:
    """The one edge that fires."""
    return next(e for e in EDGES if e.when(material))


def by_name(name: str) -> Edge:
    """The edge a stored plan names; KeyError when the table has none of that name."""
    return {e.name: e for e in EDGES}[name]
