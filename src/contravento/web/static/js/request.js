// Requests to our own server: a refusal comes back as its sentence.

export async function send(url, body, headers = {}) {
  const answer = fetch(url, {
    method: "POST",
    body,
    credentials: "same-origin",
    headers: { Accept: "text/html", ...headers },
  });
  const response = await answer.catch(() => {
    throw new Refusal(); // the browser's own words are for developers
  });
  if (!response.ok) throw new Refusal(refusal(await response.text()));
  return response;
}

// Its message is a sentence of ours, or empty; that of any other error is not for riders.
export class Refusal extends Error {}

export function sentenceOf(error, otherwise) {
  return (error instanceof Refusal && error.message) || otherwise;
}

// The sentence of a problem+json body; empty if there is none.
export function refusal(text) {
  try {
    return JSON.parse(text).detail ?? "";
  } catch {
    return "";
  }
}
