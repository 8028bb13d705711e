"""A patent asked paragraph by paragraph: `python examples/patent_search.py patent.pdf "What slows the boom in gusts?"`.

Paragraphs are numbered as in the text, joined where columns and pages broke them, and claims stand apart.
UPSTAGE_API_KEY or UPSTAGE_DOCS_ENGINE=local says who reads the file.
"""

import sys

from llama_index.core.llms import LLM
from llama_index.core.schema import NodeWithScore
from scripted_llm import FirstPassage

from llama_index_upstage_docs import UpstageDocumentParseReader, UpstageDocumentRetriever, paragraph_documents
from upstage_docs.evidence import cite, number_passages, read_answer

MODEL = FirstPassage()  # from llama_index.llms.upstage import Upstage; MODEL = Upstage()
RULES = "Answer from these paragraphs of a patent alone, and end every sentence with the number of its passage, as [1]."


def search(path: str, question: str) -> dict[str, list[NodeWithScore]]:
    """Return the best paragraphs of the description, and the best claims."""
    nodes = paragraph_documents(UpstageDocumentParseReader(split="element").load_data(path))
    found = {}
    for part in ("description", "claims"):
        within = [node for node in nodes if node.metadata["part"] == part]
        found[part] = UpstageDocumentRetriever(within, similarity_top_k=3).retrieve(question)
    return found


def main(path: str, question: str, model: LLM = MODEL) -> None:
    """Print the answer with the paragraphs that it cites, and the claims that fit."""
    found = search(path, question)
    reply = model.complete(f"{RULES}\n\n{number_passages(found['description'])}\n\nQuestion: {question}")
    for statement in read_answer(reply.text, found["description"]).statements:
        print(f"{statement.text} ({'; '.join(statement.citations) or 'not cited'})")
    for node in found["claims"]:
        print(f"\n{cite(node)}\n{node.text}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
