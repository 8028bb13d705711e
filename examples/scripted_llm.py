"""A stand-in for an LLM of LlamaIndex, so that no key is needed. Put `Upstage()` or `OpenAILike(...)` in its place."""

import re
from typing import Any

from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata


class FirstPassage(CustomLLM):
    """Answers with the first sentence of the first passage of the prompt."""

    @property
    def metadata(self) -> LLMMetadata:
        """Say what this model is."""
        return LLMMetadata(model_name="first-passage")

    def complete(self, prompt: str, *_: Any, **__: Any) -> CompletionResponse:
        """Return that sentence, with its mark."""
        found = re.search(r"^\[1\] .*\n(.+?[.!?])(?=\s|$)", prompt, re.MULTILINE)
        return CompletionResponse(text=f"{found[1]} [1]" if found else "The patent does not say.")

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> CompletionResponseGen:
        """Yield the whole answer at once."""
        yield self.complete(prompt)
