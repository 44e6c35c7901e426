"""How the commands of one request are named by its header, and whether all of them had been answered before."""

from __future__ import annotations

from schema.problems import Code, Problem


class Naming:
    """One request's Idempotency-Key. It names one act of each command: of two alike, each needs a name of its own."""

    def __init__(self, key: str | None) -> None:
        self._key = key
        self._named: set[str] = set()
        self._begun = self._replays = 0

    @property
    def replayed(self) -> bool:
        """Whether there were mutations, and all of them were commands that had been answered before."""
        return self._replays == self._begun > 0

    def begin(self) -> None:
        """Note a mutation, whatever will come of it."""
        self._begun += 1

    def replay(self) -> None:
        """Note that a mutation was a command that had been answered before."""
        self._replays += 1

    def key(self, command: str) -> str | None:
        """Return how the header names a command, None without one; raise Problem for a second act of a command.

        Told apart by nothing, the two would be taken for one.
        """
        if self._key is not None and command in self._named:
            said = f"the header Idempotency-Key names one {command} of a request: name each in its input, without it"
            raise Problem(Code.IDEMPOTENCY_KEY_MISSING, said)
        self._named.add(command)
        return self._key
