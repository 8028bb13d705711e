"""Sentences that mean nothing, in several languages, for made pages."""

from __future__ import annotations

import random

VOCABULARY = {
    "en": "the of a to and in is for that with was by on as are this from which annual report harbour traffic method sample "
    "result model water energy policy market budget committee school public regional survey growth system data local "
    "development analysis community process value quality service project national measure period change level group "
    "number increase student research production information management environment material control agreement evidence "
    "several between during through further however significant total average recent under about different important",
    "de": "der die das und in zu den mit von für ist auf ein eine nicht Bericht Haushalt Gemeinde Wasser Energie Jahr "
    "Verfahren Ergebnis Entwicklung Messung Untersuchung Verwaltung Grundlage wurde werden durch über nach gegenüber "
    "wesentlich deutlich jährlich regional öffentlich Maßnahme Gesellschaft Zusammenhang Versicherung Stadt",
    "ko": "보고서 연구 결과 분석 방법 지역 정책 예산 사업은 환경을 에너지 시장의 조사를 통해 나타났다 증가하였다 관리 체계 "
    "교육 기관에서 제시한 자료를 바탕으로 하였으며 주요 지표는 전년 대비 개선되었다 또한 향후 계획에 따라 추진한다",
    "zh": "报告 研究 结果 分析 方法 地区 政策 预算 项目 环境 能源 市场 调查 通过 表明 增加 管理 系统 教育 机构 资料 主要 指标 "
    "与 去年 相比 有所 改善 同时 将 根据 计划 继续 推进",
    "ja": "報告書 は 研究 の 結果 を 分析 し 地域 における 政策 と 予算 に 基づく 事業 環境 エネルギー 市場 調査 により 明らか に "
    "なった 増加 管理 体制 教育 機関 資料 主要 な 指標 前年 と 比べ 改善 した また 今後 計画",
}
LABELS = {
    "en": {"Table": "Table", "Figure": "Figure"},
    "de": {"Table": "Tabelle", "Figure": "Abbildung"},
    "ko": {"Table": "표", "Figure": "그림"},
    "zh": {"Table": "表", "Figure": "图"},
    "ja": {"Table": "表", "Figure": "図"},
}


class Words:
    """A writer of one language."""

    def __init__(self, choose: random.Random, language: str) -> None:
        self.choose = choose
        self.language = language
        self.vocabulary = VOCABULARY[language].split()
        self.space = "" if language in {"zh", "ja"} else " "

    def label(self, word: str) -> str:
        return LABELS[self.language][word]

    def _some(self, least: int, most: int) -> list[str]:
        return [self.choose.choice(self.vocabulary) for _ in range(self.choose.randint(least, most))]

    def title(self, least: int, most: int) -> str:
        long = [
            word for word in self._some(least * 3, most * 3) if self.space == "" or len(word) > 3 or not word.isascii()
        ]
        words = long[: self.choose.randint(least, most)] or [self.vocabulary[-1]]
        return self.space.join(word[0].upper() + word[1:] for word in words)

    def sentence(self) -> str:
        words = self._some(6, 22)
        if self.choose.random() < 0.3:
            words.insert(
                3,
                self.choose.choice(
                    (self.figure(), f"({self.choose.randint(1990, 2025)})", f"[{self.choose.randint(1, 40)}]")
                ),
            )
        if self.choose.random() < 0.3 and self.language in {"en", "de"}:
            words[len(words) // 2] += ","
        text = self.space.join(words)
        return text[0].upper() + text[1:] + ("。" if self.language in {"zh", "ja"} else ".")

    def paragraph(self, least: int, most: int) -> str:
        return self.space.join(self.sentence() for _ in range(self.choose.randint(least, most)))

    def figure(self) -> str:
        """A number as tables have them."""
        number = self.choose.uniform(0, 10 ** self.choose.randint(1, 6))
        return self.choose.choice((f"{number:,.0f}", f"{number:,.1f}", f"{number % 100:.1f}%", f"{number % 40:.2f}"))
