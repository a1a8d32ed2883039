"""Settings: one table of name, default and help. Defaults < huiyin.toml < HUIYIN_* environment < argument.

HUIYIN_<NAME>_FILE names a file that holds the value: secrets need not stand in the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dc_field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from huiyin.errors import UsageError


def _setting(default: Any, help: str, *, secret: bool = False) -> Any:
    return dc_field(default=default, metadata={"help": help, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """All settings. Read with `load()`; pass as an argument, never as a global."""

    home: str = _setting(
        "var", "folder for everything that is written: record, index, quarantine, exports, secrets"
    )
    database: str = _setting("", "SQLAlchemy address of the record; empty: SQLite in <home>/huiyin.db")
    search: str = _setting(
        "",
        "address of the index; empty: tantivy in <home>/index; or http(s)://[user:password@]host:9200 of Elasticsearch, several separated by commas, with ?ca=FILE for its certificate authority and ?index=NAME where offices share a cluster",
    )
    queue: str = _setting(
        "",
        "address of the task queue for several machines, redis://host:6379/0; empty: none, one machine needs none",
    )
    timezone: str = _setting("Asia/Shanghai", "time zone of dates without one, and of every screen")
    organisation: str = _setting(
        "云江市人民政府新闻办公室", "the office that uses this installation, as its texts are signed"
    )
    region: str = _setting("云江市", "the place that this office answers for")
    host: str = _setting("127.0.0.1", "address that the dashboard listens on")
    port: int = _setting(8000, "port of the dashboard")
    secure_cookies: bool = _setting(False, "send session cookies over HTTPS only; switch on behind TLS")
    hosts: str = _setting(
        "",
        "host names under which browsers reach the dashboard, separated by commas; empty: those of this machine where it listens on loopback, else any",
    )
    trusted_proxy: str = _setting(
        "", "address of the reverse proxy whose X-Forwarded-For, -Proto and -Host are believed; empty: none"
    )
    session_idle_minutes: int = _setting(
        120, "minutes without a click after which a person must sign in again"
    )
    session_hours: int = _setting(12, "hours after which a person must sign in again in any case")
    second_factor_roles: str = _setting(
        "", "roles that must use a second factor (TOTP), separated by commas, for example leader,admin"
    )
    oidc_issuer: str = _setting(
        "", "address of an OpenID Connect sign-in service; empty: off (needs the extra huiyin[oidc])"
    )
    oidc_client_id: str = _setting("", "our name at the sign-in service")
    oidc_client_secret_file: str = _setting("", "file that holds our secret at the sign-in service")
    oidc_claim: str = _setting(
        "preferred_username", "claim of the sign-in service that is the name of an account here"
    )
    oidc_create_role: str = _setting(
        "", "role of accounts made at a first sign-in through the service; empty: none is made"
    )
    log_format: str = _setting(
        "text", "how logs are written to standard error: text, or json (a line an object)"
    )
    metrics_token_file: str = _setting(
        "", "file that holds the bearer token for /metrics; empty: /metrics answers this machine only"
    )
    user_agent: str = _setting(
        "HuiyinBot/0.1 (+public opinion service of a government press office)", "how the crawler names itself"
    )
    contact: str = _setting("", "e-mail or page that a site's owner can write to; added to the user agent")
    allow_private: str = _setting(
        "",
        "private addresses that the crawler may visit, as host:port or CIDR, separated by commas; empty: none",
    )
    download_delay: float = _setting(
        2.0, "least seconds between two requests to one host, where a source says nothing else"
    )
    chromium: str = _setting(
        "", "Chromium for sources with render = true; empty: the first one found on the path"
    )
    page_limit: int = _setting(5_000_000, "largest page or feed in bytes, after decompression")
    text_limit: int = _setting(
        200_000, "longest text in characters that is analysed; the rest is kept but not read by the models"
    )
    upload_limit: int = _setting(50_000_000, "largest upload or import in bytes")
    clock_start: str = _setting("earliest", "what starts a response clock: earliest, reported or seen")
    group_window_days: int = _setting(
        14, "days after its last document for which an issue takes new documents"
    )
    retention_days: int = _setting(730, "days for which documents are kept where a source says nothing else")
    access_log_days: int = _setting(
        1095, "days for which it is kept who looked at documents and took out exports"
    )
    author_key_days: int = _setting(
        365, "days after which author pseudonyms get a new key; 0: only by `huiyin privacy rotate`"
    )
    llm_url: str = _setting("", "OpenAI-compatible address of an optional rephrasing model; empty: off")
    llm_model: str = _setting("default", "name of the model that llm_url is asked for")
    llm_key_file: str = _setting("", "file that holds the key for llm_url")
    alert_channels: str = _setting(
        "",
        "where alerts go: kind=FILE separated by commas; kinds email, webhook, wecom, dingtalk, feishu; FILE holds the address",
    )
    smtp_url: str = _setting("", "smtp://user@host:port for alerts and briefs; empty: no e-mail")
    smtp_password_file: str = _setting("", "file that holds the SMTP password")

    @property
    def home_path(self) -> Path:
        return Path(self.home).expanduser().resolve()

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home_path / 'huiyin.db'}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def table() -> list[tuple[str, Any, str]]:
    """Name, default and help of every setting, in order; docs and `huiyin doctor` print it."""
    return [(f.name, f.default, f.metadata["help"]) for f in fields(Settings)]


def load(
    path: str | Path | None = None, *, environ: Mapping[str, str] | None = None, **overrides: Any
) -> Settings:
    """Read huiyin.toml (path, else HUIYIN_CONFIG, else ./huiyin.toml where it exists), environment, overrides.

    Raises UsageError naming the setting, the value and the choices.
    """
    env = os.environ if environ is None else environ
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    file = Path(path or env.get("HUIYIN_CONFIG", "huiyin.toml"))
    if file.exists():
        try:
            values.update(tomllib.loads(file.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not a TOML file: {error}") from error
    elif path:
        raise UsageError(f"{file}: no such settings file")
    for name in known:
        value = env.get(f"HUIYIN_{name.upper()}")
        if value is None:
            value = _from_file(env.get(f"HUIYIN_{name.upper()}_FILE", ""))
        if value is not None:
            values[name] = value
    values.update({name: value for name, value in overrides.items() if value is not None})
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{file}: unknown setting {name!r}; known: {', '.join(known)}")
        values[name] = _convert(name, value, known[name].default)
    settings = Settings(**values)
    if settings.clock_start not in ("earliest", "reported", "seen"):
        raise UsageError(f"clock_start is {settings.clock_start!r}; choose earliest, reported or seen")
    if settings.log_format not in ("text", "json"):
        raise UsageError(f"log_format is {settings.log_format!r}; choose text or json")
    return settings


def _from_file(name: str) -> str | None:
    """What the file says, without white space around it: for addresses that hold a password (HUIYIN_DATABASE_FILE=…)."""
    if not name:
        return None
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: the file of a setting cannot be read: {error}") from error


def _convert(name: str, value: Any, default: Any) -> Any:
    kind = type(default)
    try:
        if kind is bool and isinstance(value, str):
            lowered = value.strip().lower()
            if lowered in ("1", "true", "yes", "on"):
                return True
            if lowered in ("0", "false", "no", "off", ""):
                return False
            raise ValueError
        return kind(value)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} is {value!r}; it takes a {kind.__name__}, for example {default!r}"
        ) from error
