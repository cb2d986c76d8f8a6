"""Those who are told: a web hook and a mail server that keep what arrives."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from typing import NamedTuple, Self

from aiohttp import web

PATIENCE = 60.0
"""Seconds that a slow machine may need for what takes a few."""


class Message(NamedTuple):
    """What arrived: for whom, as a person reads it, all of it, and when (seconds since 1970)."""

    receiver: str
    text: str
    raw: str
    at: float


class Inbox:
    """``async with Inbox() as inbox:`` listens on two ports of the loopback address.

    A post to ``/NAME`` is a message for NAME; a mail to NAME@anywhere too. ``logins`` are the
    user and password of each mail.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.logins: list[tuple[str, str]] = []
        self._arrived = asyncio.Condition()
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/{name:.*}", self._post)
        self._web = web.AppRunner(application)
        await self._web.setup()
        site = web.TCPSite(self._web, "127.0.0.1", 0)
        await site.start()
        self.web_port = self._web.addresses[0][1]
        self._mail = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.mail_port = self._mail.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._mail.close()
        await self._mail.wait_closed()
        # Whoever sent mails is gone by now: each talk ends, and its connection with it.
        if self._talks:
            await asyncio.wait(self._talks, timeout=PATIENCE)
        await self._web.cleanup()

    def of(self, receiver: str) -> list[str]:
        """The texts for ``receiver`` so far."""
        return [message.text for message in self.messages if message.receiver == receiver]

    def lines(self, receiver: str) -> list[str]:
        """All lines for ``receiver`` so far that say what is or is over."""
        texts = "\n".join(self.of(receiver)).splitlines()
        return [line for line in texts if line.startswith(("NOW ", "OVER "))]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for messages until it is so. AssertionError, with what came, when it never is."""
        try:
            async with asyncio.timeout(PATIENCE), self._arrived:
                await self._arrived.wait_for(holds)
        except TimeoutError:
            raise AssertionError(f"never came; what came: {self.messages}") from None

    async def _keep(self, message: Message) -> None:
        async with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    async def _post(self, request: web.Request) -> web.Response:
        raw = await request.text()
        body = json.loads(raw)
        (attachment,) = body.get("attachments", [{}])
        text = attachment.get("text", raw)
        await self._keep(Message(request.match_info["name"], text, raw, time.time()))
        return web.Response(text="ok")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        try:
            await self._smtp(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever talked to us was stopped
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            command, _, rest = line.partition(" ")
            answer = "250 fine"
            match command.upper():
                case "EHLO":
                    answer = "250-test\r\n250 AUTH PLAIN"
                case "AUTH":
                    _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                    self.logins.append((user, password))
                    answer = "235 fine"
                case "RCPT":
                    recipient = rest.partition("<")[2].partition("@")[0]
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    await self._mailed(recipient, await reader.readuntil(b"\r\n.\r\n"))
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
            writer.write(f"{answer}\r\n".encode())

    async def _mailed(self, recipient: str, data: bytes) -> None:
        mail = message_from_bytes(data.removesuffix(b".\r\n"), policy=default)
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        text = "\n".join([mail["Subject"], *"\n".join(parts).splitlines()])
        await self._keep(Message(recipient, text, data.decode(), time.time()))
