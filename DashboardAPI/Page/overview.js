// Visitors over time, and what they saw, where they came from and what with.

import { ask, path } from "./api.js";
import { Chart, dataTable } from "./chart.js";
import { emptiness, segments, trouble } from "./controls.js";
import { h, icon, replace } from "./dom.js";
import { change, compact, daysBetween, now, number, pointText, rangeText, ratio, tickText, valueText } from "./format.js";
import { DIMENSIONS, Panel, PANELS, skeleton } from "./panels.js";
import { rangePicker, zonePicker } from "./range.js";
import { dates, filterText, interval, intervals } from "./state.js";

const MAIN = "/api/analytics/visitors";
const FRESHEN = 15_000;

export class Overview {
  constructor(page) {
    this.page = page;
    this.toolbar = h("div", { class: "toolbar" });
    this.chips = h("div", { class: "chips" });
    this.tiles = h("div", { class: "tiles" });
    this.chart = new Chart("Visitors over time");
    this.chartBody = h("div", { class: "chart-body" }, this.chart.element);
    this.chartHead = h("div", { class: "card-head" });
    this.chartCard = h("section", { class: "card chart-card", "aria-label": "Visitors over time" }, this.tiles, this.chartHead, this.chartBody);
    this.note = h("p", { class: "notice", hidden: true });
    this.panels = PANELS.map((panel) => new Panel(panel, (filter) => this.toggle(filter)));
    this.element = h("div", {}, h("h1", { class: "sr" }, "Overview"), this.toolbar, this.chips, this.chartCard, this.note,
      h("div", { class: "grid" }, this.panels.map((panel) => panel.element)));
    this.isTable = false;
    this.timer = setInterval(() => this.freshen(), FRESHEN);
  }

  close() {
    clearInterval(this.timer);
    this.running?.abort();
    this.chart.close();
  }

  get state() { return this.page.state; }
  get zone() { return this.state.timezone || this.page.reporting; }

  /** Filters by a value, instead of others of its dimension, or no longer where it does already. */
  toggle({ dimension, value }) {
    const { filters } = this.state;
    const others = filters.filter((filter) => filter.dimension !== dimension);
    const isOn = filters.some((filter) => filter.dimension === dimension && filter.values.includes(value));
    this.page.change({ filters: isOn ? others : [...others, { dimension, values: [value] }] });
  }

  freshen() {
    if (document.visibilityState === "visible" && this.question && this.range?.to >= now(this.zone).date) this.load(true);
  }

  /** Shows what the state says. */
  async show() {
    replace(this.tiles, skeleton(1));
    await this.page.ready;
    this.range = dates(this.state, this.zone);
    this.days = daysBetween(this.range.from, this.range.to) + 1;
    this.interval = interval(this.state, this.days);
    this.drawToolbar();
    this.drawChips();
    await this.load(false);
  }

  drawToolbar() {
    const change = (changes) => this.page.change(changes);
    const dates = this.state.range === "custom" ? "" : rangeText(this.range.from, this.range.to);
    replace(this.toolbar, h("p", { class: "toolbar-dates" }, dates),
      rangePicker(this.state, this.range, now(this.zone).date, change), zonePicker(this.state, this.page.reporting, change));
  }

  drawChips() {
    const chip = ({ dimension, values }) => {
      const [name, text] = [DIMENSIONS[dimension] ?? dimension, values.map((value) => valueText(dimension, value)).join(" or ")];
      return h("button", { type: "button", class: "chip", "aria-label": `Remove the filter ${name}: ${text}`, onclick: () => this.page.change({ filters: this.state.filters.filter((filter) => filter.dimension !== dimension) }) },
        h("span", { class: "muted" }, `${name} is`), text, icon("close"));
    };
    replace(this.chips, this.state.filters.map(chip), this.state.filters.length > 1 && h("button", { type: "button", class: "chip clear", onclick: () => this.page.change({ filters: [] }) }, "Clear all"));
    this.chips.hidden = this.state.filters.length === 0;
  }

  parameters() {
    const { source, filters } = this.state;
    return { ...this.range, source, filter: filterText(filters) };
  }

  async load(isQuiet) {
    this.running?.abort();
    const running = (this.running = new AbortController());
    if (!isQuiet) this.chartCard.setAttribute("aria-busy", "true");
    const compare = this.state.compare === "none" ? "" : this.state.compare;
    const question = path(MAIN, { ...this.parameters(), interval: this.interval, timezone: this.state.timezone, compare });
    try {
      const answer = await ask(question, { signal: running.signal });
      this.question = question;
      this.page.heard(answer);
      const isNew = !isQuiet || answer.revision !== this.answer?.revision;
      this.answer = answer;
      if (!isNew) return;
      this.draw();
      if (!this.state.isChosen && answer.visitors === 0 && !this.state.filters.length && await this.page.findData()) return;
      this.showPanels();
    } catch (error) {
      if (error.name === "AbortError" || isQuiet) return;
      replace(this.tiles);
      replace(this.chartHead);
      replace(this.chartBody, trouble(error, () => this.show()));
    } finally {
      this.chartCard.removeAttribute("aria-busy");
    }
  }

  showPanels() {
    const isOtherZone = Boolean(this.state.timezone) && this.state.timezone !== this.page.reporting;
    const most = this.state.filters.length ? 92 : 366;
    this.note.hidden = !isOtherZone && this.days <= most;
    this.note.textContent = this.days > most ? `Lists are made of ${most} days at most${most === 92 ? " where there is a filter" : ""}; choose fewer to see them.`
      : `The lists below count by days of ${this.page.reporting}; only visitors and events over time can be told in another zone.`;
    for (const panel of this.panels) {
      panel.element.hidden = this.days > most;
      if (this.days <= most) panel.show(this.parameters(), this.state.filters, this.answer.visitors);
    }
  }

  draw() {
    this.drawTiles();
    this.drawHead();
    const { series, visitors, comparison } = this.answer;
    if (this.isTable) return replace(this.chartBody, this.table());
    if (visitors === 0 && !comparison?.visitors) {
      return replace(this.chartBody, emptiness(this.state.filters.length ? "Nobody matches" : "No visitors in these days",
        this.state.filters.length ? "No visitor had all of this on one day." : "Send an event to the collector, or choose other days."));
    }
    if (this.chart.element.parentNode !== this.chartBody) replace(this.chartBody, this.chart.element);
    const known = this.elapsed(series);
    const previous = comparison?.visitors ? comparison.series.slice(0, series.length) : [];
    const metric = (point) => point[this.metric];
    this.chart.show({
      values: series.map((point, index) => (index < known ? metric(point) : null)), previous: previous.map(metric),
      isOpen: known > 0 && this.isOpen(series[known - 1]), format: number, axis: compact,
      tick: (index) => tickText(series[index].start, this.tickInterval),
      title: (index) => pointText(series[index].start, this.interval),
      previousTitle: (index) => pointText(previous[index].start, this.interval),
    });
  }

  get metric() { return this.answer.events === null || this.answer.events === undefined ? "visitors" : this.state.metric; }
  get tickInterval() { return this.interval === "hour" && this.days > 2 ? "day" : this.interval; }

  /** How many points have begun: hours to come are no zeros. */
  elapsed(series) {
    const { date, hour } = now(this.zone);
    const isPast = ({ start }) => (this.interval === "hour" ? start.slice(0, 13) <= hour : start <= date);
    const count = series.findIndex((point) => !isPast(point));
    return count < 0 ? series.length : count;
  }

  isOpen(point) {
    const { date, hour } = now(this.zone);
    if (this.interval === "hour") return point.start.slice(0, 13) === hour;
    if (this.interval === "day") return point.start === date;
    return this.range.to >= date;
  }

  drawTiles() {
    const { visitors, events, comparison } = this.answer;
    const metric = this.metric;
    const tile = (name, label, value, before, text = compact) => {
      const delta = before === undefined ? null : change(value, before);
      const content = [h("span", { class: "tile-label" }, label), h("span", { class: "tile-value", title: text === compact ? number(value) : undefined }, text(value)),
        delta && h("span", { class: `delta ${delta.direction}` }, delta.text, h("span", { class: "sr" }, ` against ${text(before)} before`))];
      return name ? h("button", { type: "button", class: "tile", "data-tile": name, "aria-pressed": String(name === metric), onclick: () => this.page.change({ metric: name }) }, content)
        : h("div", { class: "tile", "data-tile": label }, content);
    };
    const hasEvents = events !== null && events !== undefined;
    replace(this.tiles, tile("visitors", "Visitors", visitors, comparison?.visitors),
      hasEvents && tile("events", "Events", events, comparison?.events),
      hasEvents && tile("", "Events per visitor", visitors ? events / visitors : NaN, comparison?.visitors ? comparison.events / comparison.visitors : undefined, ratio),
      typeof this.answer.new === "number" && tile("", "New visitors", this.answer.new, comparison?.new),
      comparison && h("p", { class: "tile-note" }, comparison.visitors > 0 && h("span", { class: "key previous" }), `${comparison.visitors ? "" : "Nobody in "}${rangeText(comparison.from, comparison.to)}`));
  }

  drawHead() {
    const suiting = intervals(this.days, this.state.filters.length > 0);
    const labels = { hour: "Hour", day: "Day", week: "Week", month: "Month" };
    const asTable = h("button", { type: "button", class: "quiet", "aria-pressed": String(this.isTable), "aria-label": "Show as a table", title: this.isTable ? "Show the chart" : "Show as a table", onclick: () => { this.isTable = !this.isTable; this.draw(); } }, icon(this.isTable ? "line" : "table"));
    const csv = h("a", { class: "quiet", href: path(MAIN, { ...this.parameters(), interval: this.interval, timezone: this.state.timezone, format: "csv" }), download: "visitors.csv", "aria-label": "Download as CSV", title: "Download as CSV" }, icon("download"));
    replace(this.chartHead, h("h2", {}, this.metric === "events" ? "Events" : "Visitors", h("span", { class: "muted" }, ` by ${this.interval}`)),
      suiting.length > 1 && segments("Interval", suiting.map((name) => ({ name, label: labels[name] })), this.interval, (interval) => this.page.change({ interval })), asTable, csv);
  }

  table() {
    const { series, comparison } = this.answer;
    const known = this.elapsed(series);
    const rows = series.slice(0, known).map((point, index) => [pointText(point.start, this.interval), number(point.visitors), ...(typeof point.new === "number" ? [number(point.new)] : []), number(point.events), ...(comparison ? [number(comparison.series[index]?.visitors)] : [])]);
    return dataTable("Visitors and events over time", [this.interval[0].toUpperCase() + this.interval.slice(1), "Visitors", ...(typeof series[0]?.new === "number" ? ["New"] : []), "Events", ...(comparison ? ["Visitors before"] : [])], rows);
  }
}
