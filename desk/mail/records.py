"""What DNS says about a domain that sends: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489), as other servers read it."""

import re
from typing import Protocol

from desk.mail.check import Check

_RESERVED = ("example", "test", "invalid", "localhost", "local", "internal", "lan", "home.arpa")
"""Names that public DNS has nothing about (RFC 2606, 6761, 6762)."""
_SELECTORS = (
    *("google", "selector1", "selector2", "default", "mail", "dkim", "k1", "k2", "s1", "s2"),
    *("fm1", "fm2", "fm3", "zoho", "zmail", "protonmail", "mbo0001", "mailo", "pm"),
)
"""Where the large providers and programs put a domain's DKIM key; the real name stands in each message only."""
_SENDS = {
    "smtp.gmail.com": "_spf.google.com",
    "smtp.office365.com": "spf.protection.outlook.com",
    "smtp.fastmail.com": "spf.messagingengine.com",
    "smtp.zoho.com": "zoho.com",
    "smtp.zoho.eu": "zoho.eu",
    "smtp.mailbox.org": "mailbox.org",
    "mail.infomaniak.com": "spf.infomaniak.ch",
    "ssl0.ovh.net": "mx.ovh.com",
}
"""SMTP host → what the SPF record of a domain that sends through it includes."""


class Texts(Protocol):
    """The one question asked of DNS here."""

    def txt(self, name: str) -> list[str] | None:
        """The TXT records of a name, none where it has none; None when DNS did not answer."""
        ...


def sender(domain: str, smtp_host: str, names: Texts) -> list[Check]:
    """Three lines about the domain of the reply address: who may send for it, whether it signs, what a failure means.

    Nothing here stops desk, so what is missing is a note: mail still leaves, but may be taken for spam.
    """
    domain = domain.strip(".").lower()
    if not domain or domain.rpartition(".")[2] in _RESERVED or domain.endswith(tuple(f".{name}" for name in _RESERVED)):
        return [Check("SPF, DKIM, DMARC", True, f"{domain} is no public domain; nothing was asked")]
    records = names.txt(domain)
    if records is None:
        fix = "Run it again when this machine reaches DNS."
        return [Check("SPF, DKIM, DMARC", True, "DNS did not answer, so nothing is known", fix, note=True)]
    return [_spf(domain, records, smtp_host), _dkim(domain, names), _dmarc(domain, names)]


def _spf(domain: str, records: list[str], smtp_host: str) -> Check:
    found = [text for text in records if re.match(r"v=spf1(\s|$)", text, re.I)]
    if not found:
        fix = f"Ask whoever runs the DNS of {domain} for an SPF record that names your mail provider."
        return Check("SPF", True, f"{domain} says nothing about who may send for it", fix, note=True)
    if len(found) > 1:
        return Check(
            "SPF", False, f"{domain} has {len(found)} SPF records, so receivers take none", "Leave one of them."
        )
    wanted = _SENDS.get(smtp_host.lower(), "")
    if wanted and wanted not in found[0].lower():
        fix = f"Add include:{wanted} to the SPF record of {domain}, or replies may be taken for spam."
        return Check("SPF", True, f"{domain} does not name {smtp_host} as a sender: {found[0][:120]}", fix, note=True)
    return Check("SPF", True, found[0][:120])


def _dkim(domain: str, names: Texts) -> Check:
    for selector in _SELECTORS:
        records = names.txt(f"{selector}._domainkey.{domain}")
        if records is None:
            break
        if any(re.search(r"(^|;)\s*p=\s*[A-Za-z0-9+/]", text) for text in records):
            return Check("DKIM", True, f"a key is published as {selector}._domainkey.{domain}")
    fix = "Send yourself a message (`desk doctor --send`) and look for a DKIM-Signature; else switch it on at the provider."
    return Check("DKIM", True, f"{domain} has no key under the names that are usual", fix, note=True)


def _dmarc(domain: str, names: Texts) -> Check:
    labels = domain.split(".")
    for place in dict.fromkeys((domain, ".".join(labels[-2:]))):  # the organisation's record holds for what lies below
        for text in names.txt(f"_dmarc.{place}") or ():
            if text.lower().startswith("v=dmarc1"):
                return Check("DMARC", True, text[:120])
    fix = f'Publish "v=DMARC1; p=none" at _dmarc.{domain}: the large providers ask for one.'
    return Check("DMARC", True, f"{domain} has no DMARC record", fix, note=True)
