// The gallery's page: see, upload, trash and restore. No build step, no dependencies.

// -- texts: [English, Korean]. Problems go by the server's `code`; what never changes is in the HTML.
const TEXTS = {
  images: ["Images", "이미지"], trash: ["Trash", "휴지통"], untitled: ["Image", "이미지"],
  upload: ["Upload", "올리기"], undo: ["Undo", "실행 취소"], retry: ["Try again", "다시 시도"],
  clear: ["Clear the search", "검색 지우기"], saved: ["Saved", "저장했습니다"],
  deleted: ["Moved to the trash", "휴지통으로 옮겼습니다"], restored: ["Restored", "복원했습니다"],
  purged: ["Deleted forever", "영구히 삭제했습니다"], waiting: ["Waiting", "대기 중"],
  sending: ["Uploading", "올리는 중"], storing: ["Storing", "저장하는 중"], done: ["Uploaded", "올렸습니다"],
  model: ["Model", "모델"], seed: ["Seed", "시드"], size: ["Size", "크기"], date: ["Date", "날짜"],
  emptyTitle: ["Your gallery starts here", "여기서 갤러리가 시작됩니다"],
  emptyText: ["Drop PNG, JPEG or WebP images anywhere on this page, paste them, or choose files.",
    "PNG, JPEG, WebP 이미지를 이 페이지에 끌어다 놓거나, 붙여 넣거나, 파일을 고르세요."],
  noneTitle: ["No images match", "맞는 이미지가 없습니다"],
  noneText: ["Try fewer or other words.", "단어를 줄이거나 바꿔 보세요."],
  cleanTitle: ["The trash is empty", "휴지통이 비어 있습니다"],
  cleanText: ["Deleted images wait here before they go for good.", "삭제한 이미지는 완전히 지워지기 전까지 여기에 있습니다."],
  goneTitle: ["The images can't be shown", "이미지를 표시할 수 없습니다"],
  count: [(n) => `${number.format(n)} ${n === 1 ? "image" : "images"}`, (n) => `이미지 ${number.format(n)}장`],
  of: [(used, quota) => `${used} of ${quota}`, (used, quota) => `${quota} 중 ${used}`],
  goes: [(when) => `Deleted forever ${when}`, (when) => `${when} 영구 삭제`],
  trashNote: [(n) => `Images stay in the trash for ${n} days.`, (n) => `이미지는 휴지통에 ${n}일 동안 남아 있습니다.`],
  purgeAsk: ["Delete this image forever? This can't be undone.", "이 이미지를 영구히 삭제할까요? 되돌릴 수 없습니다."],
  emptyAsk: [(n) => `Delete ${t.count(n)} forever?`, (n) => `${t.count(n)}을 영구히 삭제할까요?`],
  type: [(n) => `This can't be undone. Type ${n} to confirm.`, (n) => `되돌릴 수 없습니다. 확인을 위해 숫자 ${n} 입력`],
  offline: ["The server can't be reached.", "서버에 연결할 수 없습니다."],
  broken_off: ["The upload was broken off. The file may be too large.", "업로드가 끊겼습니다. 파일이 너무 클 수 있습니다."],
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
const t = Object.fromEntries(Object.entries(TEXTS).map(([key, pair]) => [key, pair[lang === "ko" ? 1 : 0]]));
const number = new Intl.NumberFormat(lang);
const moment = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });

function bytes(n) {
  const [unit, by] = n < 1e6 ? ["kilobyte", 1e3] : n < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(n / by);
}

function speakKorean(root) {
  for (const el of root.querySelectorAll("[data-ko]")) el.textContent = el.dataset.ko;
  for (const el of root.querySelectorAll("[data-ko-label]")) {
    el.setAttribute("aria-label", el.dataset.koLabel);
    if (el.placeholder) el.placeholder = el.dataset.koLabel;
  }
  for (const template of root.querySelectorAll("template")) speakKorean(template.content);
}

// -- talking to the server ------------------------------------------------------------------------
class Problem extends Error {
  constructor(status, { code, detail } = {}) {
    const own = lang === "en" ? detail : null; // the server's sentences are English
    super((Object.hasOwn(t, code ?? "") && t[code]) || own || (status ? t.failed : t.offline));
    Object.assign(this, { status, code });
  }
}

// Seeds go up to 2^64, more than a number holds: keep their digits where the browser shows them.
const digits = (key, value, context) => (key === "seed" && Number.isInteger(value) && context?.source) || value;
function parse(text) {
  try { return JSON.parse(text, digits); } catch { return {}; }
}

async function api(method, path, body) {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const broken = () => { throw new Problem(0); };
  const response = await fetch(`/api/v1/${path}`, { method, ...json }).catch(broken);
  const answer = parse(await response.text().catch(broken));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

// -- small parts ------------------------------------------------------------------------------------
const $ = (selector, root = document) => root.querySelector(selector);
const grid = $("#grid"), viewer = $("#viewer"), toast = $("#toast"), search = $("#q"), more = $("#more");
const stamp = (template) => $(template).content.firstElementChild.cloneNode(true);
const say = (text) => { $("#status").textContent = text; };
const pick = () => $("#files").click();
const nameOf = (item) => item.prompt?.slice(0, 200) || item.original_filename || t.untitled;
const later = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function offer(button, label, act) {
  Object.assign(button, { textContent: label ?? "", hidden: !label, onclick: act });
}

let toastTimer;
function tell(text, label, act) {
  const hide = () => toast.classList.remove("shown");
  // Not while somebody is about to press its button.
  const leave = () => { if (toast.matches(":hover, :focus-within")) toastTimer = setTimeout(leave, 2000); else hide(); };
  // A modal dialog hides what lies outside it, from everybody.
  (viewer.open ? viewer : document.body).append(toast);
  $("span", toast).textContent = text;
  offer($("button", toast), label, () => { hide(); act(); });
  toast.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(leave, label ? 10000 : 5000);
}

/** Makes a handler of an action; what goes wrong is said in a toast. */
const attempt = (act) => async (event) => {
  event?.preventDefault();
  try { await act(); } catch (error) { tell(error instanceof Problem ? error.message : t.failed); }
};

/** Asks in a dialog; with `typed`, these characters must be typed before yes is possible. */
function ask(question, typed) {
  const dialog = $("#confirm"), input = $("input", dialog), yes = $("[value=yes]", dialog);
  $("#question").textContent = question;
  $("label span", dialog).textContent = typed ? t.type(typed) : "";
  const check = () => { yes.disabled = Boolean(typed) && input.value.trim() !== typed; };
  Object.assign(input, { value: "", disabled: !typed, oninput: check });
  check();
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => { dialog.onclose = () => resolve(dialog.returnValue === "yes"); });
}

// -- who am I: this issues the identity, so it is awaited before every other request ----------------
let me = null, meeting = null, meetTimer = null;
const known = () => me ?? (meeting ??= meet().finally(() => { meeting = null; }));

async function meet() {
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

function meetSoon() {
  meetTimer ??= setTimeout(() => { meetTimer = null; meet().catch(() => {}); }, 300);
}

// -- the list: `list` is what is shown; an answer for one shown before is dropped --------------------
let list = null;
const watcher = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && load(), { rootMargin: "800px" });

function show() {
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

async function load() {
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
function place(item) {
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

async function remove(item) {
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

async function emptyTrash() {
  const count = list.total;
  if (!await ask(t.emptyAsk(count), String(count))) return;
  try {
    await api("POST", "trash/empty", { count });
    tell(t.purged);
  } finally { meetSoon(); show(); }
}

// -- one image ------------------------------------------------------------------------------------------
let opened = null;
function open(item) {
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

async function edit(wanted) {
  const item = Object.assign(opened, await api("PATCH", `images/${opened.id}`, wanted));
  $(`[data-id="${item.id}"]`, grid)?.classList.toggle("favorite", item.favorite);
  if (item !== opened) return;
  $("#favorite").setAttribute("aria-pressed", item.favorite);
  if (wanted.tags) $("#tags-text").value = item.tags.join(", ");
  tell(t.saved);
}

const writtenTags = () => $("#tags-text").value.split(",").map((tag) => tag.trim()).filter(Boolean);

// -- uploads: three at a time, each with a key that makes trying again harmless --------------------------
const queue = [];
let sending = 0;
// randomUUID is only there in secure contexts, which plain http in a home network is not.
const newKey = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");

function upload(files) {
  for (const file of files) {
    const job = { file, key: newKey(), node: stamp("#upload") };
    $(".name", job.node).textContent = file.name;
    $(".retry", job.node).onclick = () => enqueue(job);
    $(".dismiss", job.node).onclick = () => job.node.remove();
    $("#uploads").append(job.node);
    enqueue(job);
  }
}

function enqueue(job) {
  job.node.classList.remove("failed");
  for (const button of job.node.querySelectorAll("button")) button.hidden = true;
  mark(job, t.waiting, 0);
  queue.push(job);
  next();
}

function next() {
  for (; sending < 3 && queue.length; sending += 1) {
    transfer(queue.shift()).finally(() => { sending -= 1; next(); });
  }
}

function mark(job, text, part) {
  $("p", job.node).textContent = text;
  if (part < 1) $("progress", job.node).value = part;
  else $("progress", job.node).removeAttribute("value"); // sent; how long storing takes isn't known
}

async function transfer(job) {
  try {
    const item = await persist(job);
    mark(job, t.done);
    job.node.classList.add("done");
    setTimeout(() => job.node.remove(), 1500);
    if (list.view === "images" && !list.q) place(item);
    say(`${job.file.name}: ${t.done}`);
    meetSoon();
  } catch (error) {
    mark(job, error.message);
    job.node.classList.add("failed");
    $(".dismiss", job.node).hidden = false;
    $(".retry", job.node).hidden = [415, 422].includes(error.status) || error.code === "body_too_large";
    say(`${job.file.name}: ${error.message}`);
  }
}

async function persist(job, tries = 3) {
  if (!/(png|jpe?g|webp)$/i.test(job.file.type || job.file.name)) {
    throw new Problem(415, { code: "unsupported_image" });
  }
  try {
    await known();
    return await send(job);
  } catch (error) {
    if (![0, 503].includes(error.status)) throw error;
    if (tries > 1) return later(4000 / tries).then(() => persist(job, tries - 1));
    // A server that refuses a body may hang up before its answer is read.
    if (error.status === 0 && await meet().then(() => true, () => false)) throw new Problem(0, { code: "broken_off" });
    throw error;
  }
}

/** XMLHttpRequest, because fetch doesn't tell how much of a body is sent. */
function send(job) {
  const request = new XMLHttpRequest(), form = new FormData();
  form.append("file", job.file);
  request.open("POST", "/api/v1/images");
  request.setRequestHeader("Idempotency-Key", job.key);
  request.upload.onprogress = ({ loaded, total }) => mark(job, loaded < total ? t.sending : t.storing, loaded / total);
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(new Problem(0));
    request.onload = () => {
      const answer = parse(request.responseText);
      if (request.status === 201) resolve(answer); else reject(new Problem(request.status, answer));
    };
    request.send(form);
  });
}

// -- events -------------------------------------------------------------------------------------------------
document.documentElement.lang = lang;
if (lang === "ko") speakKorean(document);

let searchTimer, ownDrag = false;
$("#search").onsubmit = (event) => { event.preventDefault(); show(); };
search.oninput = () => { clearTimeout(searchTimer); searchTimer = setTimeout(show, 300); };
more.onclick = load;
$("#pick").onclick = pick;
$("#files").onchange = ({ target }) => { upload(target.files); target.value = ""; };
$("#empty-trash").onclick = attempt(emptyTrash);
$("#close").onclick = () => viewer.close();
$("#delete").onclick = attempt(() => remove(opened));
$("#favorite").onclick = attempt(() => edit({ favorite: !opened.favorite }));
$("#tags").onsubmit = attempt(() => edit({ tags: writtenTags() }));
viewer.onclose = () => $("#original").removeAttribute("src"); // else the next one begins with this one

const dropping = (on) => document.body.classList.toggle("dropping", on);
const brings = (event) => !ownDrag && event.dataTransfer.types.includes("Files");
addEventListener("dragstart", () => { ownDrag = true; });
addEventListener("dragend", () => { ownDrag = false; });
addEventListener("dragover", (event) => { if (brings(event)) { event.preventDefault(); dropping(true); } });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) dropping(false); });
addEventListener("drop", (event) => {
  dropping(false);
  if (brings(event)) { event.preventDefault(); upload(event.dataTransfer.files); }
});
addEventListener("paste", ({ clipboardData }) => upload(clipboardData.files));
addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
addEventListener("hashchange", show);
show();
