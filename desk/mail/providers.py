"""Providers desk knows by name: their servers, who stands behind an MX, and how one signs in there."""

PRESETS: dict[str, tuple[str, str, int, str]] = {
    "gmail.com": ("imap.gmail.com", "smtp.gmail.com", 465, "tls"),
    "googlemail.com": ("imap.gmail.com", "smtp.gmail.com", 465, "tls"),
    "outlook.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "hotmail.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "live.com": ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    "yahoo.com": ("imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, "tls"),
    "yahoo.de": ("imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, "tls"),
    "icloud.com": ("imap.mail.me.com", "smtp.mail.me.com", 587, "starttls"),
    "me.com": ("imap.mail.me.com", "smtp.mail.me.com", 587, "starttls"),
    "gmx.de": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.net": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.at": ("imap.gmx.net", "mail.gmx.net", 465, "tls"),
    "gmx.com": ("imap.gmx.com", "mail.gmx.com", 465, "tls"),
    "web.de": ("imap.web.de", "smtp.web.de", 587, "starttls"),
    "t-online.de": ("secureimap.t-online.de", "securesmtp.t-online.de", 465, "tls"),
    "freenet.de": ("mx.freenet.de", "mx.freenet.de", 465, "tls"),
    "posteo.de": ("posteo.de", "posteo.de", 465, "tls"),
    "mailbox.org": ("imap.mailbox.org", "smtp.mailbox.org", 465, "tls"),
    "fastmail.com": ("imap.fastmail.com", "smtp.fastmail.com", 465, "tls"),
    "zoho.com": ("imap.zoho.com", "smtp.zoho.com", 465, "tls"),
    "aol.com": ("imap.aol.com", "smtp.aol.com", 465, "tls"),
    "orange.fr": ("imap.orange.fr", "smtp.orange.fr", 465, "tls"),
    "free.fr": ("imap.free.fr", "smtp.free.fr", 465, "tls"),
    "laposte.net": ("imap.laposte.net", "smtp.laposte.net", 465, "tls"),
    "ziggo.nl": ("imap.ziggo.nl", "smtp.ziggo.nl", 587, "starttls"),
    "kpnmail.nl": ("imap.kpnmail.nl", "smtp.kpnmail.nl", 587, "starttls"),
    "seznam.cz": ("imap.seznam.cz", "smtp.seznam.cz", 465, "tls"),
    "wp.pl": ("imap.wp.pl", "smtp.wp.pl", 465, "tls"),
    "libero.it": ("imapmail.libero.it", "smtp.libero.it", 465, "tls"),
    "bluewin.ch": ("imaps.bluewin.ch", "smtpauths.bluewin.ch", 465, "tls"),
    "yandex.com": ("imap.yandex.com", "smtp.yandex.com", 465, "tls"),
    "mail.ru": ("imap.mail.ru", "smtp.mail.ru", 465, "tls"),
    "ik.me": ("mail.infomaniak.com", "mail.infomaniak.com", 465, "tls"),
    "ovh.net": ("ssl0.ovh.net", "ssl0.ovh.net", 465, "tls"),
    "ionos.de": ("imap.ionos.de", "smtp.ionos.de", 465, "tls"),
    "ionos.com": ("imap.ionos.com", "smtp.ionos.com", 465, "tls"),
    "strato.de": ("imap.strato.de", "smtp.strato.de", 465, "tls"),
    "gandi.net": ("mail.gandi.net", "mail.gandi.net", 465, "tls"),
    "migadu.com": ("imap.migadu.com", "smtp.migadu.com", 465, "tls"),
    "emailsrvr.com": ("secure.emailsrvr.com", "secure.emailsrvr.com", 465, "tls"),
    "zoho.eu": ("imappro.zoho.eu", "smtppro.zoho.eu", 465, "tls"),
    **dict.fromkeys(
        "hotmail.de hotmail.fr hotmail.it hotmail.es hotmail.nl hotmail.co.uk live.de live.fr live.nl live.co.uk "
        "msn.com outlook.de outlook.fr outlook.es outlook.it".split(),
        ("outlook.office365.com", "smtp.office365.com", 587, "starttls"),
    ),
    **dict.fromkeys(
        "yahoo.fr yahoo.it yahoo.es yahoo.co.uk yahoo.ca ymail.com rocketmail.com".split(),
        ("imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, "tls"),
    ),
    "mac.com": ("imap.mail.me.com", "smtp.mail.me.com", 587, "starttls"),
    "fastmail.fm": ("imap.fastmail.com", "smtp.fastmail.com", 465, "tls"),
}
"""Domain → IMAP host (port 993, TLS), SMTP host, its port and security."""

BEHIND_MX = {
    "google.com": "gmail.com",
    "googlemail.com": "gmail.com",
    "mail.protection.outlook.com": "outlook.com",
    "yahoodns.net": "yahoo.com",
    "messagingengine.com": "fastmail.com",
    "zoho.com": "zoho.com",
    "zoho.eu": "zoho.eu",
    "mail.icloud.com": "icloud.com",
    "mailbox.org": "mailbox.org",
    "posteo.de": "posteo.de",
    "yandex.net": "yandex.com",
    "emig.gmx.net": "gmx.net",
    "infomaniak.ch": "ik.me",
    "infomaniak.com": "ik.me",
    "mail.ovh.net": "ovh.net",
    "kundenserver.de": "ionos.de",
    "ionos.com": "ionos.com",
    "1and1.com": "ionos.com",
    "rzone.de": "strato.de",
    "mail.gandi.net": "gandi.net",
    "migadu.com": "migadu.com",
    "emailsrvr.com": "emailsrvr.com",
}
"""Ending of an MX host → the provider whose servers its domains use."""

_BRIDGE = (
    "Proton Mail: its Bridge speaks IMAP and SMTP on this machine; start it and give --imap 127.0.0.1:1143 "
    "--smtp 127.0.0.1:1025, --user and the password that the Bridge shows"
)
BY_HAND = {"protonmail.ch": _BRIDGE, "proton.ch": _BRIDGE}
"""Ending of an MX host → what a person must do first, where desk can't know the servers."""

SIGN_IN = {
    "imap.gmail.com": (
        "google",
        "Google takes an app password (https://myaccount.google.com/apppasswords), or sign in with --oauth google.",
    ),
    "outlook.office365.com": (
        "microsoft",
        "Microsoft takes no passwords from programs: sign in with --oauth microsoft.",
    ),
    "imap.mail.yahoo.com": ("", "Yahoo wants an app password: https://login.yahoo.com/account/security"),
    "imap.mail.me.com": ("", "Apple wants an app-specific password: https://account.apple.com, Sign-In and Security."),
    "imap.fastmail.com": ("", "Fastmail wants an app password: https://app.fastmail.com/settings/security"),
    "imap.zoho.com": ("", "Zoho wants an app password where two-factor login is on: https://accounts.zoho.com"),
    "imap.gmx.net": ("", "GMX wants IMAP switched on first: E-Mail, Settings, POP3 & IMAP."),
    "imap.web.de": ("", "WEB.DE wants IMAP switched on first: E-Mail, Settings, POP3 & IMAP."),
}
"""IMAP host → the provider to sign in at (empty: none), and what a person has to know."""
