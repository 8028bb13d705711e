"""Tells by its words whether a line beside a table is its unit line or a note.

Pure rules on words. Most lines are neither, so that each rule first looks at the first signs of a line.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from upstage_docs.records.patterns import compile_when_used, first_letters
from upstage_docs.records.sentences import ends_with_stop

# A longer line is a text that happens to begin like one: on 80 real pages, the longest of 23 unit lines has 19
# characters, and the longest of 24 footnotes has 671.
LONGEST_UNIT = 120
_LONGEST_BARE_UNIT = 60
_LONGEST_NOTE = 800
_LONGEST_BEFORE_ERRORS = 40  # characters with "standard err", before which one word stands; "Heteroskedastic" has 15
_LONGEST_LINE_OF_NOTES = 16  # characters; "[Footnotes]:" has 12

_UNIT_WORDS = (
    r"thousands?|millions?|billions?|trillions?|hundreds?|thous\.?|mill?\.?|mn|bn|tn|percent(?:age)?(?:\s+points?)?|per\s?cent|%|"
    r"crores?|lakhs?|dollars?|won|yen|euros?|pounds?|rupees?|krw|usd|eur|inr|us\$|[$€£¥₩₹]|shares?|units?|tonn?es?|tons?|kg|mwh?|gwh?|twh|kwh?|persons?|"
    r"people|households?|days|hours|years|basis\s+points?|bps|index|000s?|[kt]eur|hectares?|barrels?"
)
# (백만원), (천 명), (개, %)
_KOREAN_SCALE = (
    r"(?:(?:(?:십|백|천|만|억|조)+\s?)?(?:원|명|인|개|건|건수|대|호|점|세|분|초|편|권|매|학급|필지|개(?:소|사|교|국|월|년)|가구|세대|톤|달러|US\$|불|엔|유로|위안|마리|회|시간|배|㎡|㎢|㎥|㏊|ha|km|㎞|mm|㎜|℃|dB|ppm|MPa|kcal|[㎍㎎]/㎥|TOE|TEU|kWh|MWh|GWh|%|％)|"
    r"[%％](?:p|포인트|포인트)?|지수|원/(?:kg|㎏|ℓ|L|㎡|톤|주)|[0-9,]{1,9}\s?[천만억]?\s?(?:원|명|톤|달러)|백만|십억|천|억|조|전년(?:동?기|동?월)?\s?(?:동기|동월)?\s?(?:대비)?|구성비|비중|증감률?)"
)
# (百万円), (亿元), (人、％)
_CJK_SCALE = (
    r"(?:(?:人民[币幣]|新[台臺][币幣])?\s?[十百千仟万萬亿億兆]*\s?"
    r"(?:円|元|日元|美元|港元|人民[币幣]|米?ドル|ユーロ|人次?|件|台|株|股|个|個|户|戸|世帯|吨(?:标准煤|標準煤)?|ト[ンﾝ]|[tｔ]|回|時間|小时|倍|千瓦[时時]|ha|%|％)"
    r"|[十百千仟万萬亿億兆]+|ポイント|[指][数數]|前[年月期](?:同[期月])?比|同比|環比|环比|構成比|[円元][／/][株股]|百万米?ドル|千米ドル)"
)
# What a line beside a table says of its numbers, with a unit: (in thousands of US dollars, except per share data).
_BESIDE_UNITS = (
    r"of|in|and|or|per|except|where|unless|otherwise|stated|noted|indicated|omitted|gdp|total|share|data|amounts?|number|annual|change|"
    r"growth|year|over|yoy|on|capita|population|employees|day|month|u\.?s\.?|canadian|australian|korean|c|a|s|hk|nt|rmb|chf|gbp|cad|aud|jpy|hkd|cny|"
    r"rounded|down|sales|revenues?|gross|net|income|assets|constant|current|prices|as|the|for|to"
)
_CURRENCY = r"(?:(?:[A-Z]{1,3}\s?)?[$€£¥₩₹]|RMB|CNY|KRW|JPY|USD|EUR|GBP|INR|HKD|CHF|CAD|AUD|TWD|SGD)"
_INDEX = r"(?:index|지수|[指][数數])?[\s,:：、(（]*(?:\d{4}\s?[년年]?|上年|前年|전년)\s?[=＝]\s?100(?:\.0)?"
_UNIT_SIGN = r"(?:단\s*위|[單单単]\s?位)"
_UNIT_CJK = compile_when_used(
    r"\W*(?:"
    rf"(?:[가-힣]{{1,4}}\s?)?단\s*위\s*(?:[:：;=＝)ː∶]|[(（][^()（）]*[)）]?\W*\Z)|단\s*위\s*[\s\-–]\s*{_KOREAN_SCALE}(?:\s*[,·/]\s*{_KOREAN_SCALE})*\W*\Z"
    rf"|(?<=[(（\[【〈<〔])[單单単]\s?位|(?:金[額额]|[货貨][币幣]|[计計]量|[数數]量|面[积積])?[單单単]\s?位(?:\s*[:：=)）]|\s*[(（][^()（）]*[)）]?\W*\Z|\s+{_CJK_SCALE}\W*\Z)"
    rf"|(?<=[(（\[【〈<〔])[^()（）\[\]【】\n]{{1,40}}?{_UNIT_SIGN}\s*[:：=为為]|[^()（）\[\]\n.。]{{0,30}}(?:현재|기준|말|現在|末)\s*[(（\[]\s*{_UNIT_SIGN}"
    r"|[√✓☑■□]?\s?[适適]用\s*[√✓☑■□]\s?不[适適]用\W*\Z|币种\s*[:：]|(?<=[(（])以[^()（）]{1,16}[计計](?=[)）])|(?<=[(（])[^()（）]{0,12}未[満满][切四][^()（）]{0,6}(?=[)）])"
    r"|기준일?\s*[:：]|금액\s?단위|(?<=[(（\[])(?:금액|金[額额])\s*[:：]"
    r"|\d{4}\s?[.년]\s?\d{1,2}\s?[.월]\s?\d{1,2}\s?[.일]\s?현재\W*\Z"
    r")"
)
_UNIT = compile_when_used(
    r"\W*(?:"
    r"(?:measurement\s+|currency\s+)?units?(?:\s+of\s+measure(?:ment)?)?\s*[:：=]"
    rf"|{_INDEX}\W*\Z"
    r"|en\s+(?:millions?|milliers|milliards?|millones|miles|milh(?:ões|oes|ares)|[MK]€)(?!\w)|em\s+(?:milh(?:ões|oes|ares)|reais)\b"
    r"|(?:angaben\s+)?in\s+(?:mio|mrd|tsd|prozent|tausend|millionen|milliarden|milioni|migliaia|T€|TEUR|duizenden)\b"
    r"|(?:alle\s+)?angaben\s+in\s+[\w%€]"
    r"|as\s+(?:a\s+)?(?:percent(?:age)?|%)\s+of\b"
    r"|[Ee]inheit(?:en)?\s*:|unités?\s*:|unidad(?:es)?\s*:|unidade\s*:"
    rf"|(?:(?:all|the|us|u\.s\.|canadian|(?:un)?audited|rounded|rupees|rs\.?|inr|₹|millions|amounts?|figures?|numbers?|dollars?|values?|expressed|stated|presented|shown|"
    rf"are|is|tabular|[$€£¥₩]|won|yen|euros?|krw|usd|eur|rmb|hk\$|us\$)[\s,;]*){{0,5}}\(?in\s+(?:[\w.'’]+\s+){{0,2}}?(?:{_UNIT_WORDS})"
    r"(?:(?<=[%$€£¥₩₹.])|(?![^\W_]))(?!\s+(?:we|you|they|he|she|it|where|when|which|that|who|there|was|were|is|are|has|have|had)\b)"
    r")",
    re.IGNORECASE,
)
_BARE_UNIT = compile_when_used(
    rf"\s*[(\[]\s*{_KOREAN_SCALE}(?:\s*[,·/]\s*{_KOREAN_SCALE}){{0,3}}\s*[)\]]\s*\Z|"
    rf"\s*[(（\[]\s*{_CJK_SCALE}(?:\s*[,，、·/]\s*{_CJK_SCALE}){{0,3}}\s*[)）\]]\s*\Z|"
    r"\s*[(（\[]\s*(?:в\s+%|(?:в\s+)?(?:тыс|млн|млрд)\.?(?:\s?(?:руб(?:лей)?|долл(?:аров)?|чел(?:овек)?|шт(?:ук)?|тонн|га)\.?)?(?:\s+США)?)\s*[)）\]]\s*\Z|"
    r"\s*[(（\[]\s*(?:millones|miles|milh(?:ões|ares)|millions|milliers|milliards)\s+(?:de\s+|d['’])\w+\s*[)）\]]\s*\Z|"
    r"\s*[(（]\s*[^()（）\n]{1,16},\s*(?:백만|천|억|십억)\s?원\s*[)）]\s*\Z|"
    rf"\s*[(（\[]?\s*(?:{_CURRENCY}\s?(?:['’]?000s?|k|mn?|bn|mio\.?|mrd\.?|tsd\.?|(?:thousand|million|billion|crore|lakh|milh(?:õ|o)e|mil)s?)(?:['’]s)?|(?:T|(?:mio|mrd|tsd)\.?\s?){_CURRENCY})(?:\s+omitted)?\s*[)）\]]?\s*\Z|"
    r"\s*[(（\[]\s*[$€£]?['’]?000['’]?s?(?:\s+(?:omitted|[a-z]+))?\s*[)）\]]\s*\Z|\s*[(（\[]\s*(?:rs\.?|rupees)\s+(?:in\s+)?(?:crores?|lakhs?)\s*[)）\]]\s*\Z|"
    r"\s*[(（\[]\s*(?:in\s+)?(?:[kmgµμ]?[gmlj]|[kmgt]?wh?|[kmg]?t|ha|km|cm|mm|sq\.?\s?(?:ft|km|m)\.?|bbl|mmbtu|(?:kg|[kmg]?t)\s?co2(?:e|eq)?)[²³23]?(?:\s?/\s?[a-z]{1,4}[²³]?)?\s*[)）\]]\s*\Z|"
    rf"\s*[(（\[]?\s*(?:(?:(?<![^\W_])(?:{_BESIDE_UNITS}|\d+)(?![^\W_])|[,/$€£¥₩₹])\s*)*(?<![^\W_])(?:{_UNIT_WORDS})(?![^\W_])(?:[\s,/]+(?:{_BESIDE_UNITS}|{_UNIT_WORDS}|\d+)(?![^\W_])){{0,9}}\s*[)）\]]?\s*\Z|"
    r"\s*[(（\[]\s*(?:(?:number|no\.?)\s+of\s+\w+|numbers?|headcount|(?:un)?audited|per\s+\d[\d,]*(?:\s+\w+)?|[×x]\s?1[0,][\d,]*[⁰-⁹¹²³]*|(?:in\s+)?°\s?[CF]|"
    r"(?:in\s+)?(?:(?:square|cubic|sq\.?)\s+)?(?:ft\.?|feet|miles?|inches|(?:kilo|centi|milli)?(?:met(?:er|re)|gram)s|lit(?:er|re)s|gallons|km|m)|"
    r"[µμnpmkMG]?(?:g|mol|I?U)/(?:d?L|ml|kg|g|ha|day)|(?:w\s+)?(?:tys|mln|mld)\.?\s?(?:zł|PLN)?|"
    rf"(?:{_UNIT_WORDS})\s+(?:of\s+co2\s+equivalent|per\s+(?:week|hour|person|household|hectare|worker)))\s*[)）\]]\s*\Z",
    re.IGNORECASE,
)
# Without brackets these are titles: "Hours", "Per share data".
_NOUN_ALONE = compile_when_used(
    r"\s*(?:per\s+)?(?:shares?|units?|persons?|people|households?|days|hours|years|index)(?:\s+data)?\s*",
    re.IGNORECASE,
)
# So do titles and sentences begin: "In five years", "In recent years", "In all households".
_TITLE_WITH_IN = compile_when_used(
    r"\s*in\s+(?:\w+\s+)?(?:recent|past|last|next|coming|previous|early|earlier|later|these|those|the|some|many|most|few|several|"
    r"all|both|our|their|other|such|one|two|three|four|five|six|seven|eight|nine|ten|(?!000)\d{1,3}|service\s+of)\s+(?:\w+\s+)?"
    r"(?:days|hours|years|people|persons|households|shares|units|index)\b",
    re.IGNORECASE,
)
# A number in front makes a value of it, "5 kg", but for one that units have: "1,000 tonnes", "(10억원)", "2031 prices".
_QUANTITY = compile_when_used(
    r"\s*[(（\[]?\s*[$€£¥₩]?\s*(?!(?:19|20)\d\d(?!\d)|10{2,}(?!\d)|10{0,2}(?:,000)+|10(?=\s?[가-힣一-鿿])|0)\d[\d,.]*\s*[^\W\d]"
)
_FIRST_LETTER_OR_UNIT = re.compile(r"[^\W\d_]|[%％$€£¥₩₹0]")  # the number of a page has none
_FIRST_OF_UNITS = frozenset("aAcCdDeEfFhHiIkKmMnNpPrRsStTuUvVwWyY$€£¥₩₹단單单単기금金货貨计計币以面数數指适適")
_BEGIN_OF_UNITS = frozenset(
    "in of us an pe th mi bi tr hu mn bn tn do wo ye eu po kr sh un to kg mw gw kw ho da ba bp".split()  # noqa: SIM905
) | frozenset("cr la ru rm cn jp gb hk ch mr ts".split())  # noqa: SIM905
_FOLDED = "ſKıİ"  # what is taken for s, k and i where case does not matter

_FROM = (
    r"(?:adapted|reproduced|reprinted|modified|redrawn)\s+(?:with\s+permission\s+)?from|"
    r"compiled\s+(?:by|from)|courtesy\s+of"
)
_NOTE = compile_when_used(
    r"\s*(?:[-–•·▪*_○▷▶◇]{0,2}\s?)(?:[(\[（【〈<〔［＜「]\s*)?(?:"
    r"(?:foot)?notes?\s*(?:\d+|\(\d+\)|[a-z])?\s*[:.)\]–—\-]|notes\s+\(\d+\)|sources?\s*[:.;=>)\]–—\-]|sources?(?:\(s\)|/notes?)\s*:|source\s+notes?\b|data\s*:\s*\S|"
    r"(?:sources?\s+(?:and|&)\s+notes?|notes?\s+(?:and|&)\s+sources?|source\s+data|sources?\s+of\s+data)\s*:|data\s+sources?\.\s|"
    r"(?:see|refer\s+to)\s+(?:(?:the\s+)?(?:accompanying\s+)?notes\s+(?:to|on)\b|notes?\s+\d)|the\s+notes\s+on\s+pages?\s+\d|(?:see\s+)?(?:the\s+)?accompanying\s+notes\b|"
    r"notes?\s+(?:to|on|for)\s+(?:the\s+)?(?:tables?|figures?|charts?)\b|remarks?\s*[:.]|n\.?\s?b\.?\s*[:.]|"
    rf"legend\s*[:.]|keys?\s*:\s*\S|abbreviations?\s*[:.]|(?:abbr\.?|acronyms?)\s*:\s*\S|data\s+sources?\s*:|(?:{_FROM})\b|"
    r"(?:(?:image|photo|picture|map)\s+)?credits?\s*:|(?:photo|image|picture)\s+by\s+[A-Z]|(?:copyright\s*)?(?:©\s*\S|\(c\)\s*(?:19|20)\d\d)|copyright\s+\d{4}|"
    r"authors?['’]?s?['’]?\s+(?:own\s+)?(?:calculations?|elaborations?|estimates?|compilation)\b|own\s+(?:calculations?|elaboration|estimates?)\b|"
    r"(?:figures|numbers|values|amounts|percentages|items|(?:\w+\s+)?standard\s+errors|[tpz][-\s]?(?:statistics|values|stats))\s+(?:are\s+)?in\s+(?:parenthes[ei]s|brackets|italics|bold)\b|"
    r"(?:sub-?)?(?:totals?|numbers|figures|amounts|percentages|columns|components|sums|shares|data)\s+(?:may|might|do|will|does)\s+not\s+(?:always\s+|necessarily\s+)?"
    r"(?:add|sum|total|equal|foot|agree)\b(?=\s*(?:[.,;]|\Z)|\s+(?:100|up|exactly|precisely|to|due|because|owing|as|with\s+(?:the\s+)?(?:totals?|sums?))\b)|(?:due\s+to|because\s+of)\s+rounding\b|"
    r"(?:all\s+)?(?:figures|numbers|amounts|values|percentages)\s+(?:are|have\s+been)\s+(?:rounded|unaudited|provisional|preliminary|estimated|restated)\b|"
    r"(?:values|data|results)\s+(?:are|were)\s+(?:(?:presented|expressed|reported|given|shown)\s+as|means?|medians?|n)\b|data\s+(?:as\s+of\s|from\s*:)|"
    r"rounding\s+(?:differences|errors)\b|totals?\s+do(?:es)?\s+not\s+include\b|excluding\s[^,]{3,100}\Z|"
    r"(?:includes|excludes|represents|comprises|denotes|refers\s+to|relates\s+to|consists\s+of)\s|"
    r"\((?:e|p|r)\)\s?:?\s(?:estimated?|preliminary|provisional|projected|revised)(?=\s*(?:[.,;]|\Z))|[epr]\s?[):]?(?:는|은)?\s?(?:잠정|추정|수정|전망|예상)|"
    r"(?:nm|na|n[./]a\.?|nd|n\.?s\.?|…|\.{2,3}|[-–—])\s*[=:]\s*[^\W\d]|(?-i:[repf])\s*=\s*[^\W\d]|"
    r"(?:r\s*[=:]?\s*revised|p\s*[=:]?\s*(?:preliminary|provisional|projected)|e\s*[=:]?\s*estimated?|f\s*[=:]?\s*forecast)\b|"
    r"significance\s*:|p\s?<\s?0?\.\d|(?:…|\.{2,3}|[-–—])\s*(?:data\s+)?not\s+(?:available|applicable|reported)\b(?!\s+\w)|bold(?:face)?\s*(?:[:=]|(?:values\s+|numbers\s+|text\s+)?(?:indicates?|denotes?|marks?)\b)|(?:the\s+)?(?:best|highest)\s+(?:results?|scores?|values?|numbers?)\s+(?:\w+\s+){0,4}in\s+bold\b|base(?:\s+sizes?)?\s*:\s*\S|[◎●◉✓✔×■◆]\s?[:：=]\s*\S|eigene\s+(?:darstellung|berechnung(?:en)?|erhebung(?:en)?)\b|elaboraci[óo]n\s+propia\b|elabora(?:ção|zione)\s+pr[óo]pri?a\b|(?:hinweise?|kilder?|källa|källor|lähde|lähteet|zdroj|sumber|catatan|sursa|izvor)\s*:|(?:산출|작성)\s*[:：]\s*\S|[저필]자\s?(?:가\s?)?(?:직접\s?)?(?:작성|정리|재?구성)|quellen?\s*:|anmerkung(?:en)?\s*:|fuentes?\s*:|notas?\s*:|fontes?\s*:|note\s*:|fonti?\s*:|bron\s*:|источники?\s*[:.]|примечани[ея]\s*[:.–—]|джерел[оа]\s*:|примітк[аи]\s*:|nguồn\s*:|ghi\s+chú\s*:|źródł[oa]\s*:|uwag[ai]\s*:|kaynak(?:lar)?\s*:|(?:lecture|champ)\s:|"
    r"(?:πηγή|σημείωση|ที่มา|หมายเหตุ|(?:ال)?مصدر|ملاحظ(?:ة|ات)|स्रोत|टिप्पणी|नोट|מקור|הערה)\s*:|"
    r"(?<![(（])주\s*[)）:：.\]】〉>〕］*]|(?<=[(（])주\s*[)）](?:\s+\d|\d+(?!\w))|주\s*\d+\s*[)）:：.\]】〉>〕］]|주석\s*[:：)）]|각\s?주\s*(?:\d+\s*)?[:：)]|"
    r"단\s?[,，]\s|[가-힣\s]{0,16}(?:반올림|단수\s?차이|끝수\s?처리)[^.]{0,24}(?:일치|않|다를|상이)|(?:그림|사진|표)\s?(?:출처|제공|자료)\s*[:：]\s*\S|(?:원|통계|근거)?\s?자\s?료\s*(?:출처|원|제공)?\s*[:：;=)\]】〉>〕］]|(?:통계\s?)?출\s?처(?:\s?\([^()]{1,6}\))?(?:\s*[:：;=)\]】〉>〕］|]|\s[–—-]\s)|비\s?고\s*[:：)\]】〉>]|비고\s\d+\s*[.)]|참\s?고\s*[:：)]|"
    r"참고\][^\n]|근거\s*[:：]|(?:범례|데이터|제공)\s*[:：]\s*\S|※|☞|"
    r"(?:[\[(]\s{0,3}[\])]|괄호)\s?(?:안|내)?(?:은|는|의|\s수)|[△▲▽▼∆]\s?(?:는|은|は|表示|:|：)|['\"‘“「]?[-–—―－*…]['\"’”」]?(?:\s?(?:(?:는|은)\s|denotes\b|means\b|indicates\b|:|=)|は|表示|(?<=['\"’”」])[为為])|"
    r"(?:四捨五入|端数処理)の(?:ため|関係)|カッコ内|[注註]\u3000\s*\S|[备備][注註]\s\S|"
    r"(?:[附脚]?[注註][釈释釋記记]?|备注|備註|備考|説明|说明|說明)(?:\s*[(（]?\d+[)）]?|[一二三四五①-⑳*＊])?\s*[)）\]］】〕＞>:：.．]|備考\s\S|"
    r"資料(?:來源|来源|出所)?\s*[:：)）\]］】〕]|资料来源(?:\s*[:：)）\]］】〕]|\s+\S)|[图圖][片表]?[来來]源\s*[:：]|(?:数据|數據)[来來]源(?:\s*[:：]|\s+\S)|(?:数据|數據|データ)(?:出所)?\s*[:：]\s*\S|"
    r"来源\s*[:：]|來源\s*[:：]|出[处處]\s*[:：]|出典(?:\s*[:：)）\]］】〕]|\s+\S)|出所(?:\s*[:：)）\]］】〕]|\s+\S)|(?:引用|参考|凡例)\s*[:：]\s*\S|[统統][计計]口[径徑]\s*[:：]|"
    r"(?:[(（]\s{0,3}[)）]|括[弧号號])(?:内|內)[はの为為数數]|"
    r"[†‡¶]\s*\S|§(?!\s*\d)\s*\S"
    r")",
    re.IGNORECASE,
)
# Of those that begin with a word, the first three letters, of Korean two; what else they begin with, letters too.
_BEGIN_OF_NOTES = frozenset(
    "abb acc acr ada all amo anm aut bec bro cha col com con cop cou cre dat den due exc fig fon foo fue ghi ima "  # noqa: SIM905
    "inc ite kay key lec leg map mod na nb nd ngu nm not ns num own per pho pic pst pva que red ref rel rem rep res "
    "rou see sha sig sou sta sub sum the tot tst tva uwa val zst zva bas bes bol cat eig ela hig hin izv kil "
    "sur zdr 주석 각주 자료 출처 비고 참고 근거 원자 통계 범례 데이 제공 괄호 산출 작성 저자 필자".split()
)
_FIRST_OF_NOTES = first_letters(_BEGIN_OF_NOTES) | frozenset(
    "zZиИпПдДźŹπΠσΣทหاملसटनמה※☞[(（【〈<〔［＜「△▲▽▼∆…-–—―－.'\"‘“「©단반합끝그사표四端カ注註备備脚附説说說资資数數データ来來出図图圖引参凡统統括†‡§¶◎●◉✓✔×■◆"
)
_FIRST_OF_KOREAN_NOTES = frozenset(one[0] for one in _BEGIN_OF_NOTES if not one.isascii())
# "CI: confidence interval; …": capitals, or a sign of few letters. "However, it rained; …" is a sentence.
_ABBREVIATIONS = compile_when_used(
    r"\s*(?:[A-Z][a-z]{0,6}[A-Z0-9][A-Za-z0-9]{0,6}\s?[:,=]|[A-Z][a-z]{1,2}\s?[:=])\s[a-z][^;:.]{2,60};\s"
)
# But "*Harvest by county*" is set in italics, in Markdown.
_STARRED = compile_when_used(r"\s*(?!\*[^*\s\n](?:[^*\n]*[^*\s\n])?\*\Z)(?:\\?[*＊⁎∗]){1,4}(?![*\s]*\Z)")
_MARKED = compile_when_used(
    r"\s*(?P<mark>[(\[]\*{1,4}\d{0,2}[)\]]|\(\d{1,2}\)|\[\d{1,2}\]|\d{1,2}[)/](?!\d)|\([a-z]\)|[a-z]\)|[¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉ]|[#+^~‖](?=\s)|[가나다라마바사]\)|[①②③④⑤⑥⑦⑧⑨]|\d{1,2}|[a-z])(?P<gap>[\s.]*)\S"
)
_LINE_OF_NOTES = compile_when_used(
    r"\W*(?:(?:foot)?notes?|주\s?석?|비\s?고|[附脚]?[注註][釈释釋]?|备注|備[註考])\W*\Z", re.IGNORECASE
)
_NUMBERED = compile_when_used(r"\s*(?P<open>[(\[]?)(?P<number>\d{1,2}|[a-z])(?P<close>[)\]]|\.(?!\s*\d))\s*(?!\s)")
# Where the mark of a note stands in a table: after words, not where a cell begins.
_THREE_LETTERS = r"[^\W\d_]{3}"
_AFTER_WORDS = r"[^\s<>](?:\s|<br\s?/?>|<sup>)?"


def is_unit(words: str) -> bool:
    """Say whether a line names the unit of a table: `(단위: 백만원)`, `(in millions)`, `Unit: %`."""
    if len(words) > LONGEST_UNIT:
        return False
    first = words[:1]
    if not first.isalpha():
        if not (found := _FIRST_LETTER_OR_UNIT.search(words)):
            return _names_index_year(words)
        first = found[0]
    if first in "iI" and _TITLE_WITH_IN.match(words):
        return False
    named = first in _FIRST_OF_UNITS or _holds_sign_of_unit(words)
    if named and _may_name_unit(words) and (found := _UNIT.match(words) or _match_unit_of_cjk(words)):
        # "In millions of homes, people ..." goes on as a sentence.
        rest = words[found.end() :]
        return not ends_with_stop(words) or (len(rest) < 20 and "," not in rest) or words.lstrip()[:1] in "(（["
    if len(words) > _LONGEST_BARE_UNIT or not _may_be_bare_unit(words) or not _BARE_UNIT.match(words):
        return False
    return not (_NOUN_ALONE.fullmatch(words) or _QUANTITY.match(words))


def _match_unit_of_cjk(words: str) -> re.Match[str] | None:
    return None if words.isascii() else _UNIT_CJK.match(words)


def _names_index_year(words: str) -> bool:
    """Say whether *words* without a letter name the year in which an index is 100."""
    return "100" in words and bool(_UNIT.match(words))


def _holds_sign_of_unit(words: str) -> bool:
    """Say whether *words* hold what a line may say of its unit behind other words: 기준, 단위: 명."""
    if words.isascii():
        return "100" in words
    # No generator, here and below: this is asked of most lines.
    return "위" in words or "位" in words or "현재" in words or "未" in words or "100" in words or "计" in words


def _may_name_unit(words: str) -> bool:
    """Say whether *words* hold what each line of a unit does: "in", "en", "em", "as", "unit", or 100 (an index)."""
    if not words.isascii():
        return True
    lower = words.lower()
    return "in" in lower or "uni" in lower or "en " in lower or "as " in lower or "em " in lower or "100" in lower


def _may_be_bare_unit(words: str) -> bool:
    """Say whether *words* may begin with a unit; those of Korean stand in brackets."""
    start = words.lstrip()[:2]
    if not start[:1].isalpha():
        return True
    if not start.isascii():
        return start[0].isascii() or start[0] in _FOLDED
    return start.lower() in _BEGIN_OF_UNITS or not start.isalpha()


BULLETS = "*_-–•·▪○▷▶◇ "
_DASHES = frozenset("-–—―－…")


def is_note(words: str, table: str = "") -> bool:
    """Say whether a line is a note or a source of the table above it, whose words are *table*."""
    if len(words) > _LONGEST_NOTE:
        return False
    begun = words.lstrip()
    start = begun.lstrip(BULLETS)[:3] or begun[:3]
    start = start if start.isascii() and start.isalpha() else start[:2]
    # These begin with any word; one sign is found fast, and is rare.
    is_any = ("림" in words and "반올림" in words) or "tandard err" in words[:_LONGEST_BEFORE_ERRORS]
    if is_any or start[:1] in _FIRST_OF_NOTES or begun[:1] in _DASHES:
        is_other = (
            not is_any
            and start.isalpha()
            and start.lower() not in _BEGIN_OF_NOTES
            and (start.isascii() or start[0] in _FIRST_OF_KOREAN_NOTES)
        )
        if not is_other and _NOTE.match(words):
            return True
    if ";" in words and _ABBREVIATIONS.match(words):
        return True
    if begun[:1] in {"*", "＊", "⁎", "∗", "\\"} and _STARRED.match(words):
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


def opens_notes(words: str) -> bool:
    """Say whether a line is what notes stand below: "Notes", "주", "注"."""
    return len(words) < _LONGEST_LINE_OF_NOTES and _LINE_OF_NOTES.match(words) is not None


def is_next_note(words: str, before: str) -> bool:
    """Say whether a line is one more note after *before*: "(2) Net" after "(1) Gross", "1. Gross" after "Notes"."""
    if len(words) > _LONGEST_NOTE:
        return False
    words, before = normalize("NFKC", words), normalize("NFKC", before)  # wide digits, ⑴
    found = _NUMBERED.match(words)
    if found is None:
        return False
    number = found["number"]
    if number in {"1", "a"}:
        return opens_notes(before)
    last = str(int(number) - 1) if number.isdecimal() else chr(ord(number) - 1)
    mark = re.escape(found["open"] + last + found["close"])
    return re.search(rf"(?:\A|[\s:)주注註]){mark}", before) is not None
