// Questions to the API, as anybody may ask them.

/** An answer that is none: with what the API said is wrong. */
export class Failure extends Error {
  constructor(status, problem) {
    super(problem.detail ?? "The server did not answer.");
    Object.assign(this, { status, code: problem.code ?? "unreachable", field: problem.field });
  }
}

/** A path with parameters; those without a value are left out. */
export function path(base, parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) search.set(name, value);
  return `${base}?${search}`;
}

/** Asks for JSON. A 401 is also told to the page, which then shows the form. */
export async function ask(url, { signal, method = "GET", body } = {}) {
  let response;
  try {
    response = await fetch(url, {
      signal, method, body, credentials: "same-origin",
      headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}) },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, { detail: "The server cannot be reached." });
  }
  const isJSON = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = isJSON ? await response.json() : null;
  if (response.ok) return answer;
  if (response.status === 401) window.dispatchEvent(new Event("unauthorized"));
  throw new Failure(response.status, answer ?? {});
}
