"""HTML as a person sees it: what is hidden, by whatever means, is not in the text."""

import time

import pytest
from hidden_pages import MORE

from desk.guard.visible import visible

SECRET = "the hidden words"
KINDS = {
    "display": '<div style="display:none">{}</div>',
    "display_important": '<div style="display: NONE !important">{}</div>',
    "display_spaced": '<div style="color:red;DISPLAY :none ;">{}</div>',
    "css_escape": '<div style="d\\69splay:none">{}</div>',
    "visibility": '<div style="visibility:hidden">{}</div>',
    "collapse": '<table><tr style="visibility:collapse"><td>{}</td></tr></table>',
    "class": "<style>.x{{display:none}}</style><p class=x>{}</p>",
    "id": "<style>#x{{display:none}}</style><p id=x>{}</p>",
    "tag": "<style>aside{{display:none}}</style><aside>{}</aside>",
    "descendant": "<style>div .x{{display:none}}</style><div><b><i class=x>{}</i></b></div>",
    "child": "<style>div > p.x{{display:none}}</style><div><p class='y x'>{}</p></div>",
    "attribute_selector": '<style>p[data-k="1"]{{display:none}}</style><p data-k=1>{}</p>',
    "media": "<style>@media screen{{.x{{display:none}}}}</style><p class=x>{}</p>",
    "style_at_end": "<p class=x>{}</p><style>.x{{display:none}}</style>",
    "hidden": "<div hidden>{}</div>",
    "aria": '<div aria-hidden="true">{}</div>',
    "off_left": '<div style="position:absolute;left:-9999px">{}</div>',
    "off_top": '<div style="position:fixed;top:-5000px">{}</div>',
    "indent": '<p style="text-indent:-9999px">{}</p>',
    "margin": '<p style="margin-left:-9999px">{}</p>',
    "transform": '<p style="transform:translateX(-9999px)">{}</p>',
    "scale": '<p style="transform:scale(0)">{}</p>',
    "clip": '<p style="position:absolute;clip:rect(0,0,0,0)">{}</p>',
    "clip_one": '<p style="position:absolute;clip:rect(1px, 1px, 1px, 1px)">{}</p>',
    "clip_path": '<p style="clip-path:inset(100%)">{}</p>',
    "circle": '<p style="clip-path:circle(0)">{}</p>',
    "opacity": '<p style="opacity:0">{}</p>',
    "opacity_small": '<p style="opacity:.01">{}</p>',
    "opacity_nested": '<div style="opacity:.3"><p style="opacity:.2">{}</p></div>',
    "filter": '<p style="filter:opacity(0%)">{}</p>',
    "size_zero": '<p style="font-size:0">{}</p>',
    "size_one": '<span style="font-size:1px">{}</span>',
    "size_em": '<span style="font-size:.05em">{}</span>',
    "size_percent": '<span style="font-size:1%">{}</span>',
    "font_shorthand": '<span style="font:0/0 a">{}</span>',
    "calc": '<span style="font-size:calc(1px * 0)">{}</span>',
    "white": '<p style="color:white">{}</p>',
    "near_white": '<p style="color:#fdfdfd">{}</p>',
    "rgb": '<p style="color:rgb(255,255,255)">{}</p>',
    "hsl": '<p style="color:hsl(0,0%,100%)">{}</p>',
    "on_black": '<div style="background:#000"><p style="color:#010101">{}</p></div>',
    "font_tag": "<font color=white>{}</font>",
    "bgcolor": '<table bgcolor="#336699"><tr><td><font color="#336699">{}</font></td></tr></table>',
    "transparent": '<p style="color:transparent">{}</p>',
    "alpha": '<p style="color:rgba(0,0,0,0)">{}</p>',
    "fill": '<p style="-webkit-text-fill-color:transparent">{}</p>',
    "max_height": '<div style="max-height:0;overflow:hidden">{}</div>',
    "max_height_alone": '<div style="max-height:0px">{}</div>',
    "height": '<div style="height:0;overflow:hidden">{}</div>',
    "width": '<div style="width:1px;height:1px;overflow:hidden">{}</div>',
    "mso": '<p style="mso-hide:all">{}</p>',
    "noscript": "<noscript>{}</noscript>",
    "template": "<template>{}</template>",
    "comment": "<!-- {} -->",
    "conditional": "<!--[if mso]><p>{}</p><![endif]-->",
    "unclosed_comment": "<p>a</p><!-- {}",
    "cdata": "<![CDATA[{}]]>",
    "processing": "<?xml {} ?>",
    "details": "<details><summary>more</summary>{}</details>",
    "dialog": "<dialog>{}</dialog>",
    "textarea": "<textarea>{}</textarea>",
    "option": "<select><option>{}</option></select>",
    "object": "<object>{}</object>",
    "iframe": "<iframe>{}</iframe>",
    "video": "<video>{}</video>",
    "svg_desc": "<svg><desc>{}</desc></svg>",
    "title": "<head><title>{}</title></head>",
    "script": "<script>var a='{}'</script>",
    "style_comment": "<style>/* {} */</style>",
    "nested": '<div style="display:none"><div style="display:block"><p>{}</p></div></div>',
    "unclosed": '<p>a</p><div style="display:none"><p>{}',
    "spacing": '<p style="letter-spacing:-2em">{}</p>',
} | MORE  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_text_is_not_shown_and_is_kept_apart(kind: str) -> None:
    page = visible(f"<html><body><p>Dear team</p>{KINDS[kind].format(SECRET)}</body></html>")
    assert "Dear team" in page.text
    assert SECRET not in page.text
    assert any(SECRET in part.text for part in (*page.parts, *page.attributes)), page.parts


SHOWN = (
    '<p style="color:#333">{}</p>',
    '<table><tr><td style="background-color:#0b5"><a style="color:#fff" href="https://a.example">{}</a></td></tr></table>',
    '<div style="background:url(a.png)"><p style="color:#fff">{}</p></div>',
    '<div style="font-size:0"><span style="font-size:14px">{}</span></div>',
    '<div style="visibility:hidden"><p style="visibility:visible">{}</p></div>',
    "<style>.x:hover{{display:none}}</style><p class=x>{}</p>",
    "<style>@media print{{p{{display:none}}}}</style><p>{}</p>",
    "<style>@media (max-width:600px){{.d{{display:none}}}}</style><p class=d>{}</p>",
    "<details open><summary>more</summary>{}</details>",
    '<p style="max-height:200px;overflow:hidden">{}</p>',
    '<p style="margin-left:-4px;opacity:.9;font-size:9px">{}</p>',
    "<b>{}</b></i></div></p>",
    '<p style="margin:0 auto;padding:10px 20px">{}</p>',
    '<p style="position:absolute;top:10px;left:50%;transform:translate(-50%,-50%) rotate(3deg) scale(1.1)">{}</p>',
    '<p style="z-index:-1">{}</p>',
    '<p style="background:linear-gradient(#123,#456)"><a style="color:#fff" href="https://a.example">{}</a></p>',
    "<style>:root{{--ink:#222}}</style><p style='color:var(--ink,#fff)'>{}</p>",
    "<style>@media (prefers-color-scheme:dark){{p{{color:#fff}}}}</style><p>{}</p>",
    "<style>@media (min-width:1600px){{p{{display:none}}}}</style><p>{}</p>",
    '<p style="filter:brightness(1.1) contrast(.9);opacity:1;zoom:1;letter-spacing:2px">{}</p>',
    '<p style="width:100%;max-width:600px;height:auto;overflow:hidden;line-height:1.5">{}</p>',
    '<p style="clip-path:inset(0 10px);mask:none;color:hwb(0 0% 90%)">{}</p>',
)


@pytest.mark.parametrize("page", SHOWN)
def test_what_shows_is_read(page: str) -> None:
    assert SECRET in visible(page.format(SECRET)).text


def test_a_word_split_by_tags_reads_as_one_and_blocks_as_lines() -> None:
    page = visible("<p>ig<b></b>no<i>re</i></p><ul><li>one<li>two</ul><p>a&nbsp;&amp; b<br>c")
    assert "ignore" in page.text
    assert "- one\n- two" in page.text
    assert "a & b\nc" in page.text


def test_attributes_and_links_are_gathered() -> None:
    page = visible(
        '<a href="https://a.example/?q=x">go <b>there</b></a><img alt="a picture of it"><p data-x="some words here">t</p>'
    )
    assert [(link.href, link.text) for link in page.links] == [("https://a.example/?q=x", "go there")]
    assert {p.text for p in page.attributes} >= {"a picture of it", "some words here"}


BOMBS = {
    "nesting": "<div>" * 150_000,
    "styled_nesting": "<div style='color:red'>" * 40_000 + "x",
    "fonts": "".join(f"<font color=#{i:06x}>" for i in range(20_000)) + "<p>x" * 20_000,
    "anchors": "<a href=x>" * 60_000,
    "open": "<" * 1_000_000,
    "comments": "<!--" * 250_000,
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(60_000)) + ">x",
    "css": "<style>" + "a b c d e f{display:none}" * 30_000 + "</style>" + "<a><b><c><d><e>" * 50,
    "css_open": "<style>" + "a{" * 200_000,
    "entities": "&amp;" * 200_000,
    "tables": "<table><tr><td>" * 40_000,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_pages_made_to_cost_time_end_in_time(kind: str) -> None:
    begun = time.process_time()
    visible(BOMBS[kind])
    assert time.process_time() - begun < 5, "a bound does not hold: seconds, where hostile input may cost one"


def test_text_in_the_colour_of_the_page_is_hidden() -> None:
    for body in ('text="#ffffff"', 'bgcolor="#000000"', 'style="background:#101010;color:#111"'):
        page = visible(f"<html><body {body}><p>{SECRET}</p></body></html>")
        assert SECRET not in page.text
        assert SECRET in page.hidden
