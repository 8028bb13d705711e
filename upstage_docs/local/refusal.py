"""The exception by which the local engine refuses a document or a request, with an HTTP status."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - it is an answer of the API, not a failure of ours
    """The engine refuses this document; the transport answers with `status` and an error body as the API's.

    Args:
        message: What is wrong with the document and what to do next.
        status: The HTTP status: 413 too large, 415 unsupported format, 422 corrupt, encrypted or without text.
        code: The API's error code, `""` if none fits.
    """

    def __init__(self, message: str, *, status: int = 422, code: str = "") -> None:
        super().__init__(message, status, code)
        self.message = message
        self.status = status
        self.code = code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by value: keyword-only arguments break the default way."""
        return _refusal, (self.message, self.status, self.code)


def _refusal(message: str, status: int, code: str) -> Refusal:
    return Refusal(message, status=status, code=code)
