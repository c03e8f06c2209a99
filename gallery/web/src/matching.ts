// Whether an image belongs to a list with filters: for what the server tells of one by one. The
// words of `q` are those of docs/api.md.

import { timeZone, type Filters, type Image } from "./api";

const days = new Intl.DateTimeFormat("en-CA", {
  timeZone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
});

/** The day of a moment in this browser's time zone, as `2026-03-14`. */
export const dayOf = (moment: string | number): string => days.format(new Date(moment));

export function matches(image: Image, filters: Filters): boolean {
  const { q, from_date, to_date, aspect_ratio, tag, workflow_id, favorite } = filters;
  const day = dayOf(image.created_at);
  return (
    (!from_date || day >= from_date) &&
    (!to_date || day <= to_date) &&
    (!aspect_ratio || image.aspect_ratio === aspect_ratio) &&
    (!tag || image.tags.includes(tag)) &&
    (!workflow_id || image.workflow_id === workflow_id) &&
    (!favorite || image.favorite === (favorite === "1")) &&
    (!q || hasWords(image.prompt ?? "", q))
  );
}

function hasWords(prompt: string, q: string): boolean {
  const text = folded(prompt);
  for (const [, minus, phrase, word] of q.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    const wanted = folded(phrase ?? word ?? "").trim();
    if (wanted && text.includes(wanted) === (minus === "-")) return false;
  }
  return true;
}

const folded = (text: string): string => text.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
