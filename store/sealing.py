"""What systems said, sealed: whoever has the store alone cannot read it."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Closes and opens texts with the server's secret."""

    def __init__(self, secret: bytes) -> None:
        key = hashlib.sha256(b"colonnade quarantine 1" + secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, said: bytes) -> str:
        """Return a text that only the same secret opens."""
        return self._fernet.encrypt(said).decode()

    def open(self, sealed: str) -> bytes | None:
        """Return what was said; None where the secret is another one now."""
        try:
            return self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            return None
