"""Tells a line that says nothing but a date or a period: "As of June 30, 2025", "2024년 3분기", "FY2024".

Pure rules on words, for headings, lines beside tables and cells.
"""

from __future__ import annotations

import re

from upstage_docs.records.patterns import compile_when_used

MONTH = (  # in English, German, French, Spanish, Portuguese, Italian
    r"(?:january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sept|sep|october|oct|"
    r"november|nov|december|dec|januar|februar|märz|mrz|mai|juni|juli|oktober|okt|dezember|dez|"
    r"janvier|janv|février|févr|mars|avril|avr|juin|juillet|juil|août|septembre|octobre|novembre|décembre|déc|"
    r"enero|ene|febrero|marzo|abril|abr|mayo|junio|julio|agosto|ago|septiembre|octubre|noviembre|diciembre|dic|"
    r"janeiro|fevereiro|fev|março|maio|junho|julho|setembro|set|outubro|out|novembro|dezembro|"
    r"gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre)(?![^\W\d_])\.?"
)
"""The name of a month, as a part of an expression that ignores case."""

_YEAR = r"(?:'\d\d|(?:19|20)\d\d)"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|[º°]|\.)?"
_DATE = (
    # 2024. 3. 15.(금), 2024년 3분기, 令和6年3月15日
    rf"(?:(?:{_YEAR}|(?:令和|平成|昭和|民國|民国)\s*\d{{1,3}})\s*(?:[./\-]|년도?|年度?|학년도)"
    r"\s*(?:\d/4\s?분기|[상하]반기|第[一二三四1-4]季度|[上下]半年|\d{1,2}[-–~～]\d{1,2}\s?[월月]|\d{1,2}\s*(?:月期|[./\-월月]|분기|季度|四半期)?\s*(?:\d{1,2}\s*[.일日]?)?)?"
    r"\s*말?\s*(?:[(（][^)）]{1,3}[)）])?(?:\s*(?:\d{1,2}:\d\d|조간|석간))?"
    r"|\d{1,2}\s?[월月]\s?\d{1,2}\s?[일日](?:\s*[(（][^)）]{1,3}[)）])?|\d{1,2}\s?월(?=\s*(?:현재|기준|\W*\Z))"
    # Monday, 3 March 2024; Ulsan, March 15, 2024; 15.03.2024; FY2024; Q3 2024; 31 de diciembre de 2024
    r"|(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+|(?!(?:results?|highlights|agenda|minutes|updates?|outlook|overview|summary|report|news|events)\b)[^\W\d_]{3,20},\s+(?=\d|\w{3,9}\.?\s+\d{1,2},))?"
    rf"(?:{_DAY}\s+(?:de\s+)?{MONTH}|(?:{MONTH}\s*(?:[-–/]|(?:to|through|bis|à|a)\s)\s*)?{MONTH}(?:\s+{_DAY})?),?\s+(?:de\s+)?{_YEAR}"
    rf"|\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d\d){{1,2}}(?:\s*\([^)]{{1,3}}\))?|FY\s?'?\d{{2,4}}(?:[/–-]\d\d)?(?:\s?[QH][1-4])?|(?:Q[1-4]|H[12])\s?(?:FY\s?)?{_YEAR}|"
    rf"(?:[1-4]Q|[12]H)\s?'?\d{{2,4}}|{_YEAR}\s?(?:Q[1-4]|H[12])|(?:fiscal|calendar)\s+year\s+{_YEAR}|"
    rf"(?:spring|summer|autumn|fall|winter)(?:\s?[/–-]\s?(?:spring|summer|autumn|fall|winter))?\s+{_YEAR}|{_YEAR}\s*회계\s?연도|{_YEAR}(?:[-–]\d\d(?!\d))?)"
)
_OF_DATE = (
    r"(?:as\s+(?:of|at)|(?:for\s+the\s+)?(?:\w+\s+){0,2}(?:years?|months?|quarters?|weeks|period)(?:\s+then)?\s+(?:ended|to)|dated?|"
    r"date\s+of\s+\w+|published(?:\s+online)?|received|accepted|revised|(?:last\s+)?(?:updated?|modified|revised)|issued|effective|from|"
    r"exercice\s+clos\s+(?:le|au)|stand|(?:week\s+ending|le|per|zum|au|al|a|em)(?=\s+\d)|de(?=\s+\D)|截[至止]|"
    r"작성일?|발행일?|기준일?|게시일|등록일|일자|날짜|시행일?|발표일|배포일?시?|보도\s?시점|"
    r"日期|发布日期|作成日|発行日)\s*[:：]?\s*"
)
_BETWEEN = (
    r"(?:현재|기준|부터|까지|시행|作成|発行|现在|現在|止(?:[三六九]|十二)?[个個]?月?|and|to|through|\((?:un)?audited\)|"
    r"[-–~,;\s])*"
)
_LINE = compile_when_used(
    rf"(?:\W*(?:제\s*\d+\s*기\W*)?(?:{_OF_DATE})?{_DATE}(?:{_BETWEEN}(?:{_OF_DATE})?{_DATE}){{0,3}}{_BETWEEN}\W*"
    rf"|(?:(?:for\s+the\s+)?fiscal\s+)?(?:(?:\w+\s+)?(?:years?|months?|quarters?|weeks))\s+ended\s+{MONTH}\s+\d{{1,2}},?)\Z",
    re.IGNORECASE,
)
_LONGEST = 200  # characters: four long dates have 130, and on 8,000 dashes behind a year the expression takes seconds


def is_date(words: str) -> bool:
    """Say whether *words*, on one line, are nothing but a date or a period, or several."""
    return len(words) <= _LONGEST and _LINE.match(words) is not None
