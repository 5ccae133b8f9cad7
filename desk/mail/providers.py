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
}
"""Domain → IMAP host (port 993, TLS), SMTP host, its port and security."""

BEHIND_MX = {
    "google.com": "gmail.com",
    "googlemail.com": "gmail.com",
    "mail.protection.outlook.com": "outlook.com",
    "yahoodns.net": "yahoo.com",
    "messagingengine.com": "fastmail.com",
    "zoho.com": "zoho.com",
    "zoho.eu": "zoho.com",
    "mail.icloud.com": "icloud.com",
    "mailbox.org": "mailbox.org",
    "posteo.de": "posteo.de",
    "yandex.net": "yandex.com",
    "emig.gmx.net": "gmx.net",
}
"""Ending of an MX host → the provider whose servers its domains use."""

SIGN_IN = {
    "imap.gmail.com": (
        "google",
        "Google takes an app password (myaccount.google.com/apppasswords), or sign in with --oauth google.",
    ),
    "outlook.office365.com": (
        "microsoft",
        "Microsoft takes no passwords from programs: sign in with --oauth microsoft.",
    ),
    "imap.mail.yahoo.com": ("", "Yahoo wants an app password (login.yahoo.com/account/security)."),
    "imap.mail.me.com": ("", "Apple wants an app-specific password (account.apple.com)."),
    "imap.fastmail.com": ("", "Fastmail wants an app password (Settings, Privacy & Security)."),
    "imap.zoho.com": ("", "Zoho wants an app password where two-factor login is on (accounts.zoho.com)."),
    "imap.gmx.net": ("", "GMX wants IMAP switched on in its settings first."),
    "imap.web.de": ("", "WEB.DE wants IMAP switched on in its settings first."),
}
"""IMAP host → the provider to sign in at (empty: none), and what a person has to know."""
