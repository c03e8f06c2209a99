// A file that is uploaded.

import { bytes, percent } from "../formats";
import { leaving } from "../ui/focus";
import { Icon } from "../ui/Icon";
import type { Job } from "./queue";
import { drawerName, t } from "./texts";
import { mayHelp, queue, reason } from "./uploads";

export function Row({ job }: { job: Job }) {
  const { id, file, kind, state, sent, problem } = job;
  const isGoing = state === "waiting" || state === "sending";
  return (
    <li class={state}>
      <div>
        <span class="name" title={file.name}>
          {file.name}
        </span>
        <span class="said">
          {problem ? reason(problem) : state === "done" ? drawerName(kind) : bytes(file.size)}
          {isGoing && ` · ${progress(state, sent)}`}
        </span>
        {state === "sending" && <progress value={sent} aria-label={file.name} />}
      </div>
      {state === "done" && <Icon name="done" />}
      {mayHelp(problem) && (
        <button
          type="button"
          class="plain"
          aria-label={t.retry(file.name)}
          onClick={leaving(() => queue.retry([id]))}
        >
          <Icon name="retry" />
        </button>
      )}
      {state !== "done" && (
        <button
          type="button"
          class="plain"
          aria-label={isGoing ? t.cancel(file.name) : t.dismiss(file.name)}
          onClick={leaving(() => queue.drop([id]))}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

function progress(state: Job["state"], sent: number): string {
  if (state === "waiting") return t.waiting;
  return sent < 1 ? percent(sent) : t.storing;
}
