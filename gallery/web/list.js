// The list, of images or of the trash, and what moves an image between the two.
import { api } from "./api.js";
import { known, meetSoon } from "./me.js";
import { $, ask, attempt, grid, more, nameOf, offer, pick, say, search, stamp, tell, viewer } from "./parts.js";
import { relative, t } from "./texts.js";
import { open } from "./viewer.js";

// `list` is what is shown; an answer for one shown before is dropped.
export let list = null;
const watcher = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && load(), { rootMargin: "800px" });

export function show() {
  const view = location.hash === "#trash" ? "trash" : "images";
  list = { view, q: view === "images" ? search.value.trim() : "", items: [], cursor: "", total: null };
  for (const link of document.querySelectorAll(".tabs a")) {
    link.setAttribute("aria-current", (link.hash === "#trash") === (view === "trash") ? "page" : "false");
  }
  $("#search").hidden = view === "trash";
  $("#trash-bar").hidden = more.hidden = true;
  grid.classList.toggle("trash", view === "trash");
  grid.setAttribute("aria-label", t[view]);
  grid.replaceChildren();
  load();
}

export async function load() {
  const mine = list;
  if (mine.busy || mine.cursor === null) return;
  mine.busy = true;
  $("#notice").hidden = true;
  try {
    await known();
    const query = new URLSearchParams({ size: 50, cursor: mine.cursor, ...(mine.q && { q: mine.q }) });
    const page = await api("GET", `${mine.view}?${query}`);
    if (mine !== list) return;
    mine.cursor = page.next_cursor;
    mine.total = page.total;
    page.items.forEach((item) => add(item));
    settle();
    if (mine.items.length) say(t.count(mine.items.length));
  } catch (error) {
    if (mine === list) notice(t.goneTitle, error.message, t.retry, load);
  } finally { mine.busy = false; }
}

/** Shows what goes with the list as it is now: an invitation, the button for more. */
function settle() {
  const none = !list.items.length && list.cursor === null;
  more.hidden = list.cursor === null;
  $("#notice").hidden = true;
  $("#trash-bar").hidden = list.view !== "trash" || !list.items.length;
  if (none && list.view === "trash") notice(t.cleanTitle, t.cleanText);
  else if (none && list.q) notice(t.noneTitle, t.noneText, t.clear, () => { search.value = ""; show(); });
  else if (none) notice(t.emptyTitle, t.emptyText, t.upload, pick);
  watcher.unobserve(more); // watched anew, it is reported again if it is still in sight
  if (!more.hidden) watcher.observe(more);
}

function notice(title, text, label, act) {
  $("#notice h2").textContent = title;
  $("#notice p").textContent = text;
  offer($("#notice button"), label, act);
  $("#notice").hidden = false;
  more.hidden = true;
  say(`${title}. ${text}`);
}

function add(item, at = list.items.length) {
  if (list.items.some(({ id }) => id === item.id)) return;
  const node = list.view === "trash" ? trashed(item) : tile(item);
  node.dataset.id = item.id;
  grid.insertBefore(node, grid.children[at] ?? null);
  list.items.splice(at, 0, item);
}

/** Puts an image where its time belongs, unless that is further than was loaded. */
export function place(item) {
  const at = list.items.findIndex((other) => other.created_at < item.created_at);
  if (at >= 0) add(item, at);
  else if (list.cursor === null) add(item);
  settle();
}

/** Takes an image out of the page, and leaves the keyboard at its neighbour. */
function drop(item) {
  const node = $(`[data-id="${item.id}"]`, grid);
  if (!node) return;
  const neighbour = node.nextElementSibling ?? node.previousElementSibling;
  node.remove();
  list.items = list.items.filter(({ id }) => id !== item.id);
  if (list.total !== null) list.total -= 1;
  settle();
  (neighbour ? $("button", neighbour) : $(".tabs [aria-current=page]")).focus({ preventScroll: true });
}

function tile(item) {
  const node = stamp("#tile");
  Object.assign($("img", node), { src: item.thumb_url, alt: nameOf(item) });
  // Panoramas and strips are cropped, so that one of them doesn't take a whole row.
  const ratio = item.width ? item.width / item.height : 1;
  node.style.setProperty("--ratio", Math.min(2.6, Math.max(0.5, ratio)).toFixed(4));
  node.classList.toggle("favorite", item.favorite);
  $("button", node).onclick = () => open(item);
  return node;
}

function trashed(item) {
  const node = stamp("#trashed");
  Object.assign($("img", node), { src: item.thumb_url, alt: nameOf(item) });
  const days = Math.max(0, Math.ceil((new Date(item.purge_at) - Date.now()) / 864e5));
  $("p", node).textContent = t.goes(relative.format(days, "day"));
  $(".restore", node).onclick = attempt(() => restore(item));
  $(".purge", node).onclick = attempt(() => purge(item));
  return node;
}

// -- trash, restore, purge ----------------------------------------------------------------------------
async function change(item, action) {
  const changed = await api("POST", `images/${item.id}/${action}`);
  meetSoon();
  return changed;
}

export async function remove(item) {
  await change(item, "delete");
  viewer.close();
  drop(item);
  tell(t.deleted, t.undo, attempt(() => restore(item)));
}

async function restore(item) {
  const back = await change(item, "restore");
  if (list.view === "trash") drop(item); else place(back);
  tell(t.restored);
}

async function purge(item) {
  if (!await ask(t.purgeAsk)) return;
  await change(item, "purge");
  drop(item);
  tell(t.purged);
}

export async function emptyTrash() {
  const count = list.total;
  if (!await ask(t.emptyAsk(count), String(count))) return;
  try {
    await api("POST", "trash/empty", { count });
    tell(t.purged);
  } finally { meetSoon(); show(); }
}
