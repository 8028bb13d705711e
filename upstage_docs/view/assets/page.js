"use strict";
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const one = (id) => document.getElementById(id);
  const body = document.body, root = document.documentElement;
  const search = one("search"), jump = one("jump"), status = one("status");
  const chips = all(".chip"), sections = all("section.page");
  const pageLinks = new Map(all("nav a").map((link) => [link.getAttribute("href").slice(1), link]));
  const highlights = window.CSS && CSS.highlights && window.Highlight ? CSS.highlights : null;
  const PAUSE = 90; // milliseconds without a key, after which a search begins
  const MOST_RANGES = 3000; // that are coloured: more are not seen at once, and cost time

  const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ");
  const said = (entry) => {
    const texts = [];
    for (const part of all("pre, .text, caption, th, td, .latex, .path", entry)) texts.push(part.textContent);
    return fold(texts.join(" "));
  };
  const kinds = { elements: null, chunks: null };
  const boxes = new Map(all(".box").map((box) => [box.id.slice(4), box]));
  const categoryOf = (id) => (boxes.get(id) || one("element-" + id) || { dataset: {} }).dataset.category;

  // The entries of a list, with what is looked for in them; read when they are first asked for.
  function entries(mode) {
    if (!kinds[mode]) {
      kinds[mode] = sections.map((section) => all(`.${mode} > .entry`, section).map((node) => {
        const ids = mode === "chunks" ? node.dataset.elements.split(" ").filter(Boolean) : [node.dataset.id];
        const categories = mode === "chunks" ? ids.map(categoryOf) : [node.dataset.category];
        return { node, ids, categories, text: null };
      }));
    }
    return kinds[mode];
  }

  let seen = [], at = -1, timer = 0, waiting = false;

  function apply() {
    clearTimeout(timer);
    timer = 0;
    const before = scrollY > 0 ? current() : null;
    const mode = body.dataset.mode, query = fold(search.value.trim());
    const wanted = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.category));
    const filtered = Boolean(query) || wanted.size > 0;
    const kept = new Set();
    let total = 0, pages = 0;
    seen = []; at = -1;
    entries(mode).forEach((list, index) => {
      let count = 0;
      for (const entry of list) {
        total += 1;
        if (query && entry.text === null) entry.text = said(entry.node);
        const fits = (!wanted.size || entry.categories.some((category) => wanted.has(category))) && (!query || entry.text.includes(query));
        entry.node.hidden = !fits;
        if (fits) { count += 1; seen.push(entry.node); if (filtered) entry.ids.forEach((id) => kept.add(id)); }
      }
      const section = sections[index], link = pageLinks.get(section.id);
      section.hidden = filtered && !count;
      if (link) link.parentNode.hidden = section.hidden;
      pages += count ? 1 : 0;
    });
    for (const [id, box] of boxes) box.hidden = filtered && !kept.has(id);
    all(".entry.at").forEach((entry) => entry.classList.remove("at"));
    const what = mode === "chunks" ? "chunks" : "elements";
    status.textContent = filtered ? `${seen.length.toLocaleString("en")} of ${total.toLocaleString("en")} ${what} on ${pages.toLocaleString("en")} ${pages === 1 ? "page" : "pages"}` : "";
    colour(query);
    one("pages").ariaBusy = "false";
    // Where one read is hidden now: go on with what is shown behind it.
    if (before && filtered) show(before.hidden ? sections.slice(sections.indexOf(before)).find((section) => !section.hidden) || sections.find((section) => !section.hidden) : before);
    follow();
  }

  function colour(query) {
    if (!highlights) return;
    highlights.delete("found");
    if (!query) return;
    const pattern = new RegExp(search.value.trim().split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&")).join("\\s+"), "gi");
    const ranges = [];
    for (const entry of seen) {
      const walker = document.createTreeWalker(entry, NodeFilter.SHOW_TEXT);
      while (walker.nextNode() && ranges.length < MOST_RANGES) {
        for (const match of walker.currentNode.data.matchAll(pattern)) {
          const range = new Range();
          range.setStart(walker.currentNode, match.index);
          range.setEnd(walker.currentNode, match.index + match[0].length);
          ranges.push(range);
        }
      }
      if (ranges.length >= MOST_RANGES) break;
    }
    if (ranges.length) highlights.set("found", new Highlight(...ranges));
  }

  function clear() {
    search.value = "";
    chips.forEach((chip) => chip.setAttribute("aria-pressed", "false"));
    apply();
  }

  function go(step) {
    if (!seen.length) return;
    if (at < 0) { // begin with what stands at the top of the window
      const edge = root.scrollTop ? header() : -Infinity;
      at = seen.findIndex((entry) => entry.getBoundingClientRect().top >= edge - 2);
      if (at < 0) at = seen.length - 1;
      else if (step < 0) at -= 1;
    } else at += step;
    at = (at + seen.length) % seen.length;
    all(".entry.at").forEach((entry) => entry.classList.remove("at"));
    seen[at].classList.add("at");
    seen[at].scrollIntoView({ block: innerWidth > 900 ? "center" : "start" });
    mark(seen[at]);
  }

  const header = () => document.querySelector("header").offsetHeight;
  const current = () => sections.filter((section) => !section.hidden).findLast((section) => section.getBoundingClientRect().top <= header() + 60);

  function turn(step) {
    const shown = sections.filter((section) => !section.hidden);
    const place = shown.indexOf(current());
    show(shown[Math.min(shown.length - 1, Math.max(0, place + step))]);
  }

  function show(section) {
    if (!section) return;
    section.scrollIntoView();
    // Pages above get their true height only now, which may move this one: go there once more.
    requestAnimationFrame(() => requestAnimationFrame(() => section.scrollIntoView()));
  }

  function toPage(number) {
    const section = one("page-" + number);
    if (!section) { status.textContent = `There is no page ${number} here.`; return; }
    if (section.hidden) clear();
    show(section);
  }

  // What stands under the mouse, or has the focus, is shown on both sides.
  let lit = [];
  function mark(node) {
    lit.forEach((other) => other.classList.remove("on"));
    lit = [];
    if (!node) return;
    const chunk = node.closest(".chunk"), entry = node.closest(".entry"), box = node.closest(".box");
    if (chunk) lit = [chunk, ...chunk.dataset.elements.split(" ").map((id) => boxes.get(id))];
    else if (entry) lit = [entry, boxes.get(entry.dataset.id)];
    else if (box && body.dataset.mode === "chunks" && box.dataset.chunks) {
      lit = box.dataset.chunks.split(" ").map((number) => one("chunk-" + number));
      for (const group of lit.slice()) if (group) lit.push(...group.dataset.elements.split(" ").map((id) => boxes.get(id)));
    } else if (box) lit = [box, one("element-" + box.id.slice(4))];
    lit = lit.filter(Boolean);
    lit.forEach((other) => other.classList.add("on"));
  }
  document.addEventListener("mouseover", (event) => mark(event.target.closest(".entry, .box")));
  document.addEventListener("focusin", (event) => mark(event.target.closest(".entry, .box")));

  // A box leads to the list that is shown; what a filter hides is shown again when a link leads to it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    let target = one(link.getAttribute("href").slice(1));
    if (link.classList.contains("box") && body.dataset.mode === "chunks") {
      target = link.dataset.chunks ? one("chunk-" + link.dataset.chunks.split(" ")[0]) : null;
      event.preventDefault();
      if (!target) return;
    }
    if (target && body.dataset.mode === "chunks" && target.closest(".elements")) list("elements");
    if (target && target.closest("[hidden]")) clear();
    if (target && link.classList.contains("box")) {
      event.preventDefault();
      target.scrollIntoView({ block: innerWidth > 900 ? "center" : "start" });
      at = seen.indexOf(target);
      all(".entry.at").forEach((entry) => entry.classList.remove("at"));
      target.classList.add("at");
    } else if (target && target.matches("section.page")) { event.preventDefault(); show(target); history.replaceState(null, "", "#" + target.id); }
  });

  chips.forEach((chip) => chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    apply();
  }));
  function list(mode) {
    body.dataset.mode = mode;
    all(".modes button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === mode)));
    apply();
  }
  all(".modes button").forEach((button) => button.addEventListener("click", () => {
    const section = current();
    list(button.dataset.mode);
    show(section);
  }));
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, PAUSE); one("pages").ariaBusy = "true"; });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (timer) apply(); // what was typed last
    go(event.shiftKey ? -1 : 1);
  });
  jump.addEventListener("change", () => toPage(jump.value));
  jump.addEventListener("keydown", (event) => { if (event.key === "Enter") toPage(jump.value); });

  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const remembered = (value) => { try { if (value) localStorage.setItem("upstage-docs-theme", value); return localStorage.getItem("upstage-docs-theme"); } catch { return null; } };
  one("theme").addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; remembered(root.dataset.theme); });
  if (["dark", "light"].includes(remembered())) root.dataset.theme = remembered();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); if (document.activeElement === search) search.blur(); return; }
    if (event.target.matches("input, textarea, select")) return;
    const keys = { "/": () => search.focus(), j: () => go(1), k: () => go(-1), n: () => turn(1), p: () => turn(-1), g: () => { jump.focus(); jump.select(); } };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  // The page that is read is marked in the list of pages.
  function follow() {
    waiting = false;
    const section = current() || sections.find((other) => !other.hidden);
    if (!section) return;
    const link = pageLinks.get(section.id);
    all("nav a[aria-current]").forEach((other) => { if (other !== link) other.removeAttribute("aria-current"); });
    if (link && !link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "page");
      const list = link.closest("nav");
      if (list.scrollHeight > list.clientHeight) list.scrollTop += link.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
    }
    if (document.activeElement !== jump) jump.value = section.id.slice(5);
  }
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(follow); } }, { passive: true });

  document.querySelector(".tools").hidden = false;
  apply();
  const first = one("place-1");
  if (first && !location.hash) first.scrollIntoView({ block: "center" });
})();
