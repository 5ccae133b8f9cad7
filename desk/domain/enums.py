"""The one set of enums. Every step, table, pane and prompt uses these and nothing else."""

from collections.abc import Mapping
from enum import StrEnum

SCAN, TICKET = "scan", "ticket"
"""The two kinds of run: a message through the guard, a ticket through the steps."""
GUARD = "guard"
"""The one step of a scan run: every message passes it before anything else looks at its text."""


class Category(StrEnum):
    """What a ticket is about."""

    SUPPORT = "support"
    SALES = "sales"
    BILLING = "billing"
    FEATURE_REQUEST = "feature_request"
    COMPLAINT = "complaint"
    SPAM = "spam"
    INTERNAL = "internal"
    OTHER = "other"


class Priority(StrEnum):
    """How soon a ticket needs an answer."""

    URGENT = "urgent"
    NORMAL = "normal"
    LOW = "low"


class Sentiment(StrEnum):
    """The customer's mood."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


FIELDS: Mapping[str, type[StrEnum]] = {"category": Category, "priority": Priority, "sentiment": Sentiment}
"""What a person can say of a ticket and desk learns: the name of the column and of the classifier, and the labels."""


class Intent(StrEnum):
    """What a passage of a message wants."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    REQUEST = "request"
    INFORMATION = "information"
    ESCALATION = "escalation"
    ACKNOWLEDGMENT = "acknowledgment"


class MessageStatus(StrEnum):
    """Where a message stands; the legal moves are in `states.MESSAGE_MOVES`."""

    RECEIVED = "received"
    PROCESSING = "processing"
    CLASSIFIED = "classified"
    DRAFT_READY = "draft_ready"
    APPROVED = "approved"
    SENT = "sent"
    QUARANTINED = "quarantined"
    AUTOMATED = "automated"
    SPAM = "spam"
    COALESCED = "coalesced"
    ARCHIVED = "archived"
    FAILED = "failed"


class RunState(StrEnum):
    """State of a durable run of the pipeline."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING_FOR_INPUT = "waiting_for_input"
    WAITING_CHILDREN = "waiting_children"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class OutboxState(StrEnum):
    """State of one outgoing message."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    FILED = "filed"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ThreadStatus(StrEnum):
    """State of a ticket."""

    OPEN = "open"
    PENDING_REVIEW = "pending_review"
    WAITING = "waiting"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    ARCHIVED = "archived"


class ActionKind(StrEnum):
    """What a plan may propose."""

    REPLY = "reply"
    FORWARD = "forward"
    ESCALATE = "escalate"
    ARCHIVE = "archive"
    CREATE_CONTACT = "create_contact"
    TAG_THREAD = "tag_thread"
    CREATE_TICKET = "create_ticket"


class ActionState(StrEnum):
    """State of one planned action."""

    PLANNED = "planned"
    EXECUTED = "executed"
    REJECTED = "rejected"


class AttackType(StrEnum):
    """Kind of attack on a language model the guard names."""

    DIRECT_INJECTION = "direct_injection"
    DELIMITER_ATTACK = "delimiter_attack"
    ROLE_IMPERSONATION = "role_impersonation"
    ENCODING_EVASION = "encoding_evasion"
    INSTRUCTION_SMUGGLING = "instruction_smuggling"
    NONE = "none"


class Direction(StrEnum):
    """Which way a message went."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Known(StrEnum):
    """Whether the knowledge answers a question."""

    KNOWN = "known"
    UNSURE = "unsure"
    NOVEL = "novel"


class Authority(StrEnum):
    """Whose word a piece of knowledge is, the strongest first: where two disagree, the stronger one answers."""

    POLICY = "policy"
    ARTICLE = "article"
    LEARNT = "learnt"


class Author(StrEnum):
    """Who wrote a draft."""

    COMPOSED = "composed"
    MODEL = "model"
    AGENT = "agent"


class Tier(StrEnum):
    """How much of the context fitted."""

    NORMAL = "normal"
    COMPACTED = "compacted"
    EMERGENCY = "emergency"


class Register(StrEnum):
    """Form of address: du/Sie, tu/vous, tú/usted, je/u."""

    FORMAL = "formal"
    CASUAL = "casual"


class RouteTo(StrEnum):
    """Where a ticket goes when its run ends."""

    REVIEW = "review"
    QUEUE = "queue"
    ESCALATE = "escalate"
    WAITING_FOR_INPUT = "waiting_for_input"
    NONE = "none"


class RejectReason(StrEnum):
    """Why an agent refused a draft (the reason menu, 1 to 6)."""

    WRONG_FACTS = "wrong_facts"
    MISSING_ANSWER = "missing_answer"
    WRONG_TONE = "wrong_tone"
    TOO_LONG = "too_long"
    WRONG_LANGUAGE = "wrong_language"
    OTHER = "other"
