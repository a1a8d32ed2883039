"""accounts: add NAME --role ROLE, list, reset NAME

Passwords are made here, shown once, and must be changed at the first sign-in.
"""

from __future__ import annotations

import argparse

from sqlalchemy import select

from huiyin.records import ROLES, Record, User
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True)
    adding = acts.add_parser("add", help="make an account and print its one-time password")
    adding.add_argument("name")
    adding.add_argument("--role", required=True, choices=list(ROLES))
    adding.add_argument("--display", default="", help="name as screens and sign-offs show it")
    adding.add_argument("--unit", default="", help="department")
    acts.add_parser("list", help="all accounts")
    resetting = acts.add_parser("reset", help="a new one-time password; ends the account's sessions")
    resetting.add_argument("name")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard import accounts

    record = Record.open(settings)
    if args.act == "list":
        with record.session(write=False) as session:
            for user in session.scalars(select(User).order_by(User.name)):
                seen = (
                    user.last_login.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
                    if user.last_login
                    else "never"
                )
                print(
                    f"{user.name}\t{user.role}\t{user.display}\t{user.unit}\t{'on' if user.enabled else 'off'}\tlast sign-in {seen}"
                )
        return 0
    with record.session() as session:
        if args.act == "add":
            password = accounts.add(
                session, args.name, args.role, by="command line", display=args.display, unit=args.unit
            )
        else:
            password = accounts.reset(session, args.name, by="command line")
    print(f"{args.name}: one-time password {password}")
    return 0
