"""Stand-ins for a chat model, so that the examples need no key: they look up and quote, they understand nothing.

Put `ChatUpstage()` of `langchain-upstage` in their place, `ChatOpenAI(base_url=..., model=...)` or any other.
"""

import re
from collections.abc import Callable
from typing import Any

from langchain_core.language_models.chat_models import SimpleChatModel
from langchain_core.messages import BaseMessage


class ScriptedChat(SimpleChatModel):
    """A chat model that answers with what a function makes of the last message."""

    script: Callable[[str], str]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _call(self, messages: list[BaseMessage], *_: Any, **__: Any) -> str:
        return self.script(str(messages[-1].content))


def answer_by_words(prompt: str) -> str:
    """Answer with the line of a passage that shares most pairs of characters with the question; refuse if few do."""
    passages, _, question = prompt.rpartition("Question: ")
    asked = set(re.findall(r"(?=(..))", re.sub(r"\W+", "", question)))
    best, said, number = 0, "", 0
    for line in passages.splitlines():
        number = int(mark[1]) if (mark := re.match(r"\[(\d+)\] ", line)) else number
        shared = sum(pair in re.sub(r"\W+", "", line) for pair in asked) if not mark and number else 0
        if shared > best:
            best, said = shared, f"{line.strip()} [{number}]"
    return said if best > 0.4 * len(asked) else "The documents do not say."


def summarise(prompt: str) -> str:
    """Summarise a section by its first sentence, quoted; of sentences that are quoted already, keep all."""
    section = re.match(r"\[(\d+)\] .+\n.+\n\n", prompt)
    if not section:
        return prompt
    said = re.match(r"[^\n]*?\w\w[.!?](?=\s|$)", prompt[section.end() :])
    return f'{said[0]} "{said[0]}" [{section[1]}]' if said else ""
