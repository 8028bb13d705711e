"""Tells by its words whether a line is a caption, and what it says that it belongs to: "Table 3.", "〈그림 2〉", "表1".

Pure rules on words. Most lines are none, so that each is first asked for what captions begin with.
"""

from __future__ import annotations

import re

from upstage_docs.records.patterns import compile_when_used, first_letters
from upstage_docs.records.sentences import ends_as_in_korean, ends_with_stop

# A caption longer than this is a text that happens to begin like one. The longest of 350 real ones has 749 characters.
_LONGEST_CAPTION = 1200
# So is a longer title: on 80 real pages, of 77 headings one has 131 characters and the next one 85.
LONGEST_TITLE = 120

_OPEN = r"[\s:\"'“‘*_#>|~\-–—■□▶▷●○◆◇◎△▲☞▣◈◉❏❑❖▪▸►※<〈《「『【〔［｢\[(（＜≪«]*"
_CLOSE_MARK = r"[>〉》」』】〕］｣\])）＞≫»*_]"
_TABLES_LATIN = (
    r"tables?|tbl\.|tab\.|tab(?=\s?\d+\s?[:.])|tabellen?|tabelas?|tabella|tablas?|tableaux?|tabell?|tabulka|tabelul|übersicht|çizelge|"
    r"tablica|tablo|tabuľka|preglednica|lentelė|jadual|taula|tafla|taulukko|quadros?|cuadros?|таблиц[ая]|табела|табл\.|bảng|π[ίι]νακας|ตาราง(?:ที่)?|(?:ال)?جدول|तालिका|सारणी|טבלה|לוח"
)
_FIGURES_LATIN = (
    r"fig(?:ure)?s?\.?|charts?|graphs?|diagrams?|plates?|maps?|schemes?|(?:ph|f)otos?|photographs?|images?|illustrations?|pictures?|"
    r"plots?|exhibits?|graphic|infographic|drawings?|screenshots?|abbildung(?:en)?|abb\.|bild|schaubild|karte|figur(?:as?)?|obr\.|gambar|mapa|carte|"
    r"ilustraci[óo]n|sch[ée]ma|gr[áa]ficos?|graphiques?|grafi[ke]k?|graf(?:icul)?|wykres|diagramm|figuur|afbeelding|joonis|rajah|mynd|ryc(?:\.|ina)|rys(?:\.|unek)|obráz[eo]k|slika|kuv(?:a|io)|şekil|рисунок|рис\.|"
    r"диаграмма|діаграма|малюнок|график|схема|фото|карта|фигура|слика|hình(?:\s+ảnh)?|ảnh|biểu\s+đồ|sơ\s+đồ|bản\s+đồ|đồ\s+thị|σχ[ήη]μα|εικ[όο]να|δι[άα]γραμμα|γρ[άα]φημα|χ[άα]ρτης|"
    r"(?:รูป(?:ภาพ)?|ภาพ|แผน(?:ภูมิ|ภาพ|ผัง|ที่)|กราฟ)(?:ที่)?|(?:ال)?(?:شكل|صورة|خريطة|مخطط|رسم(?:\s+(?:ال)?بياني)?)|شکل|نمودار|"
    r"चित्र|आरेख|मानचित्र|ग्राफ़?|चार्ट|איור|תרשים|גרף|מפה"
)
_TABLES_CJK = (
    r"[附付](?:件|[录錄])?表|参考[図图圖]?表|续表|續表|続表|别表|別表|別紙|图表|圖表|図表|"
    r"(?:[统統][计計]|[数數][据據]|明[细細])?表格?"
)
_FIGURES_CJK = (
    r"[附付][图圖図]|参考[図图圖]|(?:示意|流程|[结結][构構]|[组組][织織]|架[构構]|[趋趨][势勢]|分布)[图圖図]|"
    r"[插地挿]?[图圖図]|[图圖][片示]|写真|照片|グラフ|チャート|イラスト"
)
_TABLES_KOREAN = r"부\s?표|붙임\s?표|별\s?(?:첨\s?)?표|참고표|통계표|도표|표"
_FIGURES_KOREAN = (
    r"그\s?림|사\s?진|차\s?트|그래프|지\s?도|도\s?면|도식|개념도|구성도|흐름도|모식도|삽화|화면|"
    rf"도(?=\s\d+[a-z]?(?:[\s.:]|{_CLOSE_MARK}|\Z))"
)
_PREFIX = (
    r"(?:e(?=table|figure)|(?:supplementa(?:l|ry)|suppl?\.|supporting|appendix|annex|extended\s+data|text|selected|online|web|box|summary|statistical|"
    r"reference)\s+)?"
)
_DIGITS = r"\d"  # of any script
_NUMBER = (
    rf"(?:no\.?\s*|nr\.?\s*|n\.?[º°]\s*|[#№]\s*|رقم\s*[(（]?\s*)?(?:(?-i:[A-Z]{{1,3}}|[a-z])[\s.\-–]?)?{_DIGITS}+(?:\s?[.\-–—·‒:]\s?{_DIGITS}+)*(?:\s?\([a-z]\)|[a-z](?![a-z]))?"
    r"|[IVXLC]{1,6}(?:\s?[.\-–]\s?\d+)*(?![a-z])|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+(?:\s?[.\-–]\s?\d+)*|[A-Z](?:[.\-–]\d+)*(?![A-Za-z'’])"
)
_HANGUL_LETTER = "[가나다라마바사아자차카타파하]"
# What stands between the label and its number: a dash, an opening bracket.
_BEFORE_NUMBER = r"\s*(?:[-‐–－ー]\s*)?(?:[(（\[［【〔]\s*)?"
_CJK_NUMBER = (
    rf"(?:[A-Z][.\-–]?|{_HANGUL_LETTER}\s?[.\-–]\s?)?{_DIGITS}+(?:\s?[.\-–—·‐－ー]\s?(?:{_DIGITS}+|{_HANGUL_LETTER}(?![가-힣])))*"
    r"|[一二三四五六七八九十]+|[①-⑳]"
    r"|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+(?:\s?[.\-–]\s?\d+)*|[IVX]+(?:[.\-–]\d+)*"
)
_LATIN = compile_when_used(
    rf"{_OPEN}{_PREFIX}(?:(?P<table>{_TABLES_LATIN})|(?P<figure>{_FIGURES_LATIN}))(?-i:(?![a-zß-ÿ]))(?:{_BEFORE_NUMBER}(?P<number>{_NUMBER})|(?=\s*[:：|]))",
    re.IGNORECASE,
)
# 3. táblázat (Hungarian), 3 lentelė (Lithuanian), 3. tabula (Latvian), 3. taula (Basque), 3-jadval (Uzbek)
_NUMBER_FIRST = compile_when_used(
    rf"{_OPEN}(?P<number>{_DIGITS}{{1,3}}(?:\.{_DIGITS}{{1,3}})*)(?:\.?\s|-)"
    r"(?:(?P<table>táblázat|lentelė|tabula|taula|jadval)|(?P<figure>ábra|kép|pav(?:\.|eikslas)|attēls|irudia|rasm))(?!\w)",
    re.IGNORECASE,
)
_CJK = compile_when_used(
    rf"{_OPEN}(?:第\s*(?P<first>{_CJK_NUMBER})\s*)?(?:(?P<table>{_TABLES_CJK})|(?P<figure>{_FIGURES_CJK}))"
    rf"(?(first)|{_BEFORE_NUMBER}(?:第\s*)?(?P<number>{_CJK_NUMBER}|[A-Z](?:[.\-–－]?{_DIGITS}+)*(?![A-Za-z])))"
)
_KOREAN = compile_when_used(
    rf"{_OPEN}(?:참고\s*)?(?:제\s*(?P<first>{_DIGITS}+(?:-{_DIGITS}+)*)\s*(?=(?:표|도|그림)(?:[\s.:]|{_CLOSE_MARK}|\Z)))?"
    rf"(?:(?P<table>{_TABLES_KOREAN})|(?P<figure>{_FIGURES_KOREAN}|(?(first)도|(?!))))"
    rf"(?(first)|(?:{_BEFORE_NUMBER}(?:[.]\s*)?(?P<number>(?:no\.?\s*|[#＃]\s?)?(?:제\s?{_DIGITS}+(?:-{_DIGITS}+)*\s?호|{_CJK_NUMBER}|(?<=\s)[가나다라마바사아자차카타파하](?=[\s.)>〉\]])|[A-Z](?:[.\-–]\d+)*(?![A-Za-z])))|(?=\s*[:：>〉》」』】〕）)］\]])))"
)

# "Figures 3 and 4. Harbours" is one caption of several.
_FURTHER_NUMBERS = compile_when_used(
    rf"(?:(?:\s?[,、·])?(?:\s?(?:and|&|to|through|und|bis|et|à|y|e|a|및|과|와|~|と|和)|(?<=[,、·]))\s?{_DIGITS}{{1,3}}(?:\s?[.\-–]\s?{_DIGITS}{{1,3}})*[a-z]?(?![^\W_]))+(?=\s?[.:：]\s*\w)"
)
# What follows the number in a running sentence.
_RUNNING_LATIN = compile_when_used(
    r"\s*,|\s*(?:and|or|to|through|und|et|y)\s+(?:\d|[A-Z]|tables?\b|fig)|\s*\)?\s+"
    r"(?:shows?|is|are|was|were|presents?|lists?|gives?|summari[sz]es?|provides?|contains?|illustrates?|depicts?|reports?|"
    r"compares?|describes?|displays?|details?|indicates?|reveals?|reflects?|plots?|demonstrates?|includes?|sets|outlines?|"
    r"also|has|have|had|can|could|may|might|will|would|should|does|do|did|suggests?|confirms?|highlights?|offers?|"
    r"in|of|on|from|for|below|above|that|which|we|you|they|it|and|or|as|at|by|with|the|shown|presented|again|here|"
    r"I(?=\s+[a-z])|zeigt|montre|muestra|mostra)\b|\s+(?:में|से|के|को|का|की|पर)(?=\s)|\s*มิติ"
)
_PARTICLE = compile_when_used(
    r"\s?(?:은|는|이|가|을|를|에|에서|에는|에서는|에서와|에서도|의|와|과|로|으로|처럼|및|부터|까지|도|에도|보다|이나|나|참조|참고)"
    r"(?=[\s,.)]|$)|\s?(?:과|와)\s?같|\s?에\s?(?:보|나타|제시|따)|\s?,"
)
# Directly behind a number it counts: "표 5매" is no fifth table.
_COUNTER = compile_when_used(
    r"(?:개|점|장|매|위|건|명|종|쪽|면|권|회|차|월|일|년|대|부|편|폭|컷|인치)(?![가-힣])|(?:개|점|장|매|건)[를을의가이로]"
)
_RUNNING_CJK = compile_when_used(
    r"\s?(?:は|が|に|を|の|から|より|で|と|も|へ|显示|顯示|表明|所示|所列|中|可见|可見|可以|可知|列出|列示|给出|給出|为|為|是|和|与|與|及|所|反映|"
    r"说明|說明|展示|的|则|則|枚(?!\w{2})|[枚点點张張幅寸](?:(?!\w)|[をが以])|彰|、\s*(?:[表图圖図]|第?[\d一二三四五六七八九十]{1,2}(?!\d))|，|,|参照|を参照)"
)
_PUNCTUATED = compile_when_used(rf"\s*(?:{_CLOSE_MARK}\s*)*(?:[.:：。|–—\-‒·․．•→、)۔]|,(?=\s*[Cc]ont)|{_CLOSE_MARK})")
_LONGEST_LABEL = 60
_BEHIND_LABEL = compile_when_used(r"(?:[-–.]\s?[^\W\d_])?[\W_]*")  # "Table 1-A"
_SKIPPED = " :\t\r\n\xa0\u3000\"'“‘*_#>|~-–—■□▶▷●○◆◇◎△▲☞▣◈◉❏❑❖▪▸►※<〈《「『【〔［｢[(（＜≪«"


# What those expressions begin with. Most texts begin otherwise, and are told at once.
_FIRST_OF_KOREAN = frozenset("표그도사차지부별참통붙제개구흐모삽화")
_FIRST_OF_CJK = frozenset("附付参流结結组組架趋趨分别別图圖図表示写照第续續続グチイ插挿地统統数數明")
_BEGIN_OF_LATIN = frozenset(
    "tab tau qua cua fig fot cha gra dia pla map sch pho ima ill ilu pic plo exh inf dra scr abb bil kar car rys kuv "  # noqa: SIM905
    "sup app ann ext tex sel onl box sum sta ref obr gam tbl wyk ryc sli kuv "
    "pre len jad afb joo raj myn eta efi web taf".split()
)
_FIRST_OF_LATIN = first_letters(_BEGIN_OF_LATIN) | first_letters("hüçтрмшşдгсфкđảπσεδγχตรภแกاجشصخرنतसचआगमטלאתגמ")
_UNCASED = compile_when_used(r"[\u0590-\u06ff\u0900-\u0e7f]")  # Hebrew, Arabic, the scripts of India, Thai
_YEAR = re.compile(r"(?:19|20)\d\d")
_APPENDIX = re.compile(r"[A-HJ-UWYZ]")  # "Exhibit A" is one, of a contract; I, V and X are numbers, as II is


def caption_label(words: str) -> str:
    """Return what a caption says that it belongs to, `table` or `figure`; `""` for words that are no caption.

    A running sentence that only mentions a table ("Table 3 shows that ...", "표 3은 ...") is none.
    """
    found = _match_label(words)
    return "" if found is None else "table" if found["table"] else "figure"


def is_label_alone(words: str) -> bool:
    """Say whether *words* are the label of a caption without its title: "Table 1.", "TABLE IV", "〈표 2〉", "表一"."""
    found = _match_label(words) if len(words) <= _LONGEST_LABEL else None
    if found is None or not any(found.groupdict().get(number) for number in ("number", "first")):
        return False
    return _BEHIND_LABEL.fullmatch(words, found.end()) is not None


def _match_label(words: str) -> re.Match[str] | None:
    """Return the label that *words* begin with, None where they are no caption."""
    start = words[:60].lstrip(_SKIPPED)
    first = start[:1]
    if first in _FIRST_OF_LATIN:
        begun = start[:3]
        if (begun.isascii() and begun.lower() not in _BEGIN_OF_LATIN) or len(words) > _LONGEST_CAPTION:
            return None
        found = _LATIN.match(words)
        if found is None or ((found["number"] or "").isalpha() and words[found.start("number") - 1].isalpha()):
            return None  # "TABLES" has no number S
        if (found["figure"] or "").lower() == "exhibit" and _APPENDIX.fullmatch(found["number"] or ""):
            return None
        if (found["figure"] or "").lower() == "figures" and _YEAR.fullmatch(found["number"] or ""):
            return None  # "Selected figures 2024"
        return None if _runs_on_latin(words, found) else found
    if len(words) > _LONGEST_CAPTION:
        return None
    if first.isdecimal():
        found = _NUMBER_FIRST.match(words)
        return found if found and not _runs_on_latin(words, found) else None
    if first in _FIRST_OF_KOREAN:
        found = _KOREAN.match(words)
        return found if found and not _runs_on_korean(words, found) else None
    if first in _FIRST_OF_CJK:
        found = _CJK.match(words)
        return found if found and not _runs_on_cjk(words, found) else None
    return None


def _after_numbers(words: str, found: re.Match[str]) -> str:
    further = _FURTHER_NUMBERS.match(words, found.end()) if found["number"] else None
    return words[(further or found).end() :]


def _runs_on_korean(words: str, found: re.Match[str]) -> bool:
    if found["number"] is None:
        return False
    rest = _after_numbers(words, found)
    closed = _PUNCTUATED.match(rest)
    after = rest[closed.end() :] if closed else rest
    if _COUNTER.match(rest):
        return True
    if _PARTICLE.match(after) and not (closed and after[:1].isspace()):
        return True
    if closed:
        return False
    if rest[:1] and not rest[0].isspace() and found["number"][-1:].isalpha() and "가" <= found["number"][-1] <= "힣":
        return True
    return ends_as_in_korean(words)


def _runs_on_cjk(words: str, found: re.Match[str]) -> bool:
    rest = _after_numbers(words, found)
    after = _PUNCTUATED.match(rest)
    if _RUNNING_CJK.match(rest[after.end() :] if after and after[0].strip()[-1] in ")）]］】》〉" else rest):
        return True
    return not after and words.rstrip().endswith("。")


def _runs_on_latin(words: str, found: re.Match[str]) -> bool:
    rest = _after_numbers(words, found)
    if not rest.strip():
        return False
    if found["number"] is None:
        return False
    closed = _PUNCTUATED.match(rest)
    if closed:
        mark = closed[0].strip()
        after = rest[closed.end() :]
        # "Table 3) shows" or "Table 3. shows" does not begin a sentence of its own.
        return mark[-1] in ")]" and bool(_RUNNING_LATIN.match(after))
    if rest.lstrip()[:1] == "(":
        inner = rest.find(")")
        return inner > 0 and bool(_RUNNING_LATIN.match(rest[inner + 1 :]))
    if _RUNNING_LATIN.match(rest):
        return True
    if not rest[0].isspace():
        return True  # "Figure 3's", "Table 4/5"
    first = rest.lstrip()[0]
    if first.islower() or _UNCASED.match(first):
        return ends_with_stop(words) or len(words) > LONGEST_TITLE
    return False
