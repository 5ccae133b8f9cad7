"""Delivery reports in the shapes that mail systems give them, about a message of ours."""

OURS = "4e1d.9f@shop.example"
RETURNED = f"""From: Shop <help@shop.example>
To: gone@customer.example
Subject: Re: Lamp [T-1001]
Message-ID: <{OURS}>

Dear Ann,
"""


def report(head: str, text: str, status: str, returned: str = RETURNED, kind: str = "message/rfc822") -> bytes:
    """A multipart/report (RFC 6522)."""
    parts = [("text/plain; charset=utf-8", text), ("message/delivery-status", status), (kind, returned)]
    body = "".join(f"--b1\nContent-Type: {name}\n\n{content.strip()}\n\n" for name, content in parts if content)
    fields = 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b1"\n'
    return f"{head.strip()}\nTo: help@shop.example\n{fields}\n{body}--b1--\n".encode()


POSTFIX = report(
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.shop.example (Mail Delivery System)\n"
    "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied",
    """This is the mail system at host mx.shop.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<gone@customer.example>: host mx.customer.example[192.0.2.5] said: 550 5.1.1
    <gone@customer.example>: Recipient address rejected: User unknown (in reply
    to RCPT TO command)
<full@customer.example>: host mx.customer.example[192.0.2.5] said: 552 5.2.2
    Mailbox full (in reply to RCPT TO command)
""",
    """Reporting-MTA: dns; mx.shop.example
X-Postfix-Queue-ID: 4KqT2x
Arrival-Date: Mon,  5 Jan 2026 10:00:00 +0100 (CET)

Final-Recipient: rfc822; gone@customer.example
Original-Recipient: rfc822;gone@customer.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.customer.example
Diagnostic-Code: smtp; 550 5.1.1 <gone@customer.example>: Recipient address
    rejected: User unknown

Final-Recipient: rfc822; full@customer.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full
""",
)

ENVELOPE_ONLY = report(
    "Return-Path: <>\nFrom: postmaster@relay.example\nSubject: Delivery Status Notification (Failure)",
    "Delivery to the following recipient failed.",
    f"""Original-Envelope-Id: {OURS.replace("@", "+40")}
Reporting-MTA: dns;relay.example

Original-Recipient: rfc822;gone@customer.example
Final-Recipient: rfc822;a.smith@other.example
Action: failed
Status: 5.1.10
""",
    returned="",
)

EXCHANGE = report(
    "Return-Path: <>\nFrom: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@customer.example>\n"
    "Subject: Undeliverable: Re: Lamp [T-1001]\nAuto-Submitted: auto-replied\nX-MS-Exchange-Message-Is-Ndr:",
    """Delivery has failed to these recipients or groups:

gone@customer.example<mailto:gone@customer.example>
The email address you entered couldn't be found. Please check the recipient's email address and try to resend.

Diagnostic information for administrators:
Generating server: AM0PR.eurprd01.prod.outlook.com
gone@customer.example
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'
""",
    """Reporting-MTA: dns;AM0PR.eurprd01.prod.outlook.com
Received-From-MTA: dns;mail.shop.example
Arrival-Date: Mon, 5 Jan 2026 09:00:01 +0000

Final-Recipient: rfc822;gone@customer.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found
X-Display-Name: gone@customer.example
""",
)

DELAYED = report(
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.shop.example>\nSubject: Delayed Mail (still being retried)",
    "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #",
    """Reporting-MTA: dns; mx.shop.example

Final-Recipient: rfc822; gone@customer.example
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.customer.example: Connection timed out
Will-Retry-Until: Sat, 10 Jan 2026 10:00:00 +0100 (CET)
""",
    kind="text/rfc822-headers",
)

PARTLY = report(
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.shop.example\nSubject: Delivery report",
    "Some of it arrived.",
    """Reporting-MTA: dns; mx.shop.example

Final-Recipient: rfc822; well@customer.example
Action: delivered
Status: 2.0.0

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
""",
)

GMAIL = report(
    "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
    "Subject: Delivery Status Notification (Failure)\nX-Failed-Recipients: gone@customer.example\n"
    f"In-Reply-To: <{OURS}>\nReferences: <{OURS}>\nAuto-Submitted: auto-replied",
    """** Address not found **

Your message wasn't delivered to gone@customer.example because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
""",
    """Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 05 Jan 2026 01:00:00 -0800 (PST)
X-Original-Message-ID: <4e1d.9f@shop.example>

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
""",
    returned="",
)

EXIM = f"""Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mail.shop.example>
To: help@shop.example
X-Failed-Recipients: gone@customer.example,
  full@customer.example
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@customer.example
    host mx.customer.example [192.0.2.5]
    SMTP error from remote mail server after RCPT TO:<gone@customer.example>:
    550 5.1.1 unknown user
  full@customer.example
    SMTP error from remote mail server after end of data:
    552 5.2.2 mailbox full

------ This is a copy of the message, including all the headers. ------

Return-path: <help@shop.example>
Received: from desk by mail.shop.example
{RETURNED}""".encode()

QMAIL = f"""Return-Path: <>
From: MAILER-DAEMON@mail.shop.example
To: help@shop.example
Subject: failure notice

Hi. This is the qmail-send program at mail.shop.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@customer.example>:
192.0.2.5 does not like recipient.
Remote host said: 550 5.1.1 no such user
Giving up on 192.0.2.5.

<full@customer.example>:
Remote host said: 552 mailbox full

--- Below this line is a copy of the message.

Return-Path: <help@shop.example>
Received: (qmail 4711 invoked by uid 1000); 5 Jan 2026 09:00:00 -0000
{RETURNED}""".encode()
