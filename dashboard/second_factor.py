"""The second factor: codes of an authenticator (TOTP, RFC 6238), recovery codes; enrolled and left with the password again."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy.orm import Session

from dashboard.keys import seal, unseal
from dashboard.sessions import digest
from huiyin.records import User
from huiyin.records.audit import append
from huiyin.settings import Settings

PERIOD = 30
DRIFT = 1
"""Steps of 30 seconds by which a telephone's clock may be off, either way."""
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def groups(count: int) -> str:
    """Random groups of four letters without look-alikes, about 20 bits a group."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(count))


def new_secret() -> str:
    """160 random bits as authenticators take them (base32)."""
    return pyotp.random_base32(32)


def address(secret: str, name: str, settings: Settings) -> str:
    """The otpauth:// address that a QR code carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=f"{name}@{settings.region}", issuer_name="回音")


def picture(text: str) -> Markup:
    """A QR code as inline SVG: black on white whatever the colours of the page, no style attribute, no request."""
    made = segno.make(text, error="m")
    # segno builds the markup from numbers only; `text` is in the picture, not in the markup.
    return Markup(made.svg_inline(scale=4, border=4, light="#fff", dark="#000", omitsize=False))


def step_of(secret: str, code: str, after: int, *, at: float | None = None) -> int | None:
    """The time step whose code this is, later than `after`; None where it is none. All candidates are compared."""
    now = int((time.time() if at is None else at) // PERIOD)
    made, found = pyotp.TOTP(secret), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(made.generate_otp(step).encode(), code.encode()) and step > after:
            found = step
    return found


def enrol(session: Session, user: User, secret: str, step: int, home: Path) -> Sequence[str]:
    """Switch the second factor on; returns the recovery codes, of which only hashes are kept."""
    codes = [groups(4) for _ in range(RECOVERY_CODES)]
    user.totp, user.totp_step, user.recovery = seal(home, secret), step, [digest(code) for code in codes]
    append(session, user.name, "second-factor-on", f"user:{user.name}")
    return codes


def leave(session: Session, user: User, *, by: str) -> None:
    """Switch it off. Again: no change."""
    if user.totp:
        user.totp, user.totp_step, user.recovery = "", 0, []
        append(session, by, "second-factor-off", f"user:{user.name}")


def accept(session: Session, user: User, given: str, home: Path, *, at: float | None = None) -> bool:
    """Take a code of the authenticator, or a recovery code; each works once. Failures are counted by the caller."""
    code = "".join(given.split()).lower()[:40]
    if code.isascii() and code.isdecimal() and len(code) == 6:
        step = step_of(unseal(home, user.totp), code, user.totp_step, at=at)
        if step is None:
            return False
        user.totp_step = step
        return True
    hashed = digest(code)
    if hashed not in user.recovery:
        return False
    user.recovery = [left for left in user.recovery if left != hashed]
    append(session, user.name, "recovery-code", f"user:{user.name}", {"left": len(user.recovery)})
    return True


def demanded(user: User, settings: Settings) -> bool:
    """Whether the person's role must have it."""
    return user.role in {role.strip() for role in settings.second_factor_roles.split(",") if role.strip()}
