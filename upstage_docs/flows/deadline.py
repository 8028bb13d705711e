"""Puts a deadline around a flow: every send, retry and pause in it ends in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from upstage_docs.api.messages import NoReply
from upstage_docs.flows.steps import Flow, Now, Send, Sleep, Step

T = TypeVar("T")


class OutOfTimeError(Exception):
    """The deadline came before the flow ended; whoever set it says what that means."""


def within(flow: Flow[T], until: float) -> Flow[T]:
    """Carry *flow* out so that none of its sends and pauses lasts beyond *until*, a time as `Now` gives it.

    Raises:
        OutOfTimeError: The time was over before the flow had ended. It is raised inside of *flow* first.
    """
    resume: Callable[[], Step] = partial(flow.send, None)
    try:
        while True:
            try:
                step = resume()
            except StopIteration as end:
                result: T = end.value
                return result
            cut = False
            if isinstance(step, (Send, Sleep)):
                now: float = yield Now()
                left = until - now
                if left <= 0:
                    resume = partial(flow.throw, OutOfTimeError())
                    continue
                if isinstance(step, Send):
                    step = replace(step, deadline=min(step.deadline, left), patience=min(step.patience, left))
                else:
                    cut = step.seconds > left
                    step = Sleep(min(step.seconds, left))
            try:
                reply = yield step
            except Exception as error:  # noqa: BLE001 - the flow decides
                resume = partial(flow.throw, error)
                continue
            if isinstance(reply, NoReply) and reply.timeout:
                now = yield Now()
                cut = now >= until
            resume = partial(flow.throw, OutOfTimeError()) if cut else partial(flow.send, reply)
    finally:
        flow.close()
