// Dialogs: native ones, which keep the focus inside and give it back.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import "./dialog.css";

interface Props {
  title: string;
  onClose: () => void;
  /** Another class beside the dialog's own. */
  kind?: string;
  children: ComponentChildren;
}

/** Shown as long as it is rendered. The focus goes to what has `data-autofocus`, or else to the
 * dialog itself, and not to a button that the key which opened it would press. */
export function Dialog({ title, onClose, kind = "", children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!dialog) return undefined;
    dialog.showModal();
    (dialog.querySelector<HTMLElement>("[data-autofocus]") ?? dialog).focus();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${kind}`}
      tabIndex={-1}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => event.target === element.current && isOutside(event) && onClose()}
      // Nothing below it is meant, such as the viewer.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" aria-label={t.close} onClick={onClose}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** On the backdrop, which belongs to the dialog. */
function isOutside(event: PointerEvent): boolean {
  const { left, right, top, bottom } = (event.target as HTMLElement).getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < left || x > right || y < top || y > bottom;
}

// -- questions ------------------------------------------------------------------------------------

interface Question {
  title: string;
  text: string;
  /** Of the button that says yes. */
  label: string;
  isDanger?: boolean;
}

const asked = signal<(Question & { answer: (yes: boolean) => void }) | null>(null);

/** Asks, and gives whether the answer was yes. */
export function confirm(question: Question): Promise<boolean> {
  asked.peek()?.answer(false);
  return new Promise((resolve) => {
    const answer = (yes: boolean): void => {
      asked.value = null;
      resolve(yes);
    };
    asked.value = { ...question, answer };
  });
}

/** Where questions are shown: once in an application. */
export function Questions() {
  const question = asked.value;
  if (!question) return null;
  const { title, text, label, isDanger, answer } = question;
  return (
    <Dialog key={title} title={title} onClose={() => answer(false)}>
      <p>{text}</p>
      <footer>
        <button type="button" data-autofocus onClick={() => answer(false)}>
          {t.cancel}
        </button>
        <button type="button" class={isDanger ? "filled" : "primary"} onClick={() => answer(true)}>
          {label}
        </button>
      </footer>
    </Dialog>
  );
}
