// Who am I: this issues the identity, so it is awaited before every other request.
import { api } from "./api.js";
import { $ } from "./parts.js";
import { bytes, number, t } from "./texts.js";

export let me = null;
let meeting = null, meetTimer = null;
export const known = () => me ?? (meeting ??= meet().finally(() => { meeting = null; }));

export async function meet() {
  me = await api("GET", "me");
  const trashed = Object.values(me.counts).reduce((sum, kind) => sum + kind.trash, 0);
  const { bytes: most, count } = me.quota;
  const used = most ? t.of(bytes(me.bytes), bytes(most)) : bytes(me.bytes);
  $("#usage").textContent = `${t.count(me.counts.output.active)} · ${used}`;
  $("#quota").hidden = !most && !count;
  $("#quota").value = Math.max(most ? me.bytes / most : 0, count ? me.count / count : 0);
  $("#trash-count").textContent = trashed ? number.format(trashed) : "";
  $("#trash-note").textContent = t.trashNote(me.retention_days);
}

export function meetSoon() {
  meetTimer ??= setTimeout(() => { meetTimer = null; meet().catch(() => {}); }, 300);
}
