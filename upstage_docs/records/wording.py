"""Tells by its words what a line beside a table is: a caption, a unit line, a note, an announcement.

Pure rules on words. Most lines are none of these, so that each rule first looks at the first signs of a line.
"""

from __future__ import annotations

import re

from upstage_docs.records.patterns import compile_when_used

# A caption longer than this is a text that happens to begin like one. The longest of 350 real ones has 749 characters.
_LONGEST_CAPTION = 1200
LONGEST_TITLE = 120
LONGEST_UNIT = 120
_LONGEST_NOTE = 800

# All that stands before the last sentence, in words or in HTML.
# A stop begins with a set of signs, which is looked for ten times as fast as a choice.
_SENTENCES_BEFORE = re.compile(r"(?s:.*)[.?!。！？](?:(?<=[。！？])|(?<=\.)(?:[ \n]|<br>|[”)] )|(?<=[?!])[ \n])")

# --- captions by their wording ---------------------------------------------------------------------------------------

_OPEN = r"[\s\"'“‘*_#>|~\-–—■□▶▷●○◆◇◎△▲☞<〈《「『【［\[(（＜≪«]*"
_CLOSE_MARK = r"[>〉》」』】］\])）＞≫»*_]"
_TABLES_LATIN = r"tables?|tab\.|tabelle|tabela|tabella|tabla|tableau|tabel|quadro|cuadro|таблица|табл\.|bảng"
_FIGURES_LATIN = (
    r"fig(?:ure)?s?\.?|charts?|graphs?|diagrams?|plates?|maps?|schemes?|photos?|photographs?|images?|illustrations?|pictures?|"
    r"plots?|exhibits?|abbildung|abb\.|figura|gr[áa]fico|graphique|grafik|diagramm|figuur|рисунок|рис\.|hình"
)
_TABLES_CJK = r"附表|续表|續表|続表|别表|別表|別紙|图表|圖表|図表|表"
_FIGURES_CJK = r"附[图圖図]|示意[图圖]|[图圖図]|写真|照片|グラフ"
_TABLES_KOREAN = r"부\s?표|붙임\s?표|별\s?표|참고표|통계표|도표|표"
_FIGURES_KOREAN = r"그\s?림|사\s?진|차\s?트|그래프|지\s?도"
_PREFIX = r"(?:(?:supplementa(?:l|ry)|suppl?\.|appendix|annex|extended\s+data|text|selected|online|box)\s+)?"
_DIGITS = r"[0-9０-９]"
_NUMBER = (
    rf"(?:no\.?\s*|nr\.?\s*|n[º°]\s*|#\s*)?(?:[A-Z]{{1,3}}[\s.\-–]?)?{_DIGITS}+(?:\s?[.\-–—·‒:]\s?{_DIGITS}+)*(?:\s?\([a-z]\)|[a-z](?![a-z]))?"
    r"|[IVXLC]{1,6}(?:\s?[.\-–]\s?\d+)*(?![a-z])|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+(?:\s?[.\-–]\s?\d+)*|[A-Z](?:[.\-–]\d+)*(?![A-Za-z'’])"
)
_CJK_NUMBER = (
    rf"(?:[A-Z][.\-–]?)?{_DIGITS}+(?:\s?[.\-–—·‐－]\s?{_DIGITS}+)*|[一二三四五六七八九十]+"
    r"|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+(?:\s?[.\-–]\s?\d+)*|[IVX]+(?:[.\-–]\d+)*"
)
_LATIN = compile_when_used(
    rf"{_OPEN}{_PREFIX}(?:(?P<table>{_TABLES_LATIN})|(?P<figure>{_FIGURES_LATIN}))(?-i:(?![a-zß-ÿ]))(?:\s*(?P<number>{_NUMBER})|(?=\s*[:：|]))",
    re.IGNORECASE,
)
_CJK = compile_when_used(
    rf"{_OPEN}(?:第\s*(?P<first>{_CJK_NUMBER})\s*)?(?:(?P<table>{_TABLES_CJK})|(?P<figure>{_FIGURES_CJK}))"
    rf"(?(first)|\s*(?P<number>{_CJK_NUMBER}))"
)
_KOREAN = compile_when_used(
    rf"{_OPEN}(?:참고\s*)?(?:(?P<table>{_TABLES_KOREAN})|(?P<figure>{_FIGURES_KOREAN}))"
    rf"(?:\s*[.]?\s*(?P<number>(?:no\.?\s*)?(?:{_CJK_NUMBER}|(?<=\s)[가나다라마바사아자차카타파하](?=[\s.)>〉\]])|[A-Z](?:[.\-–]\d+)*(?![A-Za-z])))|(?=\s*[:：>〉》」』】］\]]))"
)

# What follows the number in a running sentence.
_RUNNING_LATIN = compile_when_used(
    r"\s*,|\s*(?:and|or|to|through|und|et|y)\s+(?:\d|[A-Z]|tables?\b|fig)|\s*\)?\s+"
    r"(?:shows?|is|are|was|were|presents?|lists?|gives?|summari[sz]es?|provides?|contains?|illustrates?|depicts?|reports?|"
    r"compares?|describes?|displays?|details?|indicates?|reveals?|reflects?|plots?|demonstrates?|includes?|sets|outlines?|"
    r"also|has|have|had|can|could|may|might|will|would|should|does|do|did|suggests?|confirms?|highlights?|offers?|"
    r"in|of|on|from|for|below|above|that|which|we|you|they|it|and|or|as|at|by|with|the|shown|presented|again|here|"
    r"I(?=\s+[a-z])|zeigt|montre|muestra|mostra)\b"
)
_PARTICLE = compile_when_used(
    r"\s?(?:은|는|이|가|을|를|에|에서|에는|에서는|에서와|에서도|의|와|과|로|으로|처럼|및|부터|까지|도|에도|보다|이나|나|참조|참고)"
    r"(?=[\s,.)]|$)|\s?(?:과|와)\s?같|\s?에\s?(?:보|나타|제시|따)|\s?,"
)
_RUNNING_CJK = compile_when_used(
    r"\s?(?:は|が|に|を|の|から|より|で|と|も|へ|显示|顯示|表明|所示|所列|中|可见|可見|可以|可知|列出|列示|给出|給出|为|為|是|和|与|與|及|所|反映|"
    r"说明|說明|展示|的|则|則|、|，|,|参照|を参照)"
)
_PUNCTUATED = compile_when_used(rf"\s*(?:{_CLOSE_MARK}\s*)*(?:[.:：。|–—\-‒·․．)]|{_CLOSE_MARK})")
KOREAN_SENTENCE = compile_when_used(r"다\s?[.。]?\s*\Z")
SENTENCE_END = compile_when_used(r"[.!?。！？]['\"”’)\]]*\s*\Z")
_SKIPPED = " \t\r\n\"'“‘*_#>|~-–—■□▶▷●○◆◇◎△▲☞<〈《「『【［[(（＜≪«"
# What those expressions begin with. Most texts begin otherwise, and are told at once.
_FIRST_OF_KOREAN = frozenset("표그도사차지부별참통붙")
_FIRST_OF_CJK = frozenset("附别別图圖図表示写照第续續続グ")
_FIRST_OF_LATIN = frozenset("TtFfCcGgDdPpMmSsIiEeAaQqBbOoHhLlWwРрТтNnUuXx")
_BEGIN_OF_LATIN = frozenset(
    "tab qua cua fig cha gra dia pla map sch pho ima ill pic plo exh abb sup app ann ext tex sel onl box".split()  # noqa: SIM905
)


def caption_label(words: str) -> str:
    """Return what a caption says that it belongs to, `table` or `figure`; `""` for words that are no caption.

    A running sentence that only mentions a table ("Table 3 shows that ...", "표 3은 ...") is none.
    """
    start = words[:60].lstrip(_SKIPPED)
    first = start[:1]
    if first in _FIRST_OF_LATIN:
        begun = start[:3]
        if (begun.isascii() and begun.lower() not in _BEGIN_OF_LATIN) or len(words) > _LONGEST_CAPTION:
            return ""
        found = _LATIN.match(words)
        if found is None or ((found["number"] or "").isalpha() and words[found.start("number") - 1].isalpha()):
            return ""  # "TABLES" has no number S
        return "" if _runs_on_latin(words, found) else _label(found)
    if len(words) > _LONGEST_CAPTION:
        return ""
    if first in _FIRST_OF_KOREAN:
        found = _KOREAN.match(words)
        return _label(found) if found and not _runs_on_korean(words, found) else ""
    if first in _FIRST_OF_CJK:
        found = _CJK.match(words)
        return _label(found) if found and not _runs_on_cjk(words, found) else ""
    return ""


def _label(found: re.Match[str]) -> str:
    return "table" if found["table"] else "figure"


def _runs_on_korean(words: str, found: re.Match[str]) -> bool:
    if found["number"] is None:
        return False
    rest = words[found.end() :]
    closed = _PUNCTUATED.match(rest)
    after = rest[closed.end() :] if closed else rest
    if _PARTICLE.match(after) and not (closed and after[:1].isspace()):
        return True
    if closed:
        return False
    if rest[:1] and not rest[0].isspace() and found["number"][-1:].isalpha() and "가" <= found["number"][-1] <= "힣":
        return True
    return bool(KOREAN_SENTENCE.search(words))


def _runs_on_cjk(words: str, found: re.Match[str]) -> bool:
    rest = words[found.end() :]
    after = _PUNCTUATED.match(rest)
    if _RUNNING_CJK.match(rest[after.end() :] if after and after[0].strip()[-1] in ")）]］】》〉" else rest):
        return True
    return not after and words.rstrip().endswith("。")


def _runs_on_latin(words: str, found: re.Match[str]) -> bool:
    rest = words[found.end() :]
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
    if first.islower():
        return bool(SENTENCE_END.search(words)) or len(words) > LONGEST_TITLE
    return False


# --- unit lines, notes, announcements --------------------------------------------------------------------------------

_UNIT_WORDS = (
    r"thousands?|millions?|billions?|trillions?|hundreds?|thous\.?|mill?\.?|mn|bn|tn|percent(?:age)?(?:\s+points?)?|per\s?cent|%|"
    r"crores?|lakhs?|dollars?|won|yen|euros?|pounds?|rupees?|krw|usd|eur|inr|us\$|[$€£¥₩₹]|shares?|units?|tonn?es?|tons?|kg|mwh?|gwh?|kwh?|persons?|people|"
    r"households?|days|hours|years|basis\s+points?|bps|index|000s?"
)
# (백만원), (천 명), (개, %)
_KOREAN_SCALE = (
    r"(?:(?:(?:십|백|천|만|억|조)+\s?)?(?:원|명|개|건|대|호|가구|톤|달러|㎡|km|㎞|kWh|MWh|GWh|%|％)|백만|십억|천|억|조)"
)
# (百万円), (亿元), (人、％)
_CJK_SCALE = (
    r"(?:[十百千万萬亿億兆]*\s?"
    r"(?:円|元|日元|美元|港元|人民[币幣]|ドル|人次?|件|台|株|股|个|個|户|戸|世帯|吨|トン|%|％)|[十百千万萬亿億兆]+)"
)
_CURRENCY = r"(?:(?:[A-Z]{1,3}\s?)?[$€£¥₩₹]|RMB|CNY|KRW|JPY|USD|EUR|GBP|INR|HKD|CHF)"
_UNIT = compile_when_used(
    r"\W*(?:"
    r"(?:measurement\s+|currency\s+)?units?(?:\s+of\s+measure(?:ment)?)?\s*[:：=]"
    rf"|단\s*위\s*[:：;=)]|단\s*위\s+{_KOREAN_SCALE}(?:\s*[,·/]\s*{_KOREAN_SCALE})*\W*\Z|(?<=[(（\[【〈])[單单単]\s?位|[單单単]\s?位(?:\s*[:：=)）]|\s+{_CJK_SCALE}\W*\Z)|기준일?\s*[:：]|금액\s?단위"
    r"|en\s+(?:millions?|milliers|milliards?|millones|miles|milh(?:ões|oes|ares))\b|in\s+(?:mio|mrd|tsd|tausend|millionen|milliarden|milioni|migliaia|T€)\b"
    r"|as\s+(?:a\s+)?(?:percent(?:age)?|%)\s+of\b"
    r"|[Ee]inheit(?:en)?\s*:|unités?\s*:|unidad(?:es)?\s*:|unidade\s*:"
    rf"|(?:(?:all|the|us|u\.s\.|canadian|(?:un)?audited|rounded|rupees|inr|₹|millions|amounts?|figures?|numbers?|dollars?|values?|expressed|stated|presented|shown|"
    rf"are|is|tabular|[$€£¥₩]|won|yen|euros?|krw|usd|eur|rmb|hk\$|us\$)[\s,]*){{0,5}}\(?in\s+(?:[\w.'’]+\s+){{0,2}}?(?:{_UNIT_WORDS})"
    r")",
    re.IGNORECASE,
)
_BARE_UNIT = compile_when_used(
    rf"\s*[(\[]\s*{_KOREAN_SCALE}(?:\s*[,·/]\s*{_KOREAN_SCALE}){{0,3}}\s*[)\]]\s*\Z|"
    rf"\s*[(（\[]\s*{_CJK_SCALE}(?:\s*[,，、·/]\s*{_CJK_SCALE}){{0,3}}\s*[)）\]]\s*\Z|"
    rf"\s*[(（\[]?\s*(?:{_CURRENCY}\s?(?:['’]?000s?|k|mn?|bn|mio\.?|mrd\.?|tsd\.?)|(?:T|(?:mio|mrd|tsd)\.?\s?){_CURRENCY})\s*[)）\]]?\s*\Z|"
    rf"\s*[(（\[]?\s*(?:(?:in|of|us|u\.s\.|and|per|,|/|[$€£¥₩])\s*)*(?:{_UNIT_WORDS})(?:[\s,/]+(?:of|in|and|per|except|{_UNIT_WORDS}|gdp|total|[\w\-]+){{1}}){{0,6}}\s*[)）\]]?\s*\Z",
    re.IGNORECASE,
)
_FIRST_LETTER_OR_UNIT = re.compile(r"[^\W\d_]|[%$€£¥₩₹0]")  # the number of a page has none
_FIRST_OF_UNITS = frozenset("aAcCdDeEfFhHiIkKmMnNpPrRsStTuUvVwWyY$€£¥₩₹단單单単기금")
_BEGIN_OF_UNITS = frozenset(
    "in of us an pe th mi bi tr hu mn bn tn do wo ye eu po kr sh un to kg mw gw kw ho da ba bp".split()  # noqa: SIM905
) | frozenset("cr la ru rm cn jp gb hk ch mr ts".split())  # noqa: SIM905
_FOLDED = "ſKıİ"  # what is taken for s, k and i where case does not matter

_NOTE = compile_when_used(
    r"\s*[*_]{0,2}(?:[(\[（【〈<]\s*)?(?:"
    r"(?:foot)?notes?\s*(?:\d+|[a-z])?\s*[:.)\]–—\-]|sources?\s*[:.)\]–—\-]|source\s+notes?\b|data\s*:|"
    r"see\s+(?:the\s+)?accompanying\s+notes\b|notes?\s+(?:to|on|for)\s+(?:the\s+)?(?:tables?|figures?|charts?)\b|remarks?\s*[:.]|n\.?\s?b\.?\s*[:.]|"
    r"legend\s*[:.]|keys?\s*:|abbreviations?\s*[:.]|data\s+sources?\s*:|adapted\s+from\b|reproduced\s+from\b|credit\s*:|"
    r"significance\s*:|p\s?<\s?0?\.\d|quellen?\s*:|anmerkung(?:en)?\s*:|fuentes?\s*:|notas?\s*:|fontes?\s*:|note\s*:|fonti?\s*:|bron\s*:|"
    r"источник\s*:|примечание\s*:|nguồn\s*:|"
    r"(?<![(（])주\s*[)）:：.\]]|주\s*\d+\s*[)）:：.\]]|주석\s*[:：]|각\s?주\s*[:：)]|자\s?료\s*(?:출처|원)?\s*[:：)\]】〉>]|출\s?처\s*[:：)\]】〉>]|비\s?고\s*[:：)]|참\s?고\s*[:：)]|근거\s*[:：]|※|☞|"
    r"(?:注|註|备注|備註|備考|説明|说明|說明)(?:\s*\d+|[一二三四五])?\s*[)）\]:：.．]|資料(?:來源|来源|出所)?\s*[:：\]】]|资料来源\s*[:：]?|数据来源\s*[:：]?|數據來源|"
    r"来源\s*[:：]|來源\s*[:：]|出典\s*[:：]?|出所\s*[:：]?|"
    r"[†‡¶]\s*\S|§(?!\s*\d)\s*\S"
    r")",
    re.IGNORECASE,
)
_FIRST_OF_NOTES = frozenset("FfNnSsRrLlKkAaDdCcPpQqBbИиПп주각자출비참근※☞（([【〈<注註备備説说說資资数數来來出†‡§¶")
# The first two letters of those that begin with two.
_BEGIN_OF_NOTES = frozenset(
    "fo no so se re nb le ke ab da ad cr si qu an fu br ng 주석 각주 자료 출처 비고 참고 근거".split()  # noqa: SIM905
)
_HANGUL = "주각자출비참근"
_STARRED = compile_when_used(r"\s*(?:\\?[*＊]){1,4}(?![*\s]*\Z)")
_MARKED = compile_when_used(
    r"\s*(?P<mark>\(\d{1,2}\)|\d{1,2}\)|\([a-z]\)|[a-z]\)|[¹²³⁴⁵⁶⁷⁸⁹]|[①②③④⑤⑥⑦⑧⑨]|\d{1,2}|[a-z])(?P<gap>[\s.]*)\S"
)
# Where the mark of a note stands in a table: after words, not where a cell begins.
_THREE_LETTERS = r"[^\W\d_]{3}"
_AFTER_WORDS = r"[^\s<>](?:\s|<br\s?/?>|<sup>)?"

_ANNOUNCES = compile_when_used(
    r"(?:\bas\s+follows\W*|\b(?:following|below|above)\s+(?:table|chart|figure|graph|schedule)s?\W*|\b(?:table|chart|figure|graph|schedule)s?\s+(?:below|that\s+follows?)\W*"
    r"|\b(?:is|are|was|were)\s+(?:as\s+)?(?:follows|shown|set\s+forth|presented|summari[sz]ed|detailed|listed|provided|given|outlined|disclosed|reported|included)[^.]{0,60}\W*"
    r"|\b(?:set\s+forth|shown|presented|summari[sz]ed|detailed|listed)\s+(?:below|in\s+the\s+(?:following|table)[^.]{0,40})\W*"
    r"|\bthe\s+following(?!\s+(?:days?|weeks?|months?|quarters?|years?|decades?|morning|evening|night)\b)(?:\s+\w+){0,4}\W*"
    r")\s*\Z",
    re.IGNORECASE,
)
_ANNOUNCES_CJK = compile_when_used(
    r"(?:(?:다음|아래|하기|하단)(?:의?\s?(?:표|그림)|의)?[과와]\s?같(?:다|습니다|음|이\s?\S{0,12}|으며[^.。]{0,30})\W*"
    r"|(?:아래|다음)\s?(?:표|그림)\S{0,4}\s?\S{0,8}(?:다|음)\W*|(?:아래|다음)[는은]\s[^.。]{2,40}(?:이다|입니다|임)\W*"
    r"|(?:以下|次|下)(?:の(?:表|図|とおり|通り)|表|[图圖図])\S{0,14}|下記(?:の|に)\S{0,14}|以下に(?:示|記載|掲)\S{0,10}|如下\S{0,6}|如下[表图圖]\S{0,8}|(?:下表|下图|下圖)\S{0,12}"
    r")(?:[(（][^()（）]{0,40}[)）]\W*)?\s*\Z"
)
# One of these stands in whatever announces; most texts hold none. As one choice they took ten times as long.
_SIGNS = (
    *("ollow", "elow", "above", "accompanying", "forth", "shown", "presented", "summar", "detail", "listed"),
    *("provid", "given", "outlin", "disclos", "report", "includ"),
)
_CJK_SIGN = re.compile(r"다음|아래|하[기단]|以下|次|如下|下")  # such an announcement begins with one
_ANNOUNCES_WITHIN = compile_when_used(
    r"\b(?:the\s+)?(?:following|below|accompanying)\s+(?:table|chart|figure|graph|schedule)s?\b"
    r"|\b(?:table|chart|figure|graph|schedule)s?\s+(?:\w+\s+)?(?:below|that\s+follows)\b|\bas\s+follows\b|\A\W*below\s+(?:is|are)\b",
    re.IGNORECASE,
)
_ANNOUNCES_WITHIN_CJK = compile_when_used(r"(?:다음|아래)\s?(?:표|그림)|下表|下[图圖]|次の表|以下の表")


def is_unit(words: str) -> bool:
    """Say whether a line names the unit of a table: `(단위: 백만원)`, `(in millions)`, `Unit: %`."""
    if len(words) > LONGEST_UNIT:
        return False
    first = words[:1]
    if not first.isalpha():
        if not (found := _FIRST_LETTER_OR_UNIT.search(words)):
            return False
        first = found[0]
    if first in _FIRST_OF_UNITS and _may_name_unit(words) and (found := _UNIT.match(words)):
        # "In millions of homes, people ..." goes on as a sentence.
        return not SENTENCE_END.search(words) or len(words) - found.end() < 20
    return len(words) <= 40 and _may_be_bare_unit(words) and bool(_BARE_UNIT.match(words))


def _may_name_unit(words: str) -> bool:
    """Say whether *words* hold what stands in each that tells a unit: in Latin "in", "en", "as" or "unit"."""
    if not words.isascii():
        return True
    lower = words.lower()
    return "in" in lower or "uni" in lower or "en " in lower or "as " in lower


def _may_be_bare_unit(words: str) -> bool:
    """Say whether *words* may begin with a unit; those of Korean stand in brackets."""
    start = words.lstrip()[:2]
    if not start[:1].isalpha():
        return True
    if not start.isascii():
        return start[0].isascii() or start[0] in _FOLDED
    return start.lower() in _BEGIN_OF_UNITS or not start.isalpha()


def is_note(words: str, table: str = "") -> bool:
    """Say whether a line is a note or a source of the table above it, whose words are *table*."""
    if len(words) > _LONGEST_NOTE:
        return False
    begun = words.lstrip()
    start = begun.lstrip("*_")[:2]
    if start[:1] in _FIRST_OF_NOTES:
        is_other = start.isalpha() and start.lower() not in _BEGIN_OF_NOTES and (start.isascii() or start[0] in _HANGUL)
        if not is_other and _NOTE.match(words):
            return True
    if begun[:1] in {"*", "＊", "\\"} and _STARRED.match(words):
        lines = words.splitlines()
        bullets = sum(line.lstrip().startswith("* ") for line in lines)
        return bullets < 2 or "*" in table
    if table and (found := _MARKED.match(words)):
        mark, gap = found["mark"], found["gap"]
        if mark.isascii() and mark.isalnum():
            if gap.strip(".") and f"<sup>{mark}</sup>" in table:
                return True
            if mark.isalpha() or gap.strip("."):
                return False  # many words end with any letter
            # A bare digit is a mark only where one is set close to a word of the table.
            # The digit first: so it is looked for as fast as any text is.
            close = rf"{mark}(?![\w.%])(?<={_THREE_LETTERS}{mark})|{mark}(?![\w.%])(?<={_THREE_LETTERS}<sup>{mark})"
            return re.search(close, table) is not None
        return mark in table and re.search(_AFTER_WORDS + re.escape(mark), table) is not None
    return False


def announces(words: str) -> bool:
    """Say whether a text ends by announcing what stands below it: "... were as follows:", "The table below shows"."""
    tail = words[-400:].rstrip()
    return bool(tail) and (tail[-1] in ":：" or announces_in_words(tail))


def announces_in_words(tail: str) -> bool:
    """Say whether the last sentence of a text announces what stands below it, with or without a colon at its end."""
    last = tail[start_of_last_sentence(tail) :]
    near = max(0, len(last) - 160)
    for sign in _SIGNS:
        if sign in last:
            if _ANNOUNCES_WITHIN.search(last) or _ANNOUNCES.search(last, near):
                return True
            break
    if last.isascii():
        return False
    for found in _CJK_SIGN.finditer(last):
        at = found.start()
        if _ANNOUNCES_WITHIN_CJK.match(last, at) or (at >= near and _ANNOUNCES_CJK.match(last, at)):
            return True
    return False


def start_of_last_sentence(text: str) -> int:
    """Return where the last sentence of *text* begins; 0 where there is one."""
    before = _SENTENCES_BEFORE.match(text, 0, max(0, len(text.rstrip()) - 1))
    return before.end() if before else 0
