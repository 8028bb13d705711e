"""Tells by its words whether a text announces the table, chart or figure below it: "... were as follows:"."""

from __future__ import annotations

import re

from upstage_docs.records.patterns import compile_when_used
from upstage_docs.records.wording import LONGEST_UNIT

_LONGEST_END = 3  # characters: a bracket, a stop and a quotation mark

# All that stands before the last sentence, in words or in HTML.
# A stop begins with a set of signs, which is looked for ten times as fast as a choice.
_SENTENCES_BEFORE = re.compile(r"(?s:.*)[.?!。！？](?:(?<=[。！？])|(?<=\.)(?:[ \n]|<br>|[”)] )|(?<=[?!])[ \n])")

_SHOWN = (
    r"(?:set\s+(?:out|forth)|shown|presented|summari[sz]ed|detailed|listed|given|provided|outlined|disclosed|tabulated|illustrated|depicted|"
    r"described|displayed|reproduced|indicated)"
)
_SHOWING = r"(?:table|chart|figure|graph|schedule|diagram|exhibit|map|matrix|illustration)s?"
# "The following day" announces nothing.
_NO_TIME = r"(?!\s+(?:days?|weeks?|months?|quarters?|years?|decades?|morning|evening|night|season|century)\b)"
_ANNOUNCES = compile_when_used(
    r"(?:\bas\s+(?:follows|below|under)\W*"
    r"|\b(?:is|are|was|were)\s+(?:as\s+)?(?:follows|shown|set\s+forth|presented|summari[sz]ed|detailed)[^.]{0,60}\W*"
    rf"|\b{_SHOWN}\s+(?:below|hereunder|hereafter|in\s+the\s+(?:following|table)[^.]{{0,40}})\W*|\bbelow\W*|\bfollows?(?:\s+below)?\W*"
    rf"|\bthe\s+following{_NO_TIME}(?:\s+\w+){{0,4}}\W*"
    r")\s*\Z",
    re.IGNORECASE,
)
_ANNOUNCES_CJK = compile_when_used(
    r"(?:(?:다음|아래|하기|하단)(?:의?\s?(?:표|그림)|의)?[과와]\s?같(?!은)[^.。]{0,40}"
    r"|(?:아래|하단)를\s참[조고][^.。]{0,20}|(?:아래|다음|하단)에\s?(?:기재|나타내|나타낸|정리|제시|기술|표시|첨부|요약)[^.。]{0,20}"
    r"|(?:아래|다음)\s?(?:표|그림)\S{0,4}\s?\S{0,8}(?:다|음)|(?:아래|다음)[는은]\s[^.。]{2,40}(?:이다|입니다|임)"
    r"|(?:以下|次|下)(?:の(?:表|図|とおり|通り|よう)|表|[图圖図])\S{0,14}|下記(?:の|に|表)\S{0,14}|以下に[^。]{0,30}(?:示|記載|掲|まとめ)[^。]{0,10}|次に(?:掲げ|示)[^。]{0,14}"
    r"|(?<![\d人歳円％%個件年月日度])以下(?:は|、)[^。]{2,40}|以下(?:为|為|是|列|概|载|載|呈)[^。]{0,40}|下[列述](?:为|為|是)[^。]{0,30}"
    r"|如下\S{0,6}|如下[表图圖]\S{0,8}|(?:下表|下图|下圖)\S{0,12}"
    r")\W*(?:[(（][^()（）]{0,40}[)）]\W*)?\Z"
)
# One of these stands in whatever announces; most texts hold none. As one choice they took ten times as long.
_SIGNS = (
    *("ollow", "elow", "above", "accompanying", "forth", "shown", "presented", "summar", "detail", "listed"),
    *("provid", "given", "outlin", "disclos", "report", "includ", "under", "hereafter", "next ", "adjacent"),
    *(
        "overleaf",
        "to the ",
        "on the ",
        "opposite",
        "olgende",
        "nachstehende",
        "ci-",
        "suivant",
        "iguiente",
        "seg",
        "abaixo",
    ),
)
_NEAR_END = 160  # characters before the end of a text, in which an announcement begins
_CJK_SIGN = re.compile(r"다음|아래|하[기단]|以下|次|如下|[下右左]")  # such an announcement begins with one
_ANNOUNCES_WITHIN = compile_when_used(
    rf"\b(?:the\s+)?(?:following|below|accompanying|next|adjacent)\s+{_SHOWING}\b"
    rf"|\b{_SHOWING}\s+(?:(?:\w+\s+)?(?:below|that\s+follows?|hereunder|overleaf|opposite)|on\s+the\s+next\s+page|(?:to|on)\s+the\s+(?:right|left))\b"
    rf"|\b(?:information|data|amounts|figures|results|details)\s+below\b(?!\s+(?:[\d$€£%]|(?:zero|the|an?|that|this|those|average)\b))|\bas\s+follows\b|\bsee\s+below\b|\bas\s+{_SHOWN}\s+(?:below|hereunder)\b"
    rf"|\A\W*(?:below\s+(?:is|are|please|you|we)|{_SHOWN}\s+(?:below|hereunder)\s+(?:is|are)|here\s+(?:is|are))\b"
    rf"|\A\W*the\s+following{_NO_TIME}\s+(?:\w+\s+){{0,3}}(?:is|are|was|were|summari[sz]es?|reconciles?|sets?|shows?|presents?|lists?|provides?|details?|outlines?|"
    r"illustrates?|compares?|reflects?|represents?|relates?)\b"
    r"|\b(?:folgende|nachstehende)n?\s+(?:tabelle|abbildung|übersicht|grafik)\b|\b(?:tableau|graphique|figure)\s+(?:ci-dessous|ci-après|suivante?)\b"
    r"|\bsiguiente\s+(?:tabla|cuadro|gr[áa]fico|figura)\b|\b(?:tabla|cuadro|tabela|quadro|tabella|gr[áa]fico|figura)\s+(?:siguiente|a\s+seguir|seguinte|abaixo|seguente)\b"
    r"|\bseguente\s+(?:tabella|figura)\b",
    re.IGNORECASE,
)
_SHOWING_KOREAN = r"(?:표|그림|그래프|도표|차트|도식|사진)"
_ANNOUNCES_WITHIN_CJK = compile_when_used(
    rf"(?:다음|아래|하기|하단)의?\s?[\[<(〈]?\s?{_SHOWING_KOREAN}|下[表图圖図]|次[表図]|(?:以下|次|下記|[下右左])の(?:表|図|グラフ|チャート|一覧)|(?:以下|下[列述面])的?(?:表|[图圖])"
)


def announces(words: str) -> bool:
    """Say whether a text ends by announcing what stands below it: "... were as follows:", "The table below shows"."""
    tail = words[-400:].rstrip()
    return bool(tail) and (tail[-1] in ":：" or announces_in_words(tail))


def announces_in_words(tail: str) -> bool:
    """Say whether the last sentence of a text announces what stands below it, with or without a colon at its end."""
    before = _without_bracket(tail)
    if before is not tail and (before[-1] in ":：" or _last_sentence_announces(before)):
        return True
    return _last_sentence_announces(tail)


def _last_sentence_announces(tail: str) -> bool:
    last = tail[start_of_last_sentence(tail) :]
    near = max(0, len(last) - _NEAR_END)
    if _holds_sign(last) and (_ANNOUNCES_WITHIN.search(last) or _ANNOUNCES.search(last, near)):
        return True
    if last.isascii():
        return False
    for found in _CJK_SIGN.finditer(last):
        at = found.start()
        if _ANNOUNCES_WITHIN_CJK.match(last, at) or (at >= near and _ANNOUNCES_CJK.match(last, at)):
            return True
    return False


def _holds_sign(words: str) -> bool:
    """Say whether a sign of an announcement in English stands in *words*."""
    if not ("e" in words or "o" in words or "u" in words):
        return False  # most texts of Korean, Chinese and Japanese: one of these letters is in each sign
    for sign in _SIGNS:  # noqa: SIM110 - no generator: this is asked of the text before each table
        if sign in words:
            return True
    return False


def _without_bracket(tail: str) -> str:
    """Return *tail* without what stands in brackets at its end: "were as follows (in thousands)"."""
    near = tail[-_LONGEST_END:]
    if ")" not in near and "）" not in near:
        return tail
    end = max(tail.rfind(")"), tail.rfind("）"))
    start = max(tail.rfind("(", 0, end), tail.rfind("（", 0, end))
    return tail[:start].rstrip() or tail if 0 < start >= end - LONGEST_UNIT else tail


def start_of_last_sentence(text: str) -> int:
    """Return where the last sentence of *text* begins; 0 where there is one."""
    before = _SENTENCES_BEFORE.match(text, 0, max(0, len(text.rstrip()) - 1))
    return before.end() if before else 0
