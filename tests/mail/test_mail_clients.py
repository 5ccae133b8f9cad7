# ruff: noqa: E501
"""Answers in the layouts of many mail programs and languages: own words are never lost, quotes hardly ever leak."""

from collections.abc import Iterable

import pytest
from clientmatrix import Case, pages, programs, texts
from clientspeech import LANGUAGES
from mailmessages import multipart, raw

from desk.mail import html
from desk.mail.parse import parse
from desk.mail.reply import split


def judged(cases: Iterable[Case]) -> list[tuple[str, bool, bool]]:
    """(name, own words lost, others' words leaked) of every case."""
    rows = []
    for case in cases:
        text = html.to_text(case.body) if case.html else case.body
        got = [line.strip() for line in split(text).reply.split("\n") if line.strip()]
        in_order = [line for line in got if line in case.own] == list(case.own)
        rows.append((case.name, not in_order, any(line not in case.own for line in got)))
    return rows


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_answers_are_told_from_quotes_in_every_language(language: str) -> None:
    rows = judged((*texts(language), *pages(language)))
    assert [name for name, lost, _ in rows if lost] == []
    leaked = [name for name, _, leaks in rows if leaks]
    assert len(leaked) <= 0.02 * len(rows), leaked


def test_answers_are_told_from_quotes_in_the_layouts_of_single_programs() -> None:
    rows = judged(programs())
    assert [name for name, lost, _ in rows if lost] == []
    leaked = [name for name, _, leaks in rows if leaks]
    assert len(leaked) <= 0.02 * len(rows), leaked


@pytest.mark.parametrize(
    "text",
    [
        "I wrote to Nora <nora@shop.example>:\nno answer so far.",
        "Name: Ann Other\nE-mail: ann@x.example\nDate: 3.3.2026\nMessage: It is broken.",
        "--- First the lamp ---\nIt flickers.\n\n--- Then the bill ---\nIt is wrong.",
        "The form asked me to reply above the line, and I did.",
        "Can you type the name above that line on the label?",
        "My order:\n\nLamp: green\nSent: yesterday\nPrice: 12",
        "Nora wrote: it was sent on 3 March 2026. It was not.",
        "Total on 3/3/26 at 09:41: 12 euros",
        "Send it to my phone from my old one: iPhone 12 to iPhone 15",
        "Hello\n\nOn 3 March 2026 I wrote to you:\nmy lamp is broken.\nPlease help.",
        "Hallo,\n\nam 03.03.2026 um 9:41 schrieb ich Ihnen:\ndie Lampe ist kaputt.\nBitte helfen Sie.",
        "Bonjour,\n\nle 3 mars 2026 je vous ai écrit :\nla lampe est cassée.",
        "See below:\n- On Monday it was fine\n- On Tuesday it was not",
    ],
)
def test_own_words_that_resemble_a_programs_are_kept(text: str) -> None:
    assert split(text).reply == text


OLDER = "<p>Older words.</p>"


@pytest.mark.parametrize(
    "page",
    [
        f'<p>Own.</p><div class="gmail_quote"><div class="gmail_attr">zz 5 qq Nora &lt;n@x.example&gt; blip:</div>'
        f"<blockquote>{OLDER}</blockquote></div>",
        f'<p>Own.</p><div class="yahoo_quoted"><div>zz 5 qq, Nora blip</div>{OLDER}</div>',
        f'<div>Own.</div><div><div id="divRplyFwdMsg"><b>Qa:</b> Nora<br><b>Qe:</b> 5 qq</div></div>{OLDER}',
        f'<p>Own.</p><div><div style="border:none;border-top:solid #E1E1E1 1pt"><b>Qa:</b> Nora &lt;n@x.example&gt;<br><b>Qe:</b> 5'
        f"<br><b>Qi:</b> Ann</div></div>{OLDER}",
        f'<p>Own.</p><div class="moz-cite-prefix">zz 5 qq blip Nora</div><blockquote type="cite">{OLDER}</blockquote>',
        f'<p>Own.</p><div name="quote"><b>Qa:</b> Nora<div name="quoted-content">{OLDER}</div></div>',
        '<p>Own.</p><div class="gmail_signature">Ann Other<br>Customer Ltd</div>',
    ],
)
def test_markup_tells_quotes_in_a_language_nobody_knows(page: str) -> None:
    assert split(html.to_text(page)).reply == "Own."


def test_markup_beside_plain_text_without_marks_decides() -> None:
    page = f'<p>Own.</p><div id="divRplyFwdMsg"><b>Qa:</b> Nora<br></div>{OLDER}'
    plain = "Own.\n\nQa Nora\n\nOlder words.\n"
    made = multipart("alternative", f"Content-Type: text/plain\n\n{plain}", f"Content-Type: text/html\n\n{page}")
    mail = parse(raw(made.pop("body"), **made))
    assert mail.reply_text == "Own."
    assert "Older words." in mail.text


def test_a_line_above_a_paragraph_is_no_quote() -> None:
    page = '<p>Own.</p><div style="border-top:solid #ccc 1px">Total: 12</div><p>More.</p>'
    assert split(html.to_text(page)).reply.split() == ["Own.", "Total:", "12", "More."]


@pytest.mark.parametrize(
    "style", ["margin:0 0 0 40px;border:none;padding:0px", "margin: 0px 0px 0px 40px; border: none;"]
)
def test_an_indent_made_with_a_button_is_no_quote(style: str) -> None:
    page = f'<div>One.</div><blockquote style="{style}"><div>Two.</div></blockquote><div>Three.</div>'
    assert split(html.to_text(page)).reply.split() == ["One.", "Two.", "Three."]


def test_a_quote_restyled_by_another_program_stays_one() -> None:
    style = "border:none;border-left:solid #CCCCCC 1.0pt;margin-left:4.8pt"
    assert split(html.to_text(f'<p>One.</p><blockquote style="{style}"><p>Old.</p></blockquote>')).reply == "One."


def test_answers_between_quotes_of_one_holder_are_kept() -> None:
    page = (
        '<div class="gmail_quote"><div class="gmail_attr">On Tue Nora &lt;n@x.example&gt; wrote:</div><blockquote>Old</blockquote>'
        "<div>One.</div><blockquote>Older</blockquote><div>Two.</div></div>"
    )
    assert split(html.to_text(page)).reply.split() == ["One.", "Two."]


def test_a_bare_forward_in_a_holder_keeps_what_was_forwarded() -> None:
    page = (
        '<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Nora &lt;n@x.example&gt;<br>'
        "Date: Tue, 3 Mar 2026<br>Subject: Parcel<br>To: Ann &lt;a@x.example&gt;</div><p>It is broken.</p></div>"
    )
    assert split(html.to_text(page)).reply == "It is broken."
