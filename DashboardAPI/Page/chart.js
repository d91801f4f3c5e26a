// A line chart: SVG for the eye, arrow keys for the keyboard, a table for everybody else.

import { announce, h, replace, s } from "./dom.js";

const TOP = 12, BOTTOM = 26, LEFT = 44, RIGHT = 12;
let nextId = 0;

/** Steps of 1, 2 or 5 that cover 0…maximum with four lines or fewer. */
export function scale(maximum, whole = true) {
  const rough = Math.max(maximum, whole ? 4 : 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999999);
  const step = whole ? Math.max(1, factor * power) : factor * power;
  const top = Math.ceil(maximum / step - 1e-9) * step || step;
  const ticks = [];
  for (let tick = 0; tick <= top + step / 2; tick += step) ticks.push(tick);
  return { top, ticks };
}

/** The lowest and the highest of each stretch: fewer points, and no peak is lost. */
export function downsample(values, stretches) {
  if (values.length <= stretches * 2) return values.map((value, index) => ({ index, value })).filter(({ value }) => value !== null);
  const kept = [];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const [start, end] = [stretch, stretch + 1].map((edge) => Math.floor((edge * values.length) / stretches));
    let low = -1, high = -1;
    for (let index = start; index < end; index++) {
      if (values[index] === null) continue;
      if (low < 0 || values[index] < values[low]) low = index;
      if (high < 0 || values[index] > values[high]) high = index;
    }
    for (const index of [...new Set([low, high])].filter((index) => index >= 0).sort((a, b) => a - b)) kept.push({ index, value: values[index] });
  }
  return kept;
}

/**
 * A chart. `show(data)` draws `data`: `values` (`null`: not yet), optionally `previous` beside them and `peaks` above,
 * `isOpen` (the last value still grows), and how things are called: `tick`, `title`, `previousTitle`, `format`, `axis`.
 */
export class Chart {
  constructor(label) {
    this.gradient = `fill-${nextId++}`;
    this.drawing = s("svg", { class: "chart-drawing", "aria-hidden": "true" });
    this.tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.element = h("div", {
      class: "chart", tabindex: 0, role: "group", "aria-label": `${label}. Arrow keys read single values.`,
      onpointermove: (event) => this.point(event), onpointerdown: (event) => this.point(event),
      onpointerleave: () => this.mark(null), onblur: () => this.mark(null), onkeydown: (event) => this.key(event),
    }, this.drawing, this.tip);
    this.marked = null;
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
  }

  show(data) {
    if (this.data && this.data.values.length !== data.values.length) this.marked = null;
    this.data = data;
    this.draw();
  }

  close() { this.observer.disconnect(); }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!this.data || width < 80) return;
    const { values, previous = [], peaks = [], whole = true } = this.data;
    const highest = Math.max(0, ...values, ...previous, ...peaks);
    const { top, ticks } = scale(highest, whole);
    const count = Math.max(values.length, previous.length);
    this.x = (index) => (count === 1 ? (LEFT + width - RIGHT) / 2 : LEFT + ((width - LEFT - RIGHT) * index) / (count - 1));
    this.y = (value) => height - BOTTOM - ((height - TOP - BOTTOM) * value) / top;
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    replace(this.drawing, this.defs(), this.axes(ticks, count, width), this.lines(width), this.cursor = s("g", {}));
    this.mark(this.marked);
  }

  defs() {
    return s("defs", {}, s("linearGradient", { id: this.gradient, x1: 0, y1: 0, x2: 0, y2: 1 },
      s("stop", { offset: "0%", class: "fill-top" }), s("stop", { offset: "100%", class: "fill-bottom" })));
  }

  axes(ticks, count, width) {
    const group = s("g", { class: "axes" });
    for (const tick of ticks) {
      group.append(
        s("line", { x1: LEFT, x2: width - RIGHT, y1: this.y(tick), y2: this.y(tick), class: tick === 0 ? "base" : "grid" }),
        s("text", { x: LEFT - 10, y: this.y(tick) + 4, "text-anchor": "end" }, this.data.axis(tick)));
    }
    const every = Math.max(1, Math.ceil(count / Math.max(1, Math.floor((width - LEFT - RIGHT) / 78))));
    const stretch = this.data.tickEvery ? Math.ceil(every / this.data.tickEvery) * this.data.tickEvery : every;
    for (let index = this.data.tickFrom ?? 0; index < this.data.values.length; index += stretch) {
      const x = this.x(index);
      const anchor = count === 1 ? "middle" : x < LEFT + 24 ? "start" : x > width - RIGHT - 24 ? "end" : "middle";
      group.append(s("text", { x, y: this.y(0) + 19, "text-anchor": anchor }, this.data.tick(index)));
    }
    return group;
  }

  lines(width) {
    const { values, previous = [], peaks = [], isOpen } = this.data;
    const group = s("g", {});
    const stretches = Math.max(60, Math.floor(width / 1.5));
    const known = downsample(values, stretches);
    const path = (points) => points.map(({ index, value }, place) => `${place ? "L" : "M"}${this.x(index).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
    if (previous.length > 1) group.append(s("path", { d: path(downsample(previous, stretches)), class: "line previous" }));
    if (peaks.length > 1) group.append(s("path", { d: path(downsample(peaks, stretches)), class: "line peaks" }));
    if (known.length > 1) {
      const [first, last] = [known[0], known[known.length - 1]];
      group.append(s("path", { d: `${path(known)}L${this.x(last.index).toFixed(1)} ${this.y(0)}L${this.x(first.index).toFixed(1)} ${this.y(0)}Z`, fill: `url(#${this.gradient})` }));
      const closed = isOpen && known.length > 1 ? known.slice(0, -1) : known;
      if (closed.length > 1) group.append(s("path", { d: path(closed), class: "line" }));
      if (isOpen) group.append(s("path", { d: path(known.slice(-2)), class: "line open" }));
    } else if (known.length === 1) {
      group.append(s("circle", { cx: this.x(known[0].index), cy: this.y(known[0].value), r: 4.5, class: "dot" }));
    }
    return group;
  }

  point(event) {
    if (!this.data || !this.x) return;
    const box = this.element.getBoundingClientRect();
    const count = this.data.values.length;
    const span = this.x(count - 1) - this.x(0);
    const index = span ? Math.round(((event.clientX - box.left - this.x(0)) / span) * (count - 1)) : 0;
    this.mark(Math.min(count - 1, Math.max(0, index)));
  }

  key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 };
    if (event.key === "Escape") return this.mark(null);
    if (!(event.key in steps) || !this.data?.values.length) return;
    event.preventDefault();
    const last = this.data.values.length - 1;
    const from = this.marked ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    this.mark(Math.min(last, Math.max(0, from + steps[event.key])));
    announce(this.sentence(this.marked));
  }

  sentence(index) {
    const { values, previous, title, format } = this.data;
    const before = previous?.[index] !== undefined && previous[index] !== null ? `, before ${format(previous[index])}` : "";
    return `${title(index)}: ${format(values[index])}${before}`;
  }

  mark(index) {
    this.marked = index;
    this.tip.hidden = index === null;
    if (!this.cursor) return;
    replace(this.cursor);
    if (index === null || index >= this.data.values.length) return;
    const { values, previous, title, previousTitle, format } = this.data;
    const x = this.x(index);
    this.cursor.append(s("line", { x1: x, x2: x, y1: TOP, y2: this.y(0), class: "cross" }));
    const dot = (value, kind) => value !== null && value !== undefined && this.cursor.append(s("circle", { cx: x, cy: this.y(value), r: 4, class: kind }));
    dot(previous?.[index], "dot previous");
    dot(values[index], "dot");
    replace(this.tip,
      h("div", { class: "tip-row" }, h("span", { class: "tip-title" }, title(index)), h("b", {}, format(values[index]))),
      previous?.[index] !== undefined && h("div", { class: "tip-row before" }, h("span", { class: "tip-title" }, previousTitle(index)), h("b", {}, format(previous[index]))));
    const [width, room] = [this.tip.offsetWidth, this.element.clientWidth];
    const left = Math.min(room - width - 4, Math.max(4, x + 14 + width > room ? x - width - 14 : x + 14));
    this.tip.style.setProperty("--x", `${left}px`);
  }
}

/** The same numbers as a table. */
export function dataTable(caption, columns, rows) {
  return h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", { class: "data" }, h("caption", { class: "sr" }, caption),
      h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell)))))));
}
