// The live view: a sliding window of 300 points, by the second or by five.

import { Chart, dataTable } from "./chart.js";
import { csv, download, emptiness, segments } from "./controls.js";
import { h, icon, replace } from "./dom.js";
import { compact, duration, number, percent } from "./format.js";
import { eventsOf, KEPT, sum } from "./live-feed.js";

const POINTS = 300;
const WINDOWS = [{ name: "1", label: "5 min" }, { name: "5", label: "25 min" }];
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SERIES = [
  { name: "events", title: "Events per second", format: (value) => `${number(value)} / s`, axis: compact },
  { name: "visitors", title: "Visitors of the last five minutes", format: number, axis: compact },
  { name: "latency", title: "From receipt to storage", format: duration, axis: duration },
];

export class LiveView {
  constructor(page) {
    this.page = page;
    this.step = 1;
    this.series = SERIES[0];
    this.frozenAt = null;
    this.chart = new Chart("Live");
    this.tiles = h("div", { class: "tiles" });
    this.head = h("div", { class: "card-head" });
    this.body = h("div", { class: "chart-body" }, this.chart.element);
    this.byType = h("div", { class: "rows" });
    this.bySource = h("div", { class: "rows" });
    this.card = h("section", { class: "card chart-card", "aria-label": "Live" }, this.tiles, this.head, this.body);
    this.element = h("div", { class: "live" }, h("h1", { class: "sr" }, "Live"), this.card,
      h("div", { class: "grid" }, h("section", { class: "card panel", "aria-label": "Events by type" }, h("div", { class: "card-head" }, h("h2", {}, "Events by type")), this.byType),
        h("section", { class: "card panel", "aria-label": "By source" }, h("div", { class: "card-head" }, h("h2", {}, "By source")), this.bySource)));
    this.leave = page.live.follow(() => this.isPaused || document.visibilityState === "hidden" || this.draw());
    this.drawHead();
  }

  close() {
    this.leave();
    this.chart.close();
  }

  get isPaused() { return this.frozenAt !== null; }

  show() {
    this.draw();
    this.drawHead();
  }

  pause() {
    this.frozenAt = this.isPaused ? null : this.page.live.newest;
    if (this.isPaused) this.frozen = this.points();
    else this.frozen = null;
    this.drawHead();
    this.draw();
  }

  drawHead() {
    const { live } = this.page;
    const label = this.isPaused ? "Paused" : live.state === "open" ? "Live" : live.state === "waiting" ? "Connection lost, trying again" : "Connecting";
    this.drawnState = label;
    replace(this.head,
      h("div", { class: "tabs", role: "group", "aria-label": "What is shown" }, SERIES.map((series) => h("button", { type: "button", class: "tab", "aria-pressed": String(series === this.series), onclick: () => { this.series = series; this.drawHead(); this.draw(); } }, series.name[0].toUpperCase() + series.name.slice(1)))),
      h("span", { class: `live-state ${this.isPaused ? "paused" : live.state}`, role: "status" }, h("span", { class: "pulse", "aria-hidden": "true" }), label),
      segments("Window", WINDOWS, String(this.step), (step) => { this.step = Number(step); if (this.isPaused) this.frozen = this.points(this.frozenAt); this.drawHead(); this.draw(); }),
      h("button", { type: "button", class: "quiet", id: "pause", "aria-pressed": String(this.isPaused), "aria-label": this.isPaused ? "Resume" : "Pause", title: this.isPaused ? "Resume" : "Pause", onclick: () => this.pause() }, icon(this.isPaused ? "play" : "pause")),
      h("button", { type: "button", class: "quiet", "aria-pressed": String(Boolean(this.isTable)), "aria-label": "Show as a table", title: "Show as a table", onclick: () => { this.isTable = !this.isTable; this.drawHead(); this.draw(); } }, icon(this.isTable ? "line" : "table")),
      h("button", { type: "button", class: "quiet", id: "csv", "aria-label": "Download as CSV", title: "Download what is shown as CSV", onclick: () => this.save() }, icon("download")));
  }

  /** The window's points, oldest first. What was not heard is `null`; of several seconds, peaks are kept beside means. */
  points(end = this.page.live.newest) {
    const { live, state: { source } } = this.page;
    const points = [];
    const last = Math.floor(end / this.step) * this.step;
    for (let place = POINTS - 1; place >= 0; place--) {
      const from = last - place * this.step;
      const point = { at: from * 1000, events: null, peak: null, visitors: null, latency: null, types: {}, sources: {} };
      let heard = 0, total = 0;
      for (let at = from; at < from + this.step && at <= end; at++) {
        const second = at > live.newest - KEPT && at > 0 ? live.seconds[at % KEPT] : null;
        if (!second || Math.floor(second.at / 1000) !== at) continue;
        const events = sum(second, source, eventsOf);
        heard += 1;
        total += events;
        point.peak = Math.max(point.peak ?? 0, events);
        point.visitors = sum(second, source, (share) => share.visitors);
        point.isExact = second.exact;
        const latency = source ? second.sources[source]?.latency : second.latency;
        if (latency !== null && latency !== undefined) point.latency = Math.max(point.latency ?? 0, latency);
        for (const [name, share] of Object.entries(second.sources)) if (!source || name === source) add(point, name, share);
      }
      if (heard) point.events = total / heard;
      points.push(point);
    }
    return points;
  }

  get shown() { return this.frozen ?? this.points(); }

  draw() {
    const { live } = this.page;
    const label = this.isPaused ? "Paused" : live.state === "open" ? "Live" : live.state === "waiting" ? "Connection lost, trying again" : "Connecting";
    if (label !== this.drawnState) this.drawHead();
    const points = this.shown;
    const heard = points.filter(({ events }) => events !== null);
    this.drawTiles(points, heard);
    this.drawLists(heard);
    if (!heard.length) {
      return replace(this.body, emptiness(live.state === "open" ? "Nothing has happened yet" : "Not connected", live.state === "open" ? "Events show here a second after they were stored." : "The live view comes back by itself."));
    }
    if (this.isTable) return replace(this.body, this.table(heard));
    if (this.chart.element.parentNode !== this.body) replace(this.body, this.chart.element);
    const { name, format, axis } = this.series;
    this.chart.show({
      values: points.map((point) => point[name]), peaks: name === "events" && this.step > 1 ? points.map(({ peak }) => peak) : [],
      format, axis, tickEvery: 60, tickFrom: points.findIndex(({ at }) => at % (60_000 * this.step) === 0),
      tick: (index) => minute.format(points[index].at), title: (index) => clock.format(points[index].at),
    });
  }

  drawTiles(points, heard) {
    const last = heard[heard.length - 1];
    const rates = heard.slice(-Math.ceil(10 / this.step)).map(({ events }) => events);
    const rate = rates.length ? rates.reduce((sum, value) => sum + value, 0) / rates.length : null;
    const tile = (label, value, note) => h("div", { class: "tile", "data-tile": label }, h("span", { class: "tile-label" }, label), h("span", { class: "tile-value" }, value), note && h("span", { class: "muted tile-sub" }, note));
    const waits = heard.slice(-Math.ceil(60 / this.step)).map(({ latency }) => latency).filter((value) => value !== null);
    replace(this.tiles, tile("Visitors", number(last?.visitors), last && !last.isExact ? "at least, of the last 5 min" : "of the last 5 min"),
      tile("Events per second", rate === null ? "–" : rate.toLocaleString("en", { maximumFractionDigits: 1 }), "mean of 10 s"),
      tile("Peak", heard.length ? `${number(Math.max(...heard.map(({ peak }) => peak)))} / s` : "–", `in ${this.step * 5} min`),
      tile("Until stored", waits.length ? `≤ ${duration(Math.max(...waits))}` : "–", "95 % of a minute's events"));
  }

  drawLists(heard) {
    const total = (name) => heard.reduce((sums, point) => { for (const [key, count] of Object.entries(point[name])) sums[key] = (sums[key] ?? 0) + count; return sums; }, {});
    replace(this.byType, bars("Event", total("types")));
    replace(this.bySource, bars("Source", total("sources")));
  }

  table(heard) {
    return dataTable("What happens now", ["Time", "Events per second", "Peak", "Visitors", "Until stored"],
      heard.slice().reverse().map((point) => [clock.format(point.at), point.events.toLocaleString("en", { maximumFractionDigits: 1 }), number(point.peak), number(point.visitors), duration(point.latency)]));
  }

  save() {
    const rows = this.shown.filter(({ events }) => events !== null).map((point) => [new Date(point.at).toISOString(), point.events, point.peak, point.visitors, point.latency]);
    download("live.csv", csv([["time", "events_per_second", "peak", "visitors", "latency_ms"], ...rows]));
  }
}

function add(point, source, share) {
  for (const [type, count] of Object.entries(share.events)) {
    point.types[type] = (point.types[type] ?? 0) + count;
    point.sources[source] = (point.sources[source] ?? 0) + count;
  }
}

function bars(label, sums) {
  const rows = Object.entries(sums).sort((left, right) => right[1] - left[1]).slice(0, 10);
  if (!rows.length) return emptiness("Quiet", "No events in this window.");
  const all = Object.values(sums).reduce((sum, count) => sum + count, 0);
  return h("table", { class: "bars" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, label), h("th", { scope: "col" }, "Events"), h("th", { scope: "col" }, "Share"))),
    h("tbody", {}, rows.map(([name, count]) => h("tr", { vars: { "--part": String(count / rows[0][1]) } },
      h("th", { scope: "row" }, h("span", { class: "value" }, name)), h("td", { class: "count" }, number(count)), h("td", { class: "share" }, percent(count / all))))));
}
