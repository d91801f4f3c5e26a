// How the pipeline does: what has been counted, and partition by partition where it stands.

import { ask } from "./api.js";
import { dataTable } from "./chart.js";
import { trouble } from "./controls.js";
import { h, replace } from "./dom.js";
import { duration, number } from "./format.js";
import { skeleton } from "./panels.js";

const EVERY = 5000;

export class PipelineView {
  constructor(page) {
    this.page = page;
    this.tiles = h("div", { class: "tiles" });
    this.body = h("div", {});
    this.element = h("section", { class: "card pipeline", "aria-label": "Pipeline" }, h("h1", { class: "sr" }, "Pipeline"), this.tiles, this.body);
    this.timer = setInterval(() => document.visibilityState === "visible" && this.load(), EVERY);
    replace(this.body, skeleton(6));
  }

  close() {
    clearInterval(this.timer);
    this.isClosed = true;
  }

  show() { return this.load(); }

  async load() {
    await this.page.ready;
    const ready = await readiness();
    let status = null, failure = null;
    try { status = await ask("/api/pipeline/status"); } catch (error) { failure = error; }
    if (this.isClosed) return;
    this.drawTiles(ready, status);
    if (status) replace(this.body, ...this.table(status));
    else if (failure.status === 404) replace(this.body, checks(ready));
    else if (failure.status === 403) replace(this.body, checks(ready), h("p", { class: "notice" }, "The books of each partition are shown to administrators."));
    else replace(this.body, trouble(failure, () => this.load()));
  }

  drawTiles(ready, status) {
    const age = this.page.completeThrough ? Math.max(0, Date.now() - Date.parse(this.page.completeThrough)) : null;
    const tile = (label, value, kind = "") => h("div", { class: "tile" }, h("span", { class: "tile-label" }, label), h("span", { class: `tile-value ${kind}` }, value));
    const totals = status?.totals;
    const isKnown = totals && totals.balanced !== null;
    replace(this.tiles, tile("State", ready.status === "ready" ? "Ready" : "Not ready", ready.status === "ready" ? "good" : "bad"),
      tile("Counted until", age === null ? "–" : `${duration(age)} ago`), totals && tile("Waiting", number(totals.lag)),
      totals && tile("Stored", number(totals.stored)), totals && tile("Dead letters", number(totals.dead)),
      totals && tile("Lost", number(totals.lost), totals.lost ? "bad" : ""),
      totals && tile("Books", isKnown ? (totals.balanced ? "Balanced" : "Not balanced") : "–", isKnown ? (totals.balanced ? "good" : "bad") : ""));
  }

  table({ partitions, unavailable = [] }) {
    const row = (book) => [`${book.partition}${book.epoch > 1 ? `, epoch ${book.epoch}` : ""}`, ...["logEnd", "committed", "next", "folded", "stored", "duplicate", "dead", "lost", "lag"].map((name) => number(book[name]))];
    return [unavailable.map(({ store, reason }) => h("p", { class: "notice" }, `The ${store} did not answer: ${reason}`)),
      dataTable("Partitions", ["Partition", "Log end", "Committed", "Next", "Folded", "Stored", "Duplicate", "Dead", "Lost", "Lag"], partitions.map(row))].flat();
  }
}

async function readiness() {
  try { return await (await fetch("/readyz")).json(); } catch { return { status: "unreachable", checks: [] }; }
}

function checks({ checks = [] }) {
  const list = Array.isArray(checks) ? checks : Object.entries(checks).map(([name, check]) => ({ name, ...check }));
  return dataTable("Checks", ["Check", "State"], list.map((check) => [check.name, check.status === "ready" || check.status === "ok" ? "Ready" : check.error ?? check.reason ?? check.status ?? "–"]));
}
