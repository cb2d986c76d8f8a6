"""`scrutineer acls`: what each role may do at the brokers, ready to be applied."""

from __future__ import annotations

import json
from typing import Literal

import click

from streams.errors import UserError
from streams.log.roles import NAMES, Role, bindings, commands, roles
from streams.settings import load_settings


@click.command("acls")
@click.option(
    "--role",
    "names",
    type=click.Choice(NAMES),
    multiple=True,
    help="One role alone; may be given several times. Default: all of them.",
)
@click.option(
    "--principal",
    "principals",
    metavar="User:NAME",
    multiple=True,
    help="Who gets the role (one --role alone); may be given several times: one login for each "
    "organisation. Default: User:ROLE.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["kafka-acls", "json"]),
    default="kafka-acls",
    show_default=True,
    help="Command lines of kafka-acls.sh, or one JSON object an ACL.",
)
@click.option(
    "--command-config",
    "config",
    metavar="FILE",
    default="admin.properties",
    show_default=True,
    help="The file with the administrator's login that the command lines name.",
)
def command(
    *,
    names: tuple[str, ...],
    principals: tuple[str, ...],
    form: Literal["kafka-acls", "json"],
    config: str,
) -> None:
    """Print the ACLs of each role: what it may do at the brokers, and why.

    Topics, group and brokers are those of the settings. Nothing is changed: pipe the command lines
    into a shell on a machine that has Kafka's tools and the administrator's login. The brokers need
    an authorizer, and a login for everybody (docs/security.md).
    """
    settings = load_settings()
    known = roles(settings)
    chosen = [known[name] for name in names or NAMES]
    if principals and len(chosen) != 1:
        raise UserError("--principal goes with one --role: each login has one role")
    if form == "json":
        found = [acl for role in chosen for acl in bindings(role, _principals(role, principals))]
        click.echo(json.dumps(found, indent=2))
        return
    for role in chosen:
        who = _principals(role, principals)
        for line in commands(role, who, settings.broker.bootstrap, config):
            click.echo(line)


def _principals(role: Role, given: tuple[str, ...]) -> tuple[str, ...]:
    for principal in given:
        kind, _, name = principal.partition(":")
        if kind != "User" or not name or name == "*":
            raise UserError(
                f"--principal {principal!r}: it is User:NAME. NAME is the SASL user, or what the "
                "brokers' ssl.principal.mapping.rules make of a certificate's subject"
            )
    return given or (f"User:{role.name}",)
