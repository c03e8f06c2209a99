// Short notes at the edge of the window, each with at most one thing to do.

import { signal } from "@preact/signals";

import { Problem } from "../api";
import { said, t } from "../i18n";
import { leaving } from "./focus";

interface Toast {
  id: number;
  text: string;
  label?: string;
  act?: () => void;
}

const SECONDS = 8;
const toasts = signal<readonly Toast[]>([]);
let next = 1;
/** While one is about to press a button of one, none goes. */
let isHeld = false;
const hold = (): void => void (isHeld = true);
const release = (): void => void (isHeld = false);

/** Says something for a while; `act` is offered under `label`. Gives what ends it sooner. */
export function tell(text: string, label?: string, act?: () => void): () => void {
  const id = next++;
  const toast: Toast = label && act ? { id, text, label, act } : { id, text };
  toasts.value = [...toasts.peek().slice(-2), toast];
  const later = (): void => void setTimeout(() => (isHeld ? later() : drop(id)), SECONDS * 1000);
  later();
  return () => drop(id);
}

function drop(id: number): void {
  toasts.value = toasts.peek().filter((toast) => toast.id !== id);
  if (!toasts.peek().length) release();
}

/** Runs what a person asked for, and says it if that fails. */
export async function attempt(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    tell(said(error instanceof Problem ? error : new Problem(0, "failed", String(error))));
  }
}

export function Toasts() {
  return (
    <div
      class="toasts"
      role="status"
      aria-live="polite"
      onPointerEnter={hold}
      onPointerLeave={release}
      onFocusIn={hold}
      onFocusOut={release}
    >
      {toasts.value.map(({ id, text, label, act }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          {act && (
            <button
              type="button"
              onClick={leaving(() => {
                drop(id);
                act();
              })}
            >
              {label}
            </button>
          )}
          <button
            type="button"
            class="plain"
            aria-label={t.close}
            onClick={leaving(() => drop(id))}
          >
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
