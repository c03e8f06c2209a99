// One image, opened.
import { api } from "./api.js";
import { $, grid, nameOf, tell, viewer } from "./parts.js";
import { bytes, moment, t } from "./texts.js";

export let opened = null;

export function open(item) {
  opened = item;
  const original = $("#original");
  original.style.backgroundImage = `url("${item.thumb_url}")`;
  original.onload = () => { original.style.backgroundImage = ""; };
  Object.assign(original, { src: item.url, alt: nameOf(item) });
  $("#viewer-title").textContent = item.original_filename || t.untitled;
  $("#prompt").textContent = item.prompt ?? "";
  $("#download").href = `${item.url}?download=1`;
  $("#tags-text").value = item.tags.join(", ");
  $("#favorite").setAttribute("aria-pressed", item.favorite);
  facts(item);
  viewer.showModal();
}

function facts(item) {
  const size = item.width && `${item.width} × ${item.height} · ${bytes(item.bytes)}`;
  const known = { model: item.model, seed: item.seed, size, date: moment.format(new Date(item.created_at)) };
  $("#facts").replaceChildren();
  for (const [key, value] of Object.entries(known)) {
    if (value === null || value === undefined) continue;
    for (const [tag, textContent] of [["dt", t[key]], ["dd", value]]) {
      $("#facts").append(Object.assign(document.createElement(tag), { textContent }));
    }
  }
}

export async function edit(wanted) {
  const item = Object.assign(opened, await api("PATCH", `images/${opened.id}`, wanted));
  $(`[data-id="${item.id}"]`, grid)?.classList.toggle("favorite", item.favorite);
  if (item !== opened) return;
  $("#favorite").setAttribute("aria-pressed", item.favorite);
  if (wanted.tags) $("#tags-text").value = item.tags.join(", ");
  tell(t.saved);
}

export const writtenTags = () => $("#tags-text").value.split(",").map((tag) => tag.trim()).filter(Boolean);
