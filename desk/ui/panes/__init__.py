"""What the panes show: the views there are, their sheets for the list, and their pages for the reader."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pane:
    """One view: its name in the list of views, its keys, and what it says when it is empty."""

    id: str
    title: str
    digit: str
    letter: str
    """The key after `g`."""
    empty: str
    order: str = ""
    """Said in the title where the order is not the newest first."""


PANES = (
    Pane("inbox", "Inbox", "1", "i", "The inbox is empty. New mail appears here by itself; press g a for all tickets."),
    Pane(
        "review",
        "Review",
        "2",
        "r",
        "Nothing needs you. Press n for the next ticket that does, 1 for the inbox.",
        "needs you first",
    ),
    Pane("mine", "Mine", "3", "m", "No ticket is yours. Press A in the inbox to take one."),
    Pane(
        "outbox",
        "Outbox",
        "4",
        "o",
        "Nothing is on its way. Approve a draft with a, and it waits here before it leaves.",
    ),
    Pane(
        "snoozed", "Snoozed", "5", "s", "Nothing is snoozed. Press s on a ticket to see it again later.", "next first"
    ),
    Pane(
        "quarantine", "Quarantine", "6", "q", "No attack is waiting. What the guard stops appears here, and only here."
    ),
    Pane(
        "automated", "Automated", "7", "u", "No newsletters, receipts or bounces. They are kept here, out of your way."
    ),
    Pane("spam", "Spam", "8", "j", "No spam. Press 1 for the inbox."),
    Pane("done", "Done", "9", "d", "Nothing is done yet. Press d on a ticket when it is answered."),
    Pane("all", "All", "", "a", "There are no tickets yet. Press ? for the keys."),
    Pane(
        "knowledge",
        "Knowledge",
        "",
        "k",
        "There are no articles yet. Name a folder of Markdown files as knowledge.folder.",
    ),
    Pane("activity", "Activity", "", "l", "Nothing has happened yet. Everything desk does is written here."),
    Pane("search", "Search", "", "/", "Nothing was found. Press / to search for other words."),
)
"""In the order of the list; search appears there only while it holds something."""

BY_ID = {pane.id: pane for pane in PANES}
CYCLE = tuple(p.id for p in PANES if p.id != "search")
THREAD_VIEWS = frozenset({"inbox", "review", "mine", "snoozed", "automated", "spam", "done", "all"})
