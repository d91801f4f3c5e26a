// Buttons, menus and choices.

import { h, icon, replace } from "./dom.js";

/** One of a few: a row of buttons. */
export function segments(label, options, chosen, choose) {
  return h("div", { class: "segments", role: "group", "aria-label": label },
    options.map(({ name, label }) => h("button", {
      type: "button", "aria-pressed": String(name === chosen), onclick: () => name !== chosen && choose(name),
    }, label)));
}

/** One of many, by the system's own control. */
export function select(label, options, chosen, choose, attributes = {}) {
  const control = h("select", { "aria-label": label, onchange: (event) => choose(event.target.value), ...attributes },
    options.map((option) => h("option", { value: option.name, selected: option.name === chosen }, option.label)));
  return h("span", { class: "select" }, control, icon("chevron"));
}

/** A button that opens a panel below it. Escape, a click elsewhere or the keyboard leaving it close it. */
export function menu(label, name, makePanel) {
  const panel = h("div", { class: "popover", hidden: true, role: "dialog", "aria-label": label });
  const button = h("button", { type: "button", class: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => toggle(panel.hidden) },
    ...name, icon("chevron"));
  const root = h("div", { class: "menu", onkeydown: (event) => event.key === "Escape" && !panel.hidden && (toggle(false), button.focus()),
    onfocusout: (event) => event.relatedTarget && !root.contains(event.relatedTarget) && toggle(false) }, button, panel);
  const outside = (event) => !root.contains(event.target) && toggle(false);
  function toggle(isOpen) {
    if (isOpen) replace(panel, makePanel(() => toggle(false)));
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    document[isOpen ? "addEventListener" : "removeEventListener"]("pointerdown", outside);
    if (isOpen) panel.querySelector("[aria-pressed=true], button, input")?.focus();
  }
  return root;
}

/** A text as a file for the user. */
export function download(name, text, type = "text/csv;charset=utf-8") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Rows as CSV. A field that a spreadsheet would take for a formula gets an apostrophe. */
export function csv(rows) {
  const field = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(field).join(",") + "\r\n").join("");
}

/** What stands where numbers cannot. */
export function emptiness(title, text, ...actions) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), text && h("p", {}, text), actions.length > 0 && h("div", { class: "empty-actions" }, actions));
}

/** An error, and a way to try again. */
export function trouble(error, again) {
  return h("div", { class: "empty trouble", role: "alert" }, h("p", { class: "empty-title" }, "This could not be loaded"),
    h("p", {}, error.message), again && h("div", { class: "empty-actions" }, h("button", { type: "button", class: "button", onclick: again }, "Try again")));
}
