"""E-mail through the office's SMTP server (settings smtp_url, smtp_password_file); the target is the addresses, by commas."""

from __future__ import annotations

import logging
import smtplib
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from huiyin.errors import UsageError
from huiyin.settings import Settings
from response_kits.alerts.messages import Message

TIMEOUT = 20.0
log = logging.getLogger("huiyin.alerts")


def send(target: str, message: Message, settings: Settings) -> None:
    mail = EmailMessage()
    mail["Subject"] = message.title.replace("\n", " ")[:200]
    mail["To"] = target.replace("\n", ", ")
    mail["X-Huiyin-Key"] = message.key
    mail.set_content(message.text)
    send_mail(mail, settings)


def send_mail(mail: EmailMessage, settings: Settings) -> None:
    """Send a message; the sender is the account of smtp_url. Raises UsageError where no server is set."""
    parts = urlsplit(settings.smtp_url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise UsageError("smtp_url names no mail server; write smtp://user@host:25 or smtps://user@host:465")
    user = unquote(parts.username or "")
    mail["From"] = user if "@" in user else f"{user or 'huiyin'}@{parts.hostname}"
    maker = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with maker(
        parts.hostname, parts.port or (465 if parts.scheme == "smtps" else 25), timeout=TIMEOUT
    ) as server:
        if settings.smtp_password_file:
            if parts.scheme == "smtp":
                server.starttls()
            server.login(user, Path(settings.smtp_password_file).expanduser().read_text("utf-8").strip())
        refused = server.send_message(mail)
    if refused:  # some were accepted, so sending again would double their mail
        log.warning("the mail server refused %d of the recipients of a message", len(refused))
