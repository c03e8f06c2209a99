// The gallery's page: see, upload, trash and restore. No build step, no dependencies.

// -- texts: [English, Korean]; problems are named by the server's `code` ------------------------
const TEXTS = {
  gallery: ["Gallery", "갤러리"], views: ["Views", "보기"], images: ["Images", "이미지"],
  trash: ["Trash", "휴지통"], search: ["Search the prompts", "프롬프트 검색"],
  space: ["Space used", "사용한 공간"], upload: ["Upload", "올리기"], uploads: ["Uploads", "업로드"],
  drop: ["Drop to upload", "놓으면 올립니다"], more: ["Load more", "더 보기"],
  previous: ["Previous", "이전"], next: ["Next", "다음"], close: ["Close", "닫기"],
  favorite: ["Favourite", "즐겨찾기"], tags: ["Tags, separated by commas", "태그 (쉼표로 구분)"],
  save: ["Save", "저장"], saved: ["Saved", "저장했습니다"], download: ["Download", "내려받기"],
  delete: ["Delete", "삭제"], deleteForever: ["Delete forever", "영구 삭제"],
  restore: ["Restore", "복원"], cancel: ["Cancel", "취소"], undo: ["Undo", "실행 취소"],
  retry: ["Try again", "다시 시도"], dismiss: ["Dismiss", "닫기"], clear: ["Clear the search", "검색 지우기"],
  emptyTrash: ["Empty trash", "휴지통 비우기"], untitled: ["Image", "이미지"],
  deleted: ["Moved to the trash", "휴지통으로 옮겼습니다"], restored: ["Restored", "복원했습니다"],
  purged: ["Deleted forever", "영구히 삭제했습니다"], waiting: ["Waiting", "대기 중"],
  sending: ["Uploading", "올리는 중"], storing: ["Storing", "저장하는 중"], done: ["Uploaded", "올렸습니다"],
  seed: ["Seed", "시드"], size: ["Size", "크기"], model: ["Model", "모델"], date: ["Date", "날짜"],
  negative: ["Without", "제외"], file: ["File", "파일"],
  emptyTitle: ["Your gallery starts here", "여기서 갤러리가 시작됩니다"],
  emptyText: ["Drop PNG, JPEG or WebP images anywhere on this page, paste them, or choose files.",
    "PNG, JPEG, WebP 이미지를 이 페이지에 끌어다 놓거나, 붙여 넣거나, 파일을 고르세요."],
  noneTitle: ["No images match", "맞는 이미지가 없습니다"],
  noneText: ["Try fewer or other words.", "단어를 줄이거나 바꿔 보세요."],
  cleanTitle: ["The trash is empty", "휴지통이 비어 있습니다"],
  cleanText: ["Deleted images wait here before they go for good.", "삭제한 이미지는 완전히 지워지기 전까지 여기에 있습니다."],
  goneTitle: ["The gallery can't be shown", "갤러리를 표시할 수 없습니다"],
  purgeAsk: ["Delete this image forever? This can't be undone.", "이 이미지를 영구히 삭제할까요? 되돌릴 수 없습니다."],
  count: [(n) => `${n} ${n === "1" ? "image" : "images"}`, (n) => `이미지 ${n}장`],
  of: [(used, quota) => `${used} of ${quota}`, (used, quota) => `${quota} 중 ${used}`],
  goes: [(when) => `Deleted forever ${when}`, (when) => `${when} 영구 삭제`],
  trashNote: [(days) => `Images stay in the trash for ${days} days.`, (days) => `이미지는 휴지통에 ${days}일 동안 남아 있습니다.`],
  emptyAsk: [(n) => `Delete ${n} ${n === 1 ? "image" : "images"} forever?`, (n) => `이미지 ${n}장을 영구히 삭제할까요?`],
  type: [(n) => `This can't be undone. Type ${n} to confirm.`, (n) => `되돌릴 수 없습니다. 확인하려면 ${n}을(를) 입력하세요.`],
  offline: ["The server can't be reached.", "서버에 연결할 수 없습니다."],
  failed: ["Something went wrong.", "문제가 생겼습니다."],
  unavailable: ["The storage is away for now. Nothing is lost.", "저장소를 잠시 쓸 수 없습니다. 잃은 것은 없습니다."],
  busy: ["Too many uploads at once.", "업로드가 한꺼번에 너무 많습니다."],
  unsupported_image: ["Not a PNG, JPEG or WebP image.", "PNG, JPEG, WebP 이미지가 아닙니다."],
  damaged_image: ["The image is damaged.", "이미지가 손상되었습니다."],
  too_many_pixels: ["The image has too many pixels.", "이미지의 픽셀 수가 너무 많습니다."],
  image_too_costly: ["The image takes too much to decode.", "이미지를 해석하는 데 너무 많은 자원이 듭니다."],
  body_too_large: ["The file is too large.", "파일이 너무 큽니다."],
  body_timeout: ["The upload was too slow.", "업로드가 너무 느렸습니다."],
  quota_bytes: ["Your space is full. Empty the trash to make room.", "공간이 가득 찼습니다. 휴지통을 비워 주세요."],
  quota_count: ["You have as many images as are allowed.", "보관할 수 있는 이미지 수를 다 채웠습니다."],
  storage_full: ["The server has no room left.", "서버에 남은 공간이 없습니다."],
  trash_changed: ["The trash has changed meanwhile. Look again.", "그사이 휴지통이 바뀌었습니다. 다시 확인해 주세요."],
  unknown_image: ["This image is no longer here.", "이 이미지는 더 이상 없습니다."],
};
const lang = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
const t = Object.fromEntries(Object.entries(TEXTS).map(([key, pair]) => [key, pair[+(lang === "ko")]]));
const number = new Intl.NumberFormat(lang);
const moment = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });

function bytes(n) {
  const power = n < 1e6 ? 1 : n < 1e9 ? 2 : 3;
  const unit = ["", "kilobyte", "megabyte", "gigabyte"][power];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(n / 1000 ** power);
}

function translate(root) {
  for (const el of root.querySelectorAll("[data-t]")) el.textContent = t[el.dataset.t];
  for (const el of root.querySelectorAll("[data-label]")) el.setAttribute("aria-label", t[el.dataset.label]);
  for (const el of root.querySelectorAll("[data-hint]")) el.placeholder = t[el.dataset.hint];
}

// -- talking to the server ----------------------------------------------------------------------
class Problem extends Error {
  constructor(status, text = "") {
    const { code, detail } = parse(text) ?? {};
    super(t[code] ?? (status === 0 ? t.offline : lang === "en" && detail ? detail : t.failed));
    Object.assign(this, { status, code });
  }
}

// Seeds go up to 2^64: where the browser tells the digits, they are kept as they stand.
const exact = (key, value, context) => (key === "seed" && Number.isInteger(value) && context?.source) || value;
function parse(text) {
  try { return JSON.parse(text, exact); } catch { return null; }
}

async function api(method, path, body) {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response, text;
  try {
    response = await fetch(`/api/v1/${path}`, { method, ...json });
    text = await response.text();
  } catch { throw new Problem(0); }
  if (!response.ok) throw new Problem(response.status, text);
  return parse(text);
}

// -- the page's parts -----------------------------------------------------------------------------
const $ = (selector, root = document) => root.querySelector(selector);
const grid = $("#grid"), viewer = $("#viewer"), toast = $("#toast"), search = $("#q"), more = $("#more");
const stamp = (template) => $(template).content.firstElementChild.cloneNode(true);
const say = (text) => { $("#status").textContent = text; };
const nameOf = (item) => item.prompt?.slice(0, 200) || item.original_filename || t.untitled;

let toastTimer;
function tell(text, label, act) {
  // A modal dialog hides what lies outside it, from everybody.
  (viewer.open ? viewer : document.body).append(toast);
  const button = $("button", toast);
  $("span", toast).textContent = text;
  Object.assign(button, { textContent: label ?? "", hidden: !label, onclick: () => { hide(); act(); } });
  toast.classList.add("shown");
  clearTimeout(toastTimer);
  const hide = () => toast.classList.remove("shown");
  const leave = () => { toast.matches(":hover, :focus-within") ? (toastTimer = setTimeout(leave, 2000)) : hide(); };
  toastTimer = setTimeout(leave, label ? 10000 : 5000);
}

/** Runs an action; what goes wrong is said in a toast. */
async function attempt(act) {
  try { return await act(); } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tell(error.message);
  }
}

function ask(question, typed) {
  const dialog = $("#confirm"), input = $("input", dialog), yes = $("[value=yes]", dialog);
  $("#question").textContent = question;
  $("label span", dialog).textContent = typed ? t.type(typed) : "";
  Object.assign(input, { value: "", disabled: !typed, oninput: () => { yes.disabled = input.value.trim() !== typed; } });
  yes.disabled = Boolean(typed);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => { dialog.onclose = () => resolve(dialog.returnValue === "yes"); });
}

// -- who am I: also issues the identity, so it comes before every other request --------------------
let me = null;
async function meet() {
  me = await api("GET", "me");
  const kinds = Object.values(me.counts);
  const trashed = kinds.reduce((sum, kind) => sum + kind.trash, 0);
  const { bytes: most, count } = me.quota;
  $("#usage").textContent = [t.count(number.format(me.counts.output.active)),
    most ? t.of(bytes(me.bytes), bytes(most)) : bytes(me.bytes)].join(" · ");
  $("#quota").hidden = !most && !count;
  $("#quota").value = Math.max(most ? me.bytes / most : 0, count ? me.count / count : 0);
  $("#trash-count").textContent = trashed ? number.format(trashed) : "";
  $("#trash-note").textContent = t.trashNote(me.retention_days);
}
let meetTimer;
function meetSoon() {
  clearTimeout(meetTimer);
  meetTimer = setTimeout(() => meet().catch(() => {}), 300);
}

// -- the list: `list` is what is shown; an answer for a list shown before is dropped ----------------
let list = null;
async function show() {
  const view = location.hash === "#trash" ? "trash" : "images";
  list = { view, q: view === "images" ? search.value.trim() : "", items: [], cursor: "", total: null };
  for (const link of document.querySelectorAll(".tabs a")) {
    link.toggleAttribute("aria-current", (link.hash === "#trash") === (view === "trash"));
  }
  $("#search").hidden = view === "trash";
  grid.classList.toggle("trash", view === "trash");
  grid.setAttribute("aria-label", t[view]);
  grid.replaceChildren();
  await load();
}

async function load() {
  const mine = list;
  if (mine.busy || mine.cursor === null) return;
  mine.busy = true;
  $("#notice").hidden = true;
  try {
    if (!me) await meet();
    const query = new URLSearchParams({ size: 50, cursor: mine.cursor, ...(mine.q && { q: mine.q }) });
    const page = await api("GET", `${mine.view}?${query}`);
    if (mine !== list) return;
    mine.cursor = page.next_cursor;
    mine.total = page.total;
    page.items.forEach(append);
    settle();
    say(t.count(number.format(mine.items.length)));
  } catch (error) {
    if (mine === list) notice(t.goneTitle, error.message, t.retry, load);
  } finally { mine.busy = false; }
}

/** Shows what fits the list as it is now: the invitation, the button for more. */
function settle() {
  const none = !list.items.length && list.cursor === null;
  more.hidden = list.cursor === null;
  $("#trash-bar").hidden = list.view !== "trash" || !list.items.length;
  $("#notice").hidden = true;
  if (none && list.view === "trash") notice(t.cleanTitle, t.cleanText);
  else if (none && list.q) notice(t.noneTitle, t.noneText, t.clear, () => { search.value = ""; show(); });
  else if (none) notice(t.emptyTitle, t.emptyText, t.upload, pick);
  // Watching anew reports the button again if it is still in sight.
  watcher.unobserve(more);
  if (!more.hidden) watcher.observe(more);
}

function notice(title, text, label, act) {
  const box = $("#notice"), button = $("button", box);
  $("h2", box).textContent = title;
  $("p", box).textContent = text;
  Object.assign(button, { textContent: label ?? "", hidden: !label, onclick: act });
  box.hidden = false;
  more.hidden = true;
  say(`${title}. ${text}`);
}

function append(item, at = list.items.length) {
  if (list.items.some(({ id }) => id === item.id)) return;
  const node = list.view === "trash" ? trashedNode(item) : tileNode(item);
  node.dataset.id = item.id;
  grid.insertBefore(node, grid.children[at] ?? null);
  list.items.splice(at, 0, item);
}

/** Puts an image where its time belongs, unless that is further than was loaded. */
function place(item) {
  if (list.view === "trash") return;
  const at = list.items.findIndex((other) => other.created_at < item.created_at);
  if (at >= 0) append(item, at);
  else if (list.cursor === null) append(item);
  settle();
}

/** Takes an image out, and leaves the keyboard at its neighbour. */
function drop(item) {
  const node = $(`[data-id="${item.id}"]`, grid);
  if (!node) return;
  const neighbour = node.nextElementSibling ?? node.previousElementSibling;
  node.remove();
  list.items = list.items.filter(({ id }) => id !== item.id);
  if (list.total !== null) list.total -= 1;
  settle();
  ($("button", neighbour ?? $("#notice")) ?? $(".tabs a[aria-current]")).focus({ preventScroll: true });
}

function picture(img, item) {
  img.src = item.thumb_url;
  img.alt = nameOf(item);
  if (item.width) Object.assign(img, { width: item.width, height: item.height });
  if (item.blurhash) img.style.backgroundColor = average(item.blurhash);
}

const BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
function average(blurhash) {
  const rgb = [...blurhash.slice(2, 6)].reduce((sum, c) => sum * 83 + BASE83.indexOf(c), 0);
  return `rgb(${rgb >> 16} ${(rgb >> 8) & 255} ${rgb & 255})`;
}

function tileNode(item) {
  const node = stamp("#tile");
  picture($("img", node), item);
  // Panoramas and strips are cropped, so that one of them doesn't take a whole row.
  const ratio = item.width ? item.width / item.height : 1;
  node.style.setProperty("--ratio", Math.min(2.6, Math.max(0.5, ratio)).toFixed(4));
  node.classList.toggle("favorite", item.favorite);
  $("button", node).onclick = () => open(list.items.find(({ id }) => id === item.id));
  return node;
}

function trashedNode(item) {
  const node = stamp("#trashed");
  picture($("img", node), item);
  const days = Math.max(0, Math.ceil((new Date(item.purge_at) - Date.now()) / 864e5));
  $("p", node).textContent = t.goes(relative.format(days, "day"));
  $(".restore", node).onclick = () => attempt(() => restore(item));
  $(".purge", node).onclick = () => attempt(() => purge(item));
  return node;
}

// -- trash, restore, purge ----------------------------------------------------------------------------
const act = async (item, action) => {
  const changed = await api("POST", `images/${item.id}/${action}`);
  meetSoon();
  return changed;
};

async function remove(item) {
  await act(item, "delete");
  viewer.close();
  drop(item);
  tell(t.deleted, t.undo, () => attempt(() => restore(item)));
}

async function restore(item) {
  const back = await act(item, "restore");
  if (list.view === "trash") drop(item); else place(back);
  tell(t.restored);
}

async function purge(item) {
  if (!await ask(t.purgeAsk)) return;
  await act(item, "purge");
  drop(item);
  tell(t.purged);
}

async function emptyTrash() {
  const count = list.total;
  if (!await ask(t.emptyAsk(count), String(count))) return;
  try { await api("POST", "trash/empty", { count }); tell(t.purged); } finally { meetSoon(); show(); }
}

// -- one image ------------------------------------------------------------------------------------------
let opened = null;
function open(item) {
  opened = item;
  const original = $("#original");
  $("#viewer-title").textContent = item.original_filename || t.untitled;
  original.style.backgroundImage = `url("${item.thumb_url}")`;
  original.onload = () => { original.style.backgroundImage = ""; };
  Object.assign(original, { src: item.url, alt: nameOf(item) });
  $("#prompt").textContent = item.prompt ?? "";
  facts(item);
  $("#favorite").setAttribute("aria-pressed", item.favorite);
  $("#tags-text").value = item.tags.join(", ");
  $("#download").href = `${item.url}?download=1`;
  for (const button of viewer.querySelectorAll("[data-step]")) button.disabled = !neighbour(+button.dataset.step);
  if (!viewer.open) viewer.showModal();
}

function facts(item) {
  const rows = {
    negative: item.negative_prompt, model: item.model, seed: item.seed,
    size: item.width && `${item.width} × ${item.height} · ${bytes(item.bytes)}`,
    date: moment.format(new Date(item.created_at)),
  };
  $("#facts").replaceChildren(...Object.entries(rows).filter(([, value]) => value || value === 0).flatMap(
    ([key, value]) => [["dt", t[key]], ["dd", value]].map(
      ([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))));
}

const neighbour = (step) => list.items[list.items.indexOf(opened) + step];
function step(by) {
  const next = neighbour(by);
  if (next) open(next);
}

async function edit(change) {
  const item = opened;
  const changed = await api("PATCH", `images/${item.id}`, change);
  Object.assign(item, changed);
  $(`[data-id="${item.id}"]`, grid)?.classList.toggle("favorite", item.favorite);
  if (item === opened) open(item);
}
