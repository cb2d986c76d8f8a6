"""Signatures of manifests: Ed25519, with keys in the PEM files that OpenSSL makes and reads."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from streams.archive.manifest import Manifest, Signature
from streams.errors import UserError


def keygen(path: Path) -> tuple[Path, str]:
    """Write a new private key to ``path`` and the public one beside it.

    Returns the public key's file and the key in hex. UserError: a file is there already.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    private_text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for file, text, mode in ((path, private_text, 0o600), (public, public_text, 0o644)):
        try:
            number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"{file}: no key is written: {reason}") from None
        with os.fdopen(number, "wb") as stream:
            stream.write(text)
    return public, _hex(key.public_key())


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in ``path``. UserError: there is none."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: is no private key without a password: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"{path}: is no Ed25519 key: scrutineer archive keygen makes one")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The key in ``path``. UserError: there is none."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path}: is no public key: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UserError(f"{path}: is no Ed25519 key")
    return key


def signed(manifest: Manifest, key: Ed25519PrivateKey) -> Manifest:
    """``manifest`` with a signature by ``key``."""
    signature = Signature(
        algorithm="ed25519",
        public_key=_hex(key.public_key()),
        signature=key.sign(manifest.signable()).hex(),
    )
    return manifest.model_copy(update={"signature": signature})


def signature_problem(manifest: Manifest, key: Ed25519PublicKey | None) -> str | None:
    """What is wrong with the signature: by ``key``, or by the key that it names itself."""
    found = manifest.signature
    if found is None:
        return "is not signed" if key is not None else None
    if key is not None and _hex(key) != found.public_key:
        return f"is signed by another key: {found.public_key}"
    try:
        signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found.public_key))
        signer.verify(bytes.fromhex(found.signature), manifest.signable())
    except (InvalidSignature, ValueError):
        return "the signature is not of this manifest"
    return None


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
