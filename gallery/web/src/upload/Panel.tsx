// What is on its way, in a corner. It leaves by itself when all went well.

import { useEffect, useState } from "preact/hooks";

import type { Problem } from "../api";
import { said } from "../i18n";
import { route } from "../route";
import { Icon } from "../ui/Icon";
import type { Job } from "./queue";
import { Row } from "./Row";
import { t } from "./texts";
import { mayHelp, queue } from "./uploads";

const LEAVES_MS = 4_000;
const MOST_ROWS = 60;
const ORDER: Job["state"][] = ["failed", "sending", "waiting", "done"];

export function Panel() {
  const [isFolded, setFolded] = useState(false);
  const jobs = queue.jobs.value;
  const [left, failed] = [queue.left.value, queue.failed.value];
  const isWell = jobs.length > 0 && !left && !failed;
  useEffect(() => {
    if (!isWell) return undefined;
    const timer = setTimeout(dropAll, LEAVES_MS);
    return () => clearTimeout(timer);
  }, [isWell, jobs]);
  const { image, compare } = route.value;
  const isAloft = image !== null || compare !== null;
  useEffect(() => {
    if (isAloft) setFolded(true);
  }, [isAloft]);
  const why = queue.held.value;
  return (
    <>
      <p class="unseen" role="status">
        {why ? heldText(why) : left ? "" : summary()}
      </p>
      {jobs.length > 0 && (
        <section class="uploads" aria-label={t.uploads}>
          <header>
            <p>{summary()}</p>
            <button
              type="button"
              class="plain"
              aria-expanded={!isFolded}
              aria-label={isFolded ? t.unfold : t.fold}
              onClick={() => setFolded(!isFolded)}
            >
              <Icon name={isFolded ? "unfold" : "fold"} />
            </button>
            {!left && (
              <button type="button" class="plain" aria-label={t.close} onClick={dropAll}>
                <Icon name="close" />
              </button>
            )}
          </header>
          {left > 0 && <progress value={portion(jobs)} aria-label={t.uploads} />}
          {!isFolded && <List jobs={jobs} />}
        </section>
      )}
    </>
  );
}

function List({ jobs }: { jobs: readonly Job[] }) {
  const why = queue.held.value;
  const shown = ORDER.flatMap((state) => jobs.filter((job) => job.state === state));
  const again = jobs.filter(({ problem }) => mayHelp(problem)).map(({ id }) => id);
  return (
    <>
      {why && <p class="held">{heldText(why)}</p>}
      <ul>
        {shown.slice(0, MOST_ROWS).map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
      {shown.length > MOST_ROWS && <p class="held">{t.more(shown.length - MOST_ROWS)}</p>}
      <footer>
        {again.length > 1 && (
          <button type="button" onClick={() => queue.retry(again)}>
            {t.retryAll}
          </button>
        )}
        {queue.left.value > 1 && (
          <button type="button" onClick={cancelAll}>
            {t.cancelAll}
          </button>
        )}
      </footer>
    </>
  );
}

const held: Record<string, string> = t.held;
const heldText = (problem: Problem): string => held[problem.code] ?? said(problem);

function summary(): string {
  const [left, failed, done] = [queue.left.value, queue.failed.value, queue.done.value];
  if (left) return t.sending(left);
  if (failed) return t.someFailed(failed, done);
  return done ? t.allDone(done) : "";
}

/** By bytes. */
function portion(jobs: readonly Job[]): number {
  let [sent, all] = [0, 0];
  for (const { file, state, sent: part } of jobs) {
    if (state === "failed") continue;
    sent += file.size * part;
    all += file.size;
  }
  return all ? sent / all : 0;
}

const dropAll = (): void => queue.drop(queue.jobs.peek().map(({ id }) => id));

function cancelAll(): void {
  const going = queue.jobs.peek().filter(({ state }) => state === "waiting" || state === "sending");
  queue.drop(going.map(({ id }) => id));
}
