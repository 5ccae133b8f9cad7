# ruff: noqa: E501
"""Replies as mail programs lay them out, made from templates: languages x programs x places of the answer."""

from collections.abc import Iterator
from dataclasses import dataclass

from clientspeech import LANGUAGES, Speech

NAME, ADDRESS = "Nora Quist", "nora@shop.example"
OWN = ("The second parcel came today.", "One glass is still missing, please send it.", "Thank you!")
OLD = ("Dear customer,", "your parcel left our house this morning.", "It should be with you soon.")


@dataclass(frozen=True, slots=True)
class Case:
    """One reply: its text or HTML, and the lines its author wrote."""

    name: str
    body: str
    own: tuple[str, ...]
    html: bool = False


def _quoted(lines: tuple[str, ...]) -> str:
    return "\n".join(f"> {line}" for line in lines)


def _block(speech: Speech, mark: str = "{}:", value: str = " ") -> str:
    values = (f"{NAME} <{ADDRESS}>", "3.3.2026 09:41", "Ann Other <ann@customer.example>", "Re: parcel 17")
    return "\n".join(f"{mark.format(label)}{value}{v}" for label, v in zip(speech.labels, values, strict=True))


def _attributions(speech: Speech) -> Iterator[tuple[str, str]]:
    for program in ("gmail", "apple", "thunderbird"):
        line = getattr(speech, program).format(n=NAME, a=ADDRESS)
        yield program, line
        if len(line) > 50 and f" <{ADDRESS}" in line:
            yield f"{program}-wrapped", line.replace(f" <{ADDRESS}", f"\n<{ADDRESS}")


def texts(language: str) -> Iterator[Case]:
    """Plain-text replies in one language."""
    speech, own, old = LANGUAGES[language], "\n".join(OWN), "\n".join(OLD)
    for program, head in _attributions(speech):
        name = f"{language}/{program}"
        yield Case(f"{name}/top", f"{own}\n\n{head}\n\n{_quoted(OLD)}\n", OWN)
        yield Case(f"{name}/phone", f"{own}\n\n{speech.phone}\n\n{head}\n\n{_quoted(OLD)}\n", OWN)
        yield Case(f"{name}/signed", f"{own}\n\n-- \nAnn Other\n+00 123\n\n{head}\n{_quoted(OLD)}\n", OWN)
        yield Case(f"{name}/bottom", f"{head}\n{_quoted(OLD)}\n\n{own}\n", OWN)
        mixed = "\n\n".join(f"{_quoted((q,))}\n\n{o}" for q, o in zip(OLD, OWN, strict=True))
        yield Case(f"{name}/interleaved", f"{head}\n{mixed}\n", OWN)
        yield Case(f"{name}/bare", f"{own}\n\n{head}\n\n{old}\n", OWN)
    block = _block(speech)
    ruler = "_" * 32
    heads = {
        "outlook-desktop": f"{speech.original}\n{block}",
        "outlook-365": f"{ruler}\n{block}",
        "outlook-plain": block,
        "outlook-bold": _block(speech, "*{}:*"),
        "outlook-french-space": _block(speech, "{} :"),
        "forward": f"{speech.forwarded}\n{block}",
    }
    for program, head in heads.items():
        yield Case(f"{language}/{program}/top", f"{own}\n\n{head}\n\n{old}\n", OWN)
        yield Case(f"{language}/{program}/phone", f"{own}\n\n{speech.phone}\n\n{head}\n\n{old}\n", OWN)


def pages(language: str) -> Iterator[Case]:
    """HTML replies in one language."""
    speech = LANGUAGES[language]
    own = "".join(f"<div>{line}</div>" for line in OWN)
    old = "".join(f"<p>{line}</p>" for line in OLD)

    def attribution(program: str) -> str:
        line: str = getattr(speech, program).format(n=NAME, a=ADDRESS)
        return line.replace("<", "&lt;").replace(">", "&gt;")

    block = _block(speech, "<b>{}:</b>").replace(f"<{ADDRESS}>", f"&lt;{ADDRESS}&gt;").replace("\n", "<br>")
    cite = f'<blockquote type="cite">{old}</blockquote>'
    gmail = (
        f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{attribution("gmail")}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{old}</blockquote>'
    )
    layouts = {
        "gmail/top": f'<div dir="ltr">{own}</div><br>{gmail}</div>',
        "gmail/bottom": f"{gmail}{own}</div>",
        "apple/top": f"<body>{own}<div><br><blockquote type=\"cite\"><div>{attribution('apple')}</div><br>{old}</blockquote></div>",
        "apple/bottom": f"<div>{attribution('apple')}</div>{cite}{own}",
        "moz/top": f'{own}<div class="moz-cite-prefix">{attribution("thunderbird")}<br></div>{cite}',
        "moz/bottom": f'<div class="moz-cite-prefix">{attribution("thunderbird")}<br></div>{cite}{own}',
        "outlook-web": (
            f'<div>{own}</div><div id="appendonsend"></div><hr tabindex="-1" style="width:98%">'
            f'<div id="divRplyFwdMsg" dir="ltr"><font>{block}</font><div>&nbsp;</div></div><div>{old}</div>'
        ),
        "outlook-desktop": (
            f'<div class="WordSection1">{own}<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt 0 0 0">'
            f'<p class="MsoNormal">{block}</p></div></div><p>&nbsp;</p>{old}</div>'
        ),
        "outlook-ios": (
            f'<div>{own}</div><div id="ms-outlook-mobile-signature">{speech.phone}</div>'
            f'<div id="mail-editor-reference-message-container"><hr><div>{block}</div>{old}</div>'
        ),
        "yahoo": f'<div>{own}</div><div class="yahoo_quoted"><div>{attribution("gmail")}</div><div>{old}</div></div>',
        "proton": f'{own}<div class="protonmail_quote">{attribution("gmail")}<br><blockquote>{old}</blockquote></div>',
        "gmx": f'<div>{own}</div><div name="quote"><div>{block}</div><div name="quoted-content">{old}</div></div>',
        "zimbra": f'<div>{own}</div><hr id="zwchr" data-marker="__DIVIDER__"><div>{block}</div><br>{old}',
    }  # fmt: skip
    for name, body in layouts.items():
        yield Case(f"{language}/html-{name}", body, OWN, html=True)


A = f"{NAME} <{ADDRESS}>"
ATTRIBUTIONS: dict[str, str] = {
    # Lines above `>` quotes, by program
    "yahoo": f"On Tuesday, March 3, 2026, 09:41:33 AM GMT+1, {A} wrote:",
    "evolution": f"On Tue, 2026-03-03 at 09:41 +0100, {NAME} wrote:",
    "evolution-de": f"Am Dienstag, dem 03.03.2026 um 09:41 +0100 schrieb {NAME}:",
    "kmail": f"On Tuesday, 3 March 2026 09:41:00 CET {NAME} wrote:",
    "kmail-de": f"Am Dienstag, 3. März 2026, 09:41:00 CET schrieb {NAME}:",
    "mutt": f"On Tue, Mar 03, 2026 at 09:41:00AM +0100, {NAME} wrote:",
    "mutt-star": f"* {A} [2026-03-03 09:41]:",
    "gnus": f"{A} writes:",
    "pine": f"On Tue, 3 Mar 2026, {NAME} wrote:",
    "name only": f"{NAME} wrote:",
    "address only": f"{ADDRESS} wrote:",
    "address colon": f"{A}:",
    "spark": f"On 3 Mar 2026, 09:41 +0100, {A}, wrote:",
    "superhuman": f"On Tue, Mar 03, 2026 at 9:41 AM, {NAME} < {ADDRESS} > wrote:",
    "front": f"On March 3, 2026, 9:41 AM GMT+1 {ADDRESS} wrote:",
    "hey": f"On March 3, 2026, {A} wrote:",
    "zoho": f"---- On Tue, 03 Mar 2026 09:41:00 +0100 {A} wrote ----",
    "proton": f"------- Original Message -------\nOn Tuesday, March 3rd, 2026 at 9:41 AM, {A} wrote:",
    "aol": f"In a message dated 3/3/2026 9:41:00 AM Eastern Standard Time, {ADDRESS} writes:",
    "netease": f'At 2026-03-03 09:41:00, "{NAME}" <{ADDRESS}> wrote:',
    "netease-zh": f'在 2026-03-03 09:41:00，"{NAME}" <{ADDRESS}> 写道：',
    "mail.ru": f"Вторник, 3 марта 2026, 9:41 +03:00 от {A}:",
    "yandex": f'03.03.2026, 09:41, "{NAME}" <{ADDRESS}>:',
    "roundcube": f"On 2026-03-03 09:41, {NAME} wrote:",
    "squirrel": f"On Tue, March 3, 2026 9:41 am, {NAME} wrote:",
    "horde": f"Zitat von {A}:",
    "horde-en": f"Quoting {A}:",
    "usenet": f"In article <1234@news.example>, {A} wrote:",
    "day first": f"Tuesday 03 March 2026 09:41:00 {NAME} wrote:",
    "lotus-web": f'-----"{NAME}" <{ADDRESS}> wrote: -----',
    "nested": f"> On Tue, 3 Mar 2026, {NAME} wrote:",
    "tutanota": f"3. März 2026, 09:41 von {ADDRESS}:",
    "tutanota-en": f"Mar 3, 2026, 09:41 by {ADDRESS}:",
    "fastmail": f"On Tue, 3 Mar 2026, at 9:41 AM, {NAME} wrote:",
}
BLOCKS: dict[str, str] = {
    # Heads of originals without `>`, by program
    "blackberry": f"-----Original Message-----\nFrom: {NAME}\nDate: Tue, 3 Mar 2026 09:41:00 \nTo: <ann@x.example>\n"
    "Reply-To: nora@shop.example\nSubject: parcel",
    "samsung": f"-------- Original message --------\nFrom: {A} \nDate: 3/3/26  09:41  (GMT+01:00) \n"
    "To: ann@x.example \nSubject: parcel ",
    "samsung-de": f"-------- Ursprüngliche Nachricht --------\nVon: {A}\nDatum:03.03.2026  09:41  (GMT+01:00)\n"
    "An: ann@x.example\nBetreff: parcel",
    "lotus": "From:\tNora Quist/Shop\nTo:\tAnn Other/Customer@CUSTOMER\nDate:\t03.03.2026 09:41\nSubject:\tparcel",
    "express": f'----- Original Message ----- \nFrom: "{NAME}" <{ADDRESS}>\nTo: <ann@x.example>\nSent: Tuesday, March 03, 2026\n'
    "Subject: parcel",
    "windows-mail": f"Sent from Mail for Windows 10\n\nFrom: {NAME}<mailto:{ADDRESS}>\nSent: Tuesday, March 3, 2026 9:41 AM\n"
    "To: Ann<mailto:ann@x.example>\nSubject: parcel",
    "gmx": f'Gesendet: Dienstag, 3. März 2026 um 09:41 Uhr\nVon: "{NAME}" <{ADDRESS}>\nAn: ann@x.example\nBetreff: parcel',
    "qq": f'------------------ 原始邮件 ------------------\n发件人: "{NAME}" <{ADDRESS}>;\n发送时间: 2026年3月3日(星期二) 上午9:41\n'
    '收件人: "ann"<ann@x.example>;\n主题: parcel',
    "naver": f'-----Original Message-----\nFrom: "{NAME}"&lt;{ADDRESS}&gt;\nTo: ann@x.example\nCc: \nSent: 2026-03-03 (화) 09:41:00\n'
    "Subject: parcel",
    "zimbra": f'De: "{NAME}" <{ADDRESS}>\nÀ: ann@x.example\nEnvoyé: Mardi 3 Mars 2026 09:41:00\nObjet: parcel',
    "hotmail": f"Date: Tue, 3 Mar 2026 09:41:00 +0100\nFrom: {ADDRESS}\nTo: ann@x.example\nSubject: parcel",
    "outlook-mac": f"From:  {A}\nDate:  Tuesday, 3 March 2026 at 09:41\nTo:  Ann <ann@x.example>\nSubject:  parcel",
    "outlook-mobile": f"________________________________\nFrom: {A}\nSent: Tuesday, March 3, 2026 9:41:00 AM\n"
    "To: Ann <ann@x.example>; Bo <bo@x.example>;\n Cy <cy@x.example>\nCc: Di <di@x.example>\nSubject: parcel",
    "apple-forward": f"Begin forwarded message:\n\nFrom: {A}\nSubject: parcel\nDate: 3 March 2026 at 09:41:00 CET\nTo: ann@x.example",
    "zendesk": "##- Please type your reply above this line -##",
    "zendesk-de": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein -##",
    "zendesk-fr": "##- Veuillez répondre au-dessus de cette ligne -##",
    "zendesk-es": "##- Por favor, escriba su respuesta por encima de esta línea -##",
    "above": "--- Reply above this line ---",
    "above-loud": "-- REPLY ABOVE THIS LINE --",
    "above-words": "=-=-=-= Please reply ABOVE this line =-=-=-=",
    "bold-from": f"*From:* {NAME} [mailto:{ADDRESS}]\n*Sent:* Tuesday, March 3, 2026 9:41 AM\n*To:* ann@x.example\n*Subject:* parcel",
}
ENDINGS: dict[str, str] = {
    # What may follow own words and is none of them
    "dashes": "-- \nAnn Other\nCustomer Ltd",
    "bare dashes": "--\nAnn Other\nCustomer Ltd",
    "underscores": "__\nAnn Other\nCustomer Ltd",
    "iphone": "Sent from my iPhone",
    "outlook-ios": "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "outlook-android": "Outlook für Android<https://aka.ms/AAb9ysg> herunterladen",
    "galaxy": "Sent from my Galaxy",
    "samsung-de": "Von meinem Samsung Galaxy Smartphone gesendet.",
    "blackberry": "Sent from my BlackBerry® wireless device",
    "yahoo": "Sent from Yahoo Mail on Android",
    "yahoo-de": "Gesendet von Yahoo Mail auf Android",
    "proton": "Sent with Proton Mail secure email.",
    "proton-mobile": "Sent from Proton Mail for iOS",
    "mail.ru": "Отправлено из Почты Mail",
    "gmx": "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
    "k9": "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "k9-en": "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    "windows": "Von Windows Mail gesendet",
    "windows-10": "Gesendet von Mail für Windows 10",
    "fr": "Envoyé à partir de Outlook pour iOS",
    "fr-android": "Téléchargez Outlook pour Android",
    "es-outlook": "Obtener Outlook para iOS",
    "orange": "Envoyé depuis mon mobile Orange",
    "huawei": "Sent from my HUAWEI phone",
    "list": "_______________________________________________\nParcels mailing list\nParcels@lists.example\nhttps://lists.example/parcels",
    "groups": "-- \nYou received this message because you are subscribed to the group.\nTo unsubscribe, write to x+y@groups.example.",
    "avast": "-- \nVirus-free. www.avast.com",
}


def programs() -> Iterator[Case]:
    """Replies by the layouts of single programs."""
    own, old = "\n".join(OWN), "\n".join(OLD)
    for name, head in ATTRIBUTIONS.items():
        mark = "> " if name == "nested" else ""
        quote = "\n".join(f"{mark}> {line}" for line in OLD)
        yield Case(f"{name}/top", f"{own}\n\n{head}\n\n{quote}\n", OWN)
        yield Case(f"{name}/top-close", f"{own}\n\n{head}\n{quote}\n", OWN)
        yield Case(f"{name}/bottom", f"{head}\n{quote}\n\n{own}\n", OWN)
        mixed = "\n\n".join(f"{mark}> {q}\n\n{o}" for q, o in zip(OLD, OWN, strict=True))
        yield Case(f"{name}/interleaved", f"{head}\n{mixed}\n", OWN)
    for name, head in BLOCKS.items():
        yield Case(f"{name}/top", f"{own}\n\n{head}\n\n{old}\n", OWN)
        yield Case(f"{name}/crlf", f"{own}\n\n{head}\n\n{old}\n".replace("\n", "\r\n"), OWN)
    for name, ending in ENDINGS.items():
        yield Case(f"{name}/alone", f"{own}\n\n{ending}\n", OWN)
        yield Case(f"{name}/quote", f"{own}\n\n{ending}\n\n{ATTRIBUTIONS['yahoo']}\n\n{_quoted(OLD)}\n", OWN)
        yield Case(f"{name}/block", f"{own}\n\n{ending}\n\n{BLOCKS['outlook-mobile']}\n\n{old}\n", OWN)
