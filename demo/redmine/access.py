"""Who may enter the demo's Redmine: a server on the loopback interface with invented data needs no secret."""

from typing import Final

USER: Final = "colonnade"
KEY: Final = "c0104adec0104adec0104adec0104adec0104ade"
