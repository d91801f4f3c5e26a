// What is shown, kept in the address: a view can be shared, and Back goes back.

import { daysBetween, isDate, now, plusDays } from "./format.js";

const VIEWS = ["overview", "live", "retention", "pipeline"];
const INTERVALS = ["hour", "day", "week", "month"];
const COMPARISONS = ["previous_period", "previous_year", "none"];

export const PRESETS = [
  { name: "today", label: "Today", dates: (today) => [today, today] },
  { name: "yesterday", label: "Yesterday", dates: (today) => [plusDays(today, -1), plusDays(today, -1)] },
  { name: "7d", label: "Last 7 days", dates: (today) => [plusDays(today, -6), today] },
  { name: "28d", label: "Last 28 days", dates: (today) => [plusDays(today, -27), today] },
  { name: "91d", label: "Last 91 days", dates: (today) => [plusDays(today, -90), today] },
  { name: "month", label: "This month", dates: (today) => [`${today.slice(0, 8)}01`, today] },
  { name: "last_month", label: "Last month", dates: (today) => lastMonth(today) },
  { name: "year", label: "This year", dates: (today) => [`${today.slice(0, 5)}01-01`, today] },
  { name: "365d", label: "Last 12 months", dates: (today) => [plusDays(today, -364), today] },
];

function lastMonth(today) {
  const end = plusDays(`${today.slice(0, 8)}01`, -1);
  return [`${end.slice(0, 8)}01`, end];
}

/** Reads an address; what it does not say, or says wrongly, is as by default. */
export function read(search) {
  const parameters = new URLSearchParams(search);
  const one = (name, allowed, fallback) => (allowed.includes(parameters.get(name)) ? parameters.get(name) : fallback);
  const [from, to] = [parameters.get("from") ?? "", parameters.get("to") ?? ""];
  const isCustom = isDate(from) && isDate(to) && from <= to && daysBetween(from, to) < 3660;
  return {
    view: one("view", VIEWS, "overview"),
    range: isCustom ? "custom" : one("range", PRESETS.map((preset) => preset.name), "28d"),
    isChosen: isCustom || parameters.has("range"),
    from: isCustom ? from : "",
    to: isCustom ? to : "",
    interval: one("interval", INTERVALS, ""),
    compare: one("compare", COMPARISONS, "previous_period"),
    metric: one("metric", ["visitors", "events"], "visitors"),
    source: /^[a-z0-9][a-z0-9_-]{0,63}$/.test(parameters.get("source") ?? "") ? parameters.get("source") : "",
    timezone: isZone(parameters.get("timezone")) ? parameters.get("timezone") : "",
    filters: parseFilters(parameters.get("filter") ?? ""),
  };
}

function isZone(name) {
  if (!name) return false;
  try { return Boolean(new Intl.DateTimeFormat("en", { timeZone: name })); } catch { return false; }
}

/** Reads what the API reads: `browser:Firefox|Safari;country:DE`, with a backslash before what is part of a value. */
export function parseFilters(text) {
  const cut = (text, mark) => [...text.matchAll(new RegExp(`((?:[^${mark}\\\\]|\\\\.)*)(?:[${mark}]|$)`, "gs"))].map(([, part]) => part).filter(Boolean);
  const filters = [];
  for (const predicate of cut(text, ";").slice(0, 8)) {
    const colon = predicate.indexOf(":");
    const values = cut(predicate.slice(colon + 1), "|").map((value) => value.replace(/\\(.)/gs, "$1"));
    if (colon > 0 && values.length) filters.push({ dimension: predicate.slice(0, colon), values });
  }
  return filters;
}

/** Writes the same. */
export const filterText = (filters) => filters.map(({ dimension, values }) => `${dimension}:${values.map((value) => value.replace(/[;|\\]/g, "\\$&")).join("|")}`).join(";");

/** The address of a state: only what differs from the default. */
export function address(state) {
  const parameters = new URLSearchParams();
  if (state.view !== "overview") parameters.set("view", state.view);
  if (state.range === "custom") {
    parameters.set("from", state.from);
    parameters.set("to", state.to);
  } else if (state.range !== "28d") parameters.set("range", state.range);
  for (const name of ["interval", "source", "timezone"]) if (state[name]) parameters.set(name, state[name]);
  if (state.compare !== "previous_period") parameters.set("compare", state.compare);
  if (state.metric !== "visitors") parameters.set("metric", state.metric);
  if (state.filters.length) parameters.set("filter", filterText(state.filters));
  const text = parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%3B", ";");
  return text ? `?${text}` : "/";
}

/** The dates of a state, in the time zone whose days are meant. */
export function dates(state, timeZone) {
  if (state.range === "custom") return { from: state.from, to: state.to };
  const [from, to] = PRESETS.find((preset) => preset.name === state.range).dates(now(timeZone).date);
  return { from, to };
}

/** The intervals that suit so many days: where they are filtered, hours cannot be told. */
export function intervals(days, isFiltered) {
  const suiting = [];
  if (days <= 14 && !isFiltered) suiting.push("hour");
  if (days <= 400) suiting.push("day");
  if (days > 7) suiting.push("week");
  if (days > 31) suiting.push("month");
  return suiting;
}

/** The interval shown: the one chosen where it suits, else one that gives a readable number of points. */
export function interval(state, days) {
  const suiting = intervals(days, state.filters.length > 0);
  if (suiting.includes(state.interval)) return state.interval;
  const natural = days <= 2 ? "hour" : days <= 100 ? "day" : days <= 400 ? "week" : "month";
  return suiting.includes(natural) ? natural : suiting[0];
}
