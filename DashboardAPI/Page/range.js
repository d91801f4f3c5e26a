// Choosing the days: presets, or two dates.

import { segments } from "./controls.js";
import { h, icon } from "./dom.js";
import { isDate, rangeText } from "./format.js";
import { menu } from "./controls.js";
import { PRESETS } from "./state.js";

/** The button that tells the days and the panel that changes them. */
export function rangePicker(state, { from, to }, today, change) {
  const preset = PRESETS.find(({ name }) => name === state.range);
  const name = h("span", { class: "range-name" }, preset ? preset.label : rangeText(from, to));
  return menu("Days", [icon("calendar"), name], (close) => {
    const choose = (changes) => { close(); change(changes); };
    const problem = h("p", { class: "field-error", role: "alert" });
    const input = (label, value) => h("label", { class: "field" }, label, h("input", { type: "date", value, min: "1970-01-01", max: "2100-12-31", required: true }));
    const [first, last] = [input("From", from), input("To", to)];
    const apply = (event) => {
      event.preventDefault();
      const [from, to] = [first, last].map((field) => field.querySelector("input").value);
      if (!isDate(from) || !isDate(to)) problem.textContent = "Both days are needed.";
      else if (from > to) problem.textContent = "The first day must not be after the last.";
      else choose({ range: "custom", from, to, isChosen: true });
    };
    const item = ({ name, label }) => h("button", { type: "button", class: "item", "aria-pressed": String(name === state.range), onclick: () => choose({ range: name, from: "", to: "", isChosen: true }) }, label);
    const compare = [{ name: "previous_period", label: "Period" }, { name: "previous_year", label: "Year" }, { name: "none", label: "Off" }];
    return [
      h("div", { class: "items" }, PRESETS.map(item)),
      h("form", { class: "dates", onsubmit: apply }, first, last, problem, h("button", { class: "button primary" }, "Apply")),
      h("div", { class: "compare" }, h("span", { class: "muted" }, "Compare with the previous"), segments("Comparison", compare, state.compare, (compare) => choose({ compare }))),
    ];
  });
}

/** Choosing the zone whose days and hours are shown. */
export function zonePicker(state, reporting, change) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const common = [...new Set([reporting, here, "UTC"])].filter(Boolean);
  const all = Intl.supportedValuesOf?.("timeZone") ?? [];
  return menu("Time zone", [icon("globe"), h("span", { class: "zone-name" }, (state.timezone || reporting || "…").replaceAll("_", " "))], (close) => {
    const item = (name) => h("button", {
      type: "button", class: "item", "aria-pressed": String(name === (state.timezone || reporting)),
      onclick: () => { close(); change({ timezone: name === reporting ? "" : name }); },
    }, name.replaceAll("_", " "), name === reporting && h("span", { class: "muted" }, "reporting"));
    const list = h("div", { class: "items scroll" }, common.map(item));
    const find = (event) => {
      const wanted = event.target.value.trim().toLowerCase().replaceAll(" ", "_");
      const found = wanted ? all.filter((name) => name.toLowerCase().includes(wanted)).slice(0, 40) : common;
      list.replaceChildren(...(found.length ? found.map(item) : [h("p", { class: "muted pad" }, "No zone of this name")]));
    };
    return [h("input", { type: "search", class: "search", placeholder: "Find a time zone", "aria-label": "Find a time zone", oninput: find }), list];
  });
}
