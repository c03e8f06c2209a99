// The gallery's page: see, upload, trash and restore. No build step, no dependencies.
import { emptyTrash, load, remove, show } from "./list.js";
import { $, attempt, more, pick, search, viewer } from "./parts.js";
import { lang, speakKorean } from "./texts.js";
import { sending, upload } from "./uploads.js";
import { edit, opened, writtenTags } from "./viewer.js";

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
