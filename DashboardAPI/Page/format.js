// Numbers and dates as people read them. Civil dates are texts, YYYY-MM-DD; arithmetic on them knows no time zone.

const DAY = 86_400_000;
const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : whole.format(value));
export const compact = (value) => (value === null || value === undefined ? "–" : value < 10_000 ? whole.format(value) : short.format(value));
export const ratio = (value) => (Number.isFinite(value) ? value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : "–");
export const percent = (part) => (part > 0 && part < 0.001 ? "<0.1%" : part.toLocaleString("en", { style: "percent", maximumFractionDigits: part < 0.1 ? 1 : 0 }));

/** What has become of a number: its text and direction; `null` where there is nothing to compare. */
export function change(now, before) {
  if (now === null || before === null || now === undefined || before === undefined || before === 0) return null;
  const part = (now - before) / before;
  const text = Math.abs(part) < 0.0005 ? "0%" : `${part > 0 ? "+" : "−"}${percent(Math.abs(part))}`;
  return { text, direction: text === "0%" ? "level" : part > 0 ? "up" : "down" };
}

/** Milliseconds as a person would say them. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${seconds < 10 ? ratio(seconds) : Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

const ofDate = (date) => Date.parse(`${date}T00:00:00Z`);
export const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(ofDate(text)) && new Date(ofDate(text)).toISOString().startsWith(text);
export const plusDays = (date, days) => new Date(ofDate(date) + days * DAY).toISOString().slice(0, 10);
export const daysBetween = (from, to) => Math.round((ofDate(to) - ofDate(from)) / DAY);

/** Now in a time zone: its date, and the whole of it up to the hour. */
export function now(timeZone) {
  const parts = {};
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: timeZone || undefined, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23",
  });
  for (const part of format.formatToParts(new Date())) parts[part.type] = part.value;
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  return { date, hour: `${date}T${parts.hour}` };
}

const written = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const formats = {
  day: written({ day: "numeric", month: "short" }),
  dayOfYear: written({ day: "numeric", month: "short", year: "numeric" }),
  weekday: written({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
  month: written({ month: "short" }),
  monthOfYear: written({ month: "long", year: "numeric" }),
  monthShort: written({ month: "short", year: "numeric" }),
};
export const dayText = (date) => formats.day.format(ofDate(date));
export const dateText = (date) => formats.dayOfYear.format(ofDate(date));

/** A range as briefly as it is clear. */
export function rangeText(from, to) {
  if (from === to) return formats.weekday.format(ofDate(from));
  return from.slice(0, 4) === to.slice(0, 4) ? `${dayText(from)} – ${dateText(to)}` : `${dateText(from)} – ${dateText(to)}`;
}

/** A point of a series, under the axis. */
export function tickText(start, interval) {
  if (interval === "hour") return `${start.slice(11, 13)}:00`;
  if (interval === "month") return start.slice(5, 7) === "01" ? formats.monthShort.format(ofDate(start)) : formats.month.format(ofDate(start));
  return dayText(start);
}

/** A point of a series, in full. */
export function pointText(start, interval) {
  if (interval === "hour") return `${formats.day.format(ofDate(start.slice(0, 10)))}, ${start.slice(11, 16)}`;
  if (interval === "month") return formats.monthOfYear.format(ofDate(start));
  if (interval === "week") return `Week of ${dateText(start)}`;
  return formats.weekday.format(ofDate(start));
}

const regions = new Intl.DisplayNames(["en"], { type: "region" });
const words = {
  device: { desktop: "Desktop", mobile: "Mobile", tablet: "Tablet", tv: "TV", console: "Console", other: "Other" },
};

/** A dimension's value as it is shown. */
export function valueText(dimension, value) {
  if (value === "(other)") return "Other values";
  if (dimension === "country") {
    try { return regions.of(value) ?? value; } catch { return value; }
  }
  return words[dimension]?.[value] ?? value;
}
