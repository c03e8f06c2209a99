// Uploads: three at a time, each with a key that makes trying again harmless.
import { parse, Problem } from "./api.js";
import { list, place } from "./list.js";
import { known, me, meet, meetSoon } from "./me.js";
import { $, later, say, stamp } from "./parts.js";
import { t } from "./texts.js";

const queue = [];
export let sending = 0;
// randomUUID is only there in secure contexts, which plain http in a home network is not.
const newKey = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");

export function upload(files) {
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
    // The server would refuse it too, but only after much of it was sent.
    if (job.file.size > me.max_upload_bytes) throw new Problem(413, { code: "body_too_large" });
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
