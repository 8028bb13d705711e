"""Plays a flow against scripted outcomes: no network, no clock, no threads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import httpx

from upstage_docs.api.messages import NoReply, Outcome, Reply
from upstage_docs.flows.steps import Flow, Now, Send, Sleep, Step, Work

T = TypeVar("T")


def reply(status: int, body: object = b"", headers: Mapping[str, str] | None = None, *, at: float = 0.0) -> Reply:
    """An answer; *body* is bytes or becomes JSON."""
    return Reply(status, httpx.Headers(headers), body if isinstance(body, bytes) else json.dumps(body).encode(), at)


def lost(*, sent: bool, timeout: bool = False) -> NoReply:
    """No answer."""
    return NoReply("ReadTimeout" if timeout else "ConnectError", sent=sent, timeout=timeout)


def form(request: httpx.Request) -> dict[str, tuple[str, bytes]]:
    """The parts of a form: name → (its header, its bytes)."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = {}
    for part in request.read().split(b"--" + boundary)[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name
        parts[name[1].decode()] = (head.decode(), body[:-2])
    return parts


class Play:
    """One playing of a flow: `steps` are the sends and sleeps it asked for, in order.

    Each send is answered by the next outcome, or by what that makes of the request.
    """

    def __init__(self, *outcomes: Outcome | Callable[[httpx.Request], Outcome]) -> None:
        self.outcomes = list(outcomes)
        self.steps: list[Step] = []
        self.clock = 1000.0

    def __call__(self, flow: Flow[T]) -> T:
        answer: Any = None
        error: Exception | None = None
        try:
            while True:
                try:
                    step = flow.throw(error) if error is not None else flow.send(answer)
                except StopIteration as end:
                    result: T = end.value
                    assert not self.outcomes, f"the flow ended without asking for {self.outcomes}"
                    return result
                answer, error = None, None
                if isinstance(step, Send):
                    self.steps.append(step)
                    outcome = self.outcomes.pop(0)
                    answer = outcome(step.request) if callable(outcome) else outcome
                elif isinstance(step, Sleep):
                    self.steps.append(step)
                    self.clock += step.seconds
                elif isinstance(step, Now):
                    answer = self.clock
                elif isinstance(step, Work):
                    try:
                        answer = step.task()
                    except Exception as raised:  # noqa: BLE001 - as the drivers do
                        error = raised
        finally:
            flow.close()

    @property
    def slept(self) -> list[float]:
        """Seconds of each sleep."""
        return [step.seconds for step in self.steps if isinstance(step, Sleep)]

    @property
    def sent(self) -> list[str]:
        """`METHOD path` of each send."""
        return [f"{step.request.method} {step.request.url.path}" for step in self.steps if isinstance(step, Send)]


def answer(pages: Iterable[int], *, usage: int | None = None, **more: object) -> dict[str, Any]:
    """A parse as the API answers it, with one paragraph on each of *pages*."""
    listed = list(pages)
    elements = [
        {
            "id": index,
            "page": page,
            "category": "paragraph",
            "content": {"html": f"<p id='{index}'>page {page}</p>", "markdown": f"page {page}", "text": f"page {page}"},
            "coordinates": [{"x": 0, "y": 0}, {"x": 1, "y": 0}, {"x": 1, "y": 1}, {"x": 0, "y": 1}],
        }
        for index, page in enumerate(listed)
    ]
    content = {"html": "".join(str(e["content"]) for e in elements), "markdown": "", "text": ""}
    pages_billed = len(listed) if usage is None else usage
    return (
        {"api": "2.0", "model": "document-parse-000000", "usage": {"pages": pages_billed}, "content": content}
        | {"elements": elements}
        | more
    )
