// What stands where an answer of the server will be, or why there is none.

import type { ComponentChildren } from "preact";

import type { Answer } from "./answer";
import { plainly } from "./said";
import { loading, retry, t } from "./texts";

interface Props<T> {
  answer: Answer<T>;
  children: (value: T) => ComponentChildren;
}

/** What was known before stays when asking again fails, with the reason above it. */
export function Answered<T>({ answer, children }: Props<T>) {
  const value = answer.value.value;
  const problem = answer.problem.value;
  return (
    <>
      {problem && <Failed text={plainly(problem)} onRetry={() => void answer.load()} />}
      {value !== null && children(value)}
      {value === null && !problem && <p class="hint">{loading}</p>}
    </>
  );
}

export function Failed({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div class="failed card" role="alert">
      <p>{text}</p>
      <button type="button" onClick={onRetry}>
        {retry}
      </button>
    </div>
  );
}

export function Refresh({ answers }: { answers: Answer<unknown>[] }) {
  const isAsking = answers.some(({ isAsking }) => isAsking.value);
  return (
    <button
      type="button"
      aria-disabled={isAsking}
      onClick={() => answers.forEach((answer) => void answer.load())}
    >
      {t.refresh}
    </button>
  );
}
