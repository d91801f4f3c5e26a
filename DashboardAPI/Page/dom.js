// Elements without a framework. Text is always text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an HTML element. `on…` are listeners, `vars` custom properties; `true` sets an attribute, `false` omits it. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an SVG element. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts children in the place of those that an element has. */
export function replace(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** A line drawing of 16 × 16. */
export function icon(name) {
  return s("svg", { viewBox: "0 0 16 16", width: 16, height: 16, class: "icon", "aria-hidden": "true" },
    s("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}

const PATHS = {
  calendar: "M2.5 4.5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zM2.5 6.8h11M5.5 2v2.4M10.5 2v2.4",
  chevron: "m4.5 6.5 3.5 3.5 3.5-3.5",
  close: "m4.5 4.5 7 7m0-7-7 7",
  globe: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2.2 8h11.6M8 2c2.2 2 2.2 10 0 12M8 2c-2.2 2-2.2 10 0 12",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6",
  line: "M2.5 11.5 6 7.5l2.5 2.2 5-5.7",
  download: "M8 2.5v7m0 0L5.2 6.8M8 9.5l2.8-2.7M2.8 12.8h10.4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  more: "M9.5 3.5h3v3M12.5 3.5 8.6 7.4M6.5 3.5h-3v9h9v-3",
  leave: "M6.5 3h-3v10h3M10 5.2 12.8 8 10 10.8M12.5 8h-6",
};

/** Says something to those who listen instead of looking. */
export function announce(text) {
  document.getElementById("status").textContent = text;
}
