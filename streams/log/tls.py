"""TLS with the brokers: the context from the settings, and why a broker refuses our certificate."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from streams.errors import UserError
from streams.settings import BrokerSettings

_ALERT: Final = "_ALERT_"
_ALERT_SECONDS: Final = 3.0
_OUT_OF_TIME: Final = {9, 10}
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def ssl_context(broker: BrokerSettings) -> ssl.SSLContext | None:
    """The TLS context, None without TLS. UserError: a file is missing or does not fit."""
    if "SSL" not in broker.security_protocol:
        return None
    cafile = _existing(broker.ssl_cafile, "ssl_cafile")
    certfile = _existing(broker.ssl_certfile, "ssl_certfile")
    keyfile = _existing(broker.ssl_keyfile, "ssl_keyfile")
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=cafile)
    except (ssl.SSLError, OSError) as error:
        raise UserError(
            f"broker.ssl_cafile: {cafile} is not a PEM file of certificates: {error}"
        ) from None
    context.check_hostname = broker.ssl_check_hostname
    if certfile:
        password = broker.secret("ssl_key_password") or ""
        try:
            # A function, so that OpenSSL never asks at the terminal for what is not set.
            context.load_cert_chain(certfile, keyfile, password=lambda: password)
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"broker.ssl_certfile, ssl_keyfile, ssl_key_password: {certfile} and "
                f"{keyfile or 'the key in it'} cannot be used: {error}"
            ) from None
    return context


def own_certificate(broker: BrokerSettings) -> x509.Certificate | None:
    """The certificate that we show, None: there is none that can be read."""
    if broker.ssl_certfile is None:
        return None
    try:
        return x509.load_pem_x509_certificate(broker.ssl_certfile.read_bytes())
    except (OSError, ValueError):
        return None


async def refused_by(host: str, port: int, context: ssl.SSLContext) -> str | None:
    """The TLS alert with which a broker refuses our certificate; None: it sends none.

    In TLS 1.3 the handshake is over for us before the broker has looked at what we show; the
    Kafka client sees a closed connection, and not why.
    """
    try:
        async with asyncio.timeout(_ALERT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                await reader.read(1)
            finally:
                writer.transport.abort()
    except ssl.SSLError as error:
        _, alert, reason = (error.reason or "").partition(_ALERT)
        return reason.replace("_", " ").lower() if alert else None
    except (OSError, TimeoutError):
        return None
    return None


def certificate_trouble(broker: BrokerSettings, address: str, alert: str) -> str:
    """What to tell whoever started us when a broker refused our certificate with ``alert``."""
    if broker.ssl_certfile is None:
        return (
            f"the broker at {address} asks for a certificate ({alert}): set broker.ssl_certfile "
            "and ssl_keyfile, or security_protocol to that of a listener that asks for none"
        )
    text = f"the broker at {address} does not accept our certificate ({alert})"
    found = own_certificate(broker)
    if found is not None:
        until = found.not_valid_after_utc
        ended = "it ended on" if until < datetime.now(UTC) else "valid until"
        text += (
            f": {found.subject.rfc4514_string()}, signed by {found.issuer.rfc4514_string()}, "
            f"{ended} {until:%Y-%m-%d %H:%M} UTC"
        )
    return (
        f"{text}. Have one made that an authority the brokers trust has signed: "
        "broker.ssl_certfile, ssl_keyfile"
    )


def handshake_trouble(address: str, error: ssl.SSLError) -> str:
    """What to tell whoever started us when there is no TLS with a broker."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of the broker at {address} is not accepted: {error.verify_message}"
        if error.verify_code in _OUT_OF_TIME:
            # No setting here helps, and switching checks off would not either.
            return (
                f"{text}. By this machine's clock it is {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: if "
                "that is right, the broker needs another certificate"
            )
        return f"{text}. See broker.ssl_cafile and broker.ssl_check_hostname"
    return (
        f"no TLS with the broker at {address}: {error.reason or error}. "
        "See broker.security_protocol, ssl_certfile"
    )


def _existing(path: Path | None, name: str) -> str | None:
    if path is not None and not path.is_file():
        raise UserError(f"broker.{name}: there is no file {path}")
    return str(path) if path else None
