// Small parts: the elements that many need, the toast, and the question before what is final.
import { Problem } from "./api.js";
import { t } from "./texts.js";

export const $ = (selector, root = document) => root.querySelector(selector);
export const grid = $("#grid"), viewer = $("#viewer"), search = $("#q"), more = $("#more");
export const stamp = (template) => $(template).content.firstElementChild.cloneNode(true);
export const say = (text) => { $("#status").textContent = text; };
export const pick = () => $("#files").click();
export const nameOf = (item) => item.prompt?.slice(0, 200) || item.original_filename || t.untitled;
export const later = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export function offer(button, label, act) {
  Object.assign(button, { textContent: label ?? "", hidden: !label, onclick: act });
}

const toast = $("#toast");
let toastTimer;
export function tell(text, label, act) {
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
export const attempt = (act) => async (event) => {
  event?.preventDefault();
  try { await act(); } catch (error) { tell(error instanceof Problem ? error.message : t.failed); }
};

/** Asks in a dialog; with `typed`, these characters must be typed before yes is possible. */
export function ask(question, typed) {
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
