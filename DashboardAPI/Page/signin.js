// Where the API wants to know who asks: a token becomes a cookie that scripts cannot read.

import { ask } from "./api.js";
import { h } from "./dom.js";

export function signIn(done) {
  const problem = h("p", { class: "field-error", role: "alert" });
  const token = h("textarea", { id: "token", rows: 4, required: true, autocomplete: "off", spellcheck: "false", placeholder: "eyJ…", "aria-describedby": "token-help" });
  const button = h("button", { class: "button primary" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await ask("/session", { method: "POST", body: JSON.stringify({ token: token.value.trim() }) });
      done();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  };
  const form = h("form", { class: "card signin", onsubmit: submit }, h("h1", {}, "Sign in"),
    h("p", { class: "muted", id: "token-help" }, "Paste a token of your issuer. It is kept in a cookie that scripts cannot read, until it expires or you sign out."),
    h("label", { class: "field" }, "Token", token), problem, button);
  queueMicrotask(() => token.focus());
  return form;
}
