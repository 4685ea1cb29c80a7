"""A mail server (aiosmtpd) on loopback that says on standard output what it gets, one JSON object a line.

    mail_server.py [--tls CERT KEY [--wrapped]] [--user NAME PASSWORD] [--data ANSWER]...

First {"port": ...}; then one {"mail": ...} for each mail that it accepts, read by Python's own email package.
--tls offers STARTTLS and takes no mail without it; with --wrapped TLS begins with the first byte. With --user it
takes no mail from anybody else. The first mails are answered with each --data in turn, e.g. "451 later". Whoever is
called gone@... is refused, and whoever is called later@... the first two times. It ends when its standard input does.
"""

import argparse
import asyncio
import collections
import email
import email.policy
import html.parser
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# A client that turns away is no mishap here, nor is a server as weak as a test wants it.
logging.disable()
warnings.simplefilter("ignore")

arguments = argparse.ArgumentParser()
arguments.add_argument("--tls", nargs=2)
arguments.add_argument("--wrapped", action="store_true")
arguments.add_argument("--user", nargs=2)
arguments.add_argument("--data", action="append", default=[])
given = arguments.parse_args()


def say(what):
    print(json.dumps(what), flush=True)


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append([tag, dict(attributes)])


def tags(text):
    """The elements that a browser would see, each with its attributes."""
    parser = Tags()
    parser.feed(text)
    parser.close()
    return parser.seen


def read(content):
    """What a mail program would make of it."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    plain, styled = mail.get_body(("plain",)), mail.get_body(("html",))
    parts = [mail, *mail.walk()]
    return {
        "headers": {name: [str(value) for value in mail.get_all(name)] for name in set(mail.keys())},
        "plain": plain.get_content() if plain else None,
        "html": styled.get_content() if styled else None,
        "tags": tags(styled.get_content() if styled else ""),
        "images": [
            {"type": part.get_content_type(), "id": part["content-id"], "bytes": len(part.get_content())}
            for part in mail.walk()
            if part.get_content_maintype() == "image"
        ],
        "defects": [str(defect) for part in parts for defect in part.defects],
    }


class Handler:
    asked = collections.Counter()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 no such person here"
        self.asked[address] += 1
        if address.startswith("later@") and self.asked[address] <= 2:
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if given.data:
            return given.data.pop(0)
        say(
            {
                "mail": read(envelope.content)
                | {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "encrypted": session.ssl is not None or given.wrapped,
                    "user": session.auth_data.login.decode() if session.authenticated else None,
                }
            }
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login.decode() == given.user[0] and data.password.decode() == given.user[1]
    return AuthResult(success=right, handled=right, auth_data=data)


async def main():
    context = None
    if given.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*given.tls)
    starttls = bool(given.tls) and not given.wrapped

    def factory():
        return SMTP(
            Handler(),
            require_starttls=starttls,
            tls_context=context if starttls else None,
            auth_required=bool(given.user),
            auth_require_tls=bool(given.tls) and not given.wrapped,
            authenticator=authenticate if given.user else None,
            enable_SMTPUTF8=True,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if given.wrapped else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
