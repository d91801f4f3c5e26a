// The values of dimensions: top pages, referrers, countries, …. A click on a value filters by it.

import { ask, path } from "./api.js";
import { emptiness, trouble } from "./controls.js";
import { h, icon, replace } from "./dom.js";
import { number, percent, valueText } from "./format.js";

export const PANELS = [
  { title: "Pages", tabs: [["path", "Top pages"]] },
  { title: "Acquisition", tabs: [["referrer", "Referrers"], ["utm_campaign", "Campaigns"], ["utm_source", "Source"], ["utm_medium", "Medium"]] },
  { title: "Countries", tabs: [["country", "Countries"]] },
  { title: "Technology", tabs: [["device", "Devices"], ["browser", "Browsers"], ["os", "Systems"], ["bot", "Robots"]] },
  { title: "Events", tabs: [["event_type", "Events"]], isWide: true },
];
export const DIMENSIONS = {
  path: "Page", referrer: "Referrer", utm_campaign: "Campaign", utm_source: "Source", utm_medium: "Medium", country: "Country",
  device: "Device", browser: "Browser", os: "System", bot: "Robot", event_type: "Event",
};
const EMPTY = {
  country: "Countries are told from addresses when the worker is given a country database.",
  bot: "No robot made itself known.",
  utm_campaign: "Campaigns are read from utm_campaign in the addresses of pages.",
  utm_source: "Sources are read from utm_source in the addresses of pages.",
  utm_medium: "Media are read from utm_medium in the addresses of pages.",
  referrer: "Nobody came from another site.",
};
const ROWS = 8;

/** A card of one or more dimensions. */
export class Panel {
  constructor({ title, tabs, isWide }, filterBy) {
    Object.assign(this, { tabs, filterBy, dimension: tabs[0][0] });
    this.body = h("div", { class: "rows" });
    this.head = h("div", { class: "card-head" });
    this.element = h("section", { class: `card panel${isWide ? " wide" : ""}`, "aria-label": title, "data-panel": tabs[0][0] }, this.head, this.body);
    this.drawHead();
  }

  drawHead() {
    const tab = ([dimension, label]) => h("button", {
      type: "button", class: "tab", "aria-pressed": String(dimension === this.dimension),
      onclick: () => { this.dimension = dimension; this.drawHead(); this.load(); },
    }, label);
    const tabs = this.tabs.length > 1 ? h("div", { class: "tabs", role: "group" }, this.tabs.map(tab)) : h("h2", {}, this.tabs[0][1]);
    replace(this.head, tabs, h("button", { type: "button", class: "quiet", "aria-label": `All values: ${DIMENSIONS[this.dimension]}`, title: "All values", onclick: () => this.openAll() }, icon("more")));
  }

  /** Shows the answer to these parameters; `total` are the visitors of the range. */
  show(parameters, filters, total) {
    Object.assign(this, { parameters, filters, total });
    return this.load();
  }

  async load() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    this.element.setAttribute("aria-busy", "true");
    if (!this.body.childElementCount) replace(this.body, skeleton());
    try {
      const answer = await ask(path("/api/analytics/breakdown", { ...this.parameters, dimension: this.dimension, limit: String(ROWS) }), { signal: running.signal });
      replace(this.body, answer.rows.length ? table(this, answer) : emptiness("Nothing here", EMPTY[this.dimension] ?? "No event of these days has a value."));
    } catch (error) {
      if (error.name === "AbortError") return;
      replace(this.body, trouble(error, () => this.load()));
    }
    this.element.removeAttribute("aria-busy");
  }

  isFiltered(value) {
    return this.filters.some((filter) => filter.dimension === this.dimension && filter.values.includes(value));
  }

  openAll() {
    const body = h("div", { class: "rows" });
    const footer = h("div", { class: "pager" });
    const title = this.tabs.find(([dimension]) => dimension === this.dimension)[1];
    const dialog = h("dialog", { class: "sheet", "aria-label": title, onclose: () => dialog.remove(), onclick: (event) => event.target === dialog && dialog.close() },
      h("div", { class: "card-head" }, h("h2", {}, title), h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))), body, footer);
    document.body.append(dialog);
    dialog.showModal();
    this.loadAll(1, body, footer, () => dialog.close());
  }

  async loadAll(page, body, footer, close) {
    const question = { ...this.parameters, dimension: this.dimension, limit: "50", page: String(page) };
    if (!body.childElementCount) replace(body, skeleton());
    try {
      const answer = await ask(path("/api/analytics/breakdown", question));
      replace(body, answer.rows.length ? table(this, answer, close) : emptiness("Nothing here", EMPTY[this.dimension]));
      const pages = Math.max(1, Math.ceil(answer.values / 50));
      const step = (label, to) => h("button", { type: "button", class: "button", disabled: to < 1 || to > pages, onclick: () => this.loadAll(to, body, footer, close) }, label);
      replace(footer, step("Previous", page - 1), h("span", { class: "muted" }, `${number(answer.values)} values, page ${page} of ${pages}`), step("Next", page + 1),
        h("a", { class: "button", href: path("/api/analytics/breakdown", { ...this.parameters, dimension: this.dimension, limit: "1000", format: "csv" }), download: `${this.dimension}.csv` }, icon("download"), "CSV"));
      body.scrollTop = 0;
    } catch (error) {
      replace(body, trouble(error, () => this.loadAll(page, body, footer, close)));
    }
  }
}

/** A table with a bar behind each row; the bar is the row's part of the highest. */
function table(panel, answer, close) {
  const { dimension, total } = panel;
  const hasEvents = answer.rows.some(({ events }) => typeof events === "number");
  const highest = Math.max(1, ...answer.rows.map((row) => row.visitors));
  const row = ({ value, visitors, events }) => {
    const text = valueText(dimension, value);
    const isOther = value === "(other)";
    const isOn = panel.isFiltered(value);
    const name = isOther ? h("span", { class: "value" }, text) : h("button", {
      type: "button", class: "value", title: isOn ? `Stop filtering by ${text}` : `Filter by ${text}`, "aria-pressed": String(isOn),
      onclick: () => { close?.(); panel.filterBy({ dimension, value }); },
    }, text);
    return h("tr", { vars: { "--part": String(visitors / highest) }, "data-value": value },
      h("th", { scope: "row" }, name), h("td", { class: "count" }, number(visitors)),
      h("td", { class: "share" }, total ? percent(visitors / total) : ""), hasEvents && h("td", { class: "events" }, number(events)));
  };
  return h("table", { class: "bars" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, DIMENSIONS[dimension]), h("th", { scope: "col" }, "Visitors"), h("th", { scope: "col" }, "Share"), hasEvents && h("th", { scope: "col", class: "events" }, "Events"))),
    h("tbody", {}, answer.rows.map(row)));
}

export function skeleton(rows = 5) {
  return h("div", { class: "skeleton", "aria-hidden": "true" }, Array.from({ length: rows }, (_, index) => h("span", { vars: { "--w": `${88 - index * 13}%` } })));
}
