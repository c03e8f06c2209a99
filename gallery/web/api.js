// Talking to the server.
import { lang, t } from "./texts.js";

export class Problem extends Error {
  constructor(status, { code, detail } = {}) {
    const own = lang === "en" ? detail : null; // the server's sentences are English
    super((Object.hasOwn(t, code ?? "") && t[code]) || own || (status ? t.failed : t.offline));
    Object.assign(this, { status, code });
  }
}

// Seeds go up to 2^64, more than a number holds: keep their digits where the browser shows them.
const digits = (key, value, context) => (key === "seed" && Number.isInteger(value) && context?.source) || value;
export function parse(text) {
  try { return JSON.parse(text, digits); } catch { return {}; }
}

export async function api(method, path, body) {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const broken = () => { throw new Problem(0); };
  const response = await fetch(`/api/v1/${path}`, { method, ...json }).catch(broken);
  const answer = parse(await response.text().catch(broken));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}
