// Requests to our own server: a refusal comes back as its sentence.

export async function send(url, body, headers = {}) {
  const response = await fetch(url, {
    method: "POST",
    body,
    credentials: "same-origin",
    headers: { Accept: "text/html", ...headers },
  });
  if (!response.ok) throw new Error(refusal(await response.text()));
  return response;
}

// The sentence of a problem+json body; empty if there is none.
export function refusal(text) {
  try {
    return JSON.parse(text).detail ?? "";
  } catch {
    return "";
  }
}
