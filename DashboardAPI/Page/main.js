// The page: what is shown follows from the address, and every change of what is shown becomes an address.

import { ask, path } from "./api.js";
import { select } from "./controls.js";
import { announce, h, icon, replace } from "./dom.js";
import { duration, number, now, plusDays } from "./format.js";
import { LiveFeed } from "./live-feed.js";
import { LiveView } from "./live.js";
import { Overview } from "./overview.js";
import { PipelineView } from "./pipeline.js";
import { RetentionView } from "./retention.js";
import { signIn } from "./signin.js";
import { address, dates, read } from "./state.js";

const VIEWS = { overview: ["Overview", Overview], live: ["Live", LiveView], retention: ["Retention", RetentionView], pipeline: ["Pipeline", PipelineView] };

class Page {
  constructor() {
    this.state = read(location.search);
    this.reporting = "";
    this.sources = [];
    this.main = document.getElementById("main");
    this.live = new LiveFeed();
    window.addEventListener("popstate", () => this.go(read(location.search)));
    window.addEventListener("unauthorized", () => this.askWho());
    this.live.follow(() => this.drawPill());
    setInterval(() => this.drawFoot(), 1000);
    this.begin();
  }

  /** Starts, and starts again once somebody has signed in. */
  begin() {
    this.isAsking = false;
    this.ready = this.learn();
    this.draw();
  }

  /** What does not change from view to view: the zone that days are cut in, and the sources. */
  async learn() {
    try {
      const answer = await ask("/api/analytics/sources");
      this.reporting = answer.timezone;
      this.sources = answer.sources.map(({ name }) => name);
      this.heard(answer);
      if (document.querySelector("meta[name=live]")?.content === "yes") this.live.open();
    } catch { /* the view says what is wrong */ }
    this.drawTools();
  }

  heard({ completeThrough, revision }) {
    Object.assign(this, { completeThrough, revision });
    this.drawFoot();
  }

  /** Where the days shown by default are empty: shows the newest that are not. Answers whether there are any. */
  async findData() {
    const today = now(this.reporting).date;
    for (let to = today; to > "1970-01-01"; to = plusDays(to, -3650)) {
      const from = [plusDays(to, -3649), "1970-01-01"].sort()[1];
      const { series } = await ask(path("/api/analytics/visitors", { from, to, interval: "month", source: this.state.source }));
      const month = series.filter(({ visitors }) => visitors > 0).pop();
      if (!month) continue;
      const days = await ask(path("/api/analytics/visitors", { from: month.start, to: plusDays(month.start, 30), source: this.state.source }));
      const last = days.series.filter(({ visitors }) => visitors > 0).pop().start;
      this.change({ range: "custom", from: plusDays(last, -27), to: last, isChosen: true }, true);
      return true;
    }
    return false;
  }

  change(changes, isReplacing = false) {
    this.state = { ...this.state, ...changes };
    history[isReplacing ? "replaceState" : "pushState"](null, "", address(this.state));
    this.draw();
  }

  go(state) {
    this.state = state;
    this.draw();
  }

  draw() {
    if (this.isAsking) return;
    const [title, View] = VIEWS[this.state.view];
    document.title = `${title} · Tributary`;
    if (!(this.view instanceof View)) {
      this.view?.close?.();
      this.view = new View(this);
      replace(this.main, this.view.element);
    }
    this.drawViews();
    this.drawTools();
    this.view.show();
  }

  drawViews() {
    const link = ([name, [label]]) => h("a", {
      href: address({ ...this.state, view: name }), "aria-current": name === this.state.view ? "page" : undefined,
      onclick: (event) => { if (!event.metaKey && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); this.change({ view: name }); announce(label); } },
    }, label);
    replace(document.getElementById("views"), Object.entries(VIEWS).map(link));
  }

  drawTools() {
    const sources = [...new Set([this.state.source, ...this.sources])].filter(Boolean).sort();
    const isDark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    this.pill = h("button", { type: "button", class: "pill", onclick: () => this.change({ view: "live" }) });
    replace(document.getElementById("tools"), this.pill,
      sources.length > 1 && select("Source", [{ name: "", label: "All sources" }, ...sources.map((name) => ({ name, label: name }))], this.state.source, (source) => this.change({ source })),
      h("button", { type: "button", class: "quiet", "aria-label": isDark ? "Light theme" : "Dark theme", title: isDark ? "Light theme" : "Dark theme", onclick: () => this.setTheme(isDark ? "light" : "dark") }, icon(isDark ? "sun" : "moon")),
      this.isSignedIn && h("button", { type: "button", class: "quiet", "aria-label": "Sign out", title: "Sign out", onclick: () => this.signOut() }, icon("leave")));
    this.drawPill();
  }

  drawPill() {
    if (!this.pill) return;
    const visitors = this.live.visitors(this.state.source);
    this.pill.hidden = visitors === null;
    if (this.pill.dataset.shown === String(visitors)) return;
    this.pill.dataset.shown = String(visitors);
    replace(this.pill, h("span", { class: "pulse", "aria-hidden": "true" }), h("b", {}, number(visitors)), h("span", { class: "pill-text" }, " now"), h("span", { class: "sr" }, " visitors in the last five minutes"));
  }

  drawFoot() {
    const foot = document.getElementById("foot");
    if (!this.completeThrough) return replace(foot);
    const age = Math.max(0, Date.now() - Date.parse(this.completeThrough));
    replace(foot, h("span", { class: `dot-state ${age < 300_000 ? "good" : "late"}`, "aria-hidden": "true" }),
      `Everything received until ${duration(age)} ago is counted, exactly.`, h("span", { class: "muted" }, `Revision ${number(this.revision)} · days of ${this.reporting || "…"}`));
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* it holds until the page is left */ }
    this.drawTools();
  }

  askWho() {
    if (this.isAsking) return;
    this.isAsking = true;
    this.live.close();
    this.view?.close?.();
    this.view = null;
    replace(this.main, signIn(() => { this.isSignedIn = true; this.begin(); }));
  }

  async signOut() {
    try { await ask("/session", { method: "DELETE" }); } catch { /* then it was over already */ }
    this.isSignedIn = false;
    this.askWho();
  }
}

window.tributary = new Page();
