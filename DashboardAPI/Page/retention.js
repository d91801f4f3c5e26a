// Who comes back: a row a week of newcomers, a column a week since.

import { ask, path } from "./api.js";
import { emptiness, segments, trouble } from "./controls.js";
import { h, replace } from "./dom.js";
import { dateText, now, number, percent, plusDays } from "./format.js";
import { skeleton } from "./panels.js";

const WEEKS = [{ name: "6", label: "6 weeks" }, { name: "12", label: "12 weeks" }];

export class RetentionView {
  constructor(page) {
    this.page = page;
    this.weeks = "6";
    this.head = h("div", { class: "card-head" });
    this.body = h("div", { class: "cohorts" });
    this.element = h("section", { class: "card retention", "aria-label": "Retention" }, h("h1", { class: "sr" }, "Retention"), this.head, this.body);
  }

  close() { this.running?.abort(); }

  async show() {
    replace(this.head, h("h2", {}, "Retention", h("span", { class: "muted" }, " of weekly newcomers")),
      segments("Weeks", WEEKS, this.weeks, (weeks) => { this.weeks = weeks; this.show(); }));
    if (!this.body.childElementCount) replace(this.body, skeleton(6));
    await this.page.ready;
    this.running?.abort();
    const running = (this.running = new AbortController());
    try {
      const to = now(this.page.reporting).date;
      const from = plusDays(to, -7 * Number(this.weeks) + 1);
      const answer = await ask(path("/api/analytics/retention", { from, to, source: this.page.state.source }), { signal: running.signal });
      this.page.heard(answer);
      replace(this.body, grid(answer.cohorts));
    } catch (error) {
      if (error.name === "AbortError") return;
      replace(this.body, error.status === 404 ? emptiness("Not here yet", "This server does not tell retention.") : trouble(error, () => this.show()));
    }
  }
}

function grid(cohorts) {
  if (!cohorts?.some(({ visitors }) => visitors > 0)) return emptiness("Nobody is new", "No visitor came for the first time in these weeks.");
  const width = Math.max(...cohorts.map(({ active }) => active.length));
  const cell = (visitors, size) => {
    if (visitors === undefined || visitors === null) return h("td", { class: "later" });
    const part = size ? visitors / size : 0;
    return h("td", { vars: { "--part": part.toFixed(3) }, class: part > 0.45 ? "strong" : "", title: `${number(visitors)} of ${number(size)}` }, size ? percent(part) : "–");
  };
  return h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Retention by week" }, h("table", { class: "heat" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "First week"), h("th", { scope: "col" }, "Newcomers"), Array.from({ length: width }, (_, week) => h("th", { scope: "col" }, week ? `+${week}` : "Week 0")))),
    h("tbody", {}, cohorts.map(({ start, visitors, active }) => h("tr", {}, h("th", { scope: "row" }, dateText(start)), h("td", { class: "size" }, number(visitors)),
      Array.from({ length: width }, (_, week) => cell(active[week], visitors)))))));
}
