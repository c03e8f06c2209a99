// Selecting with the mouse and with fingers: checks, Ctrl or Cmd, Shift, and a long press. While
// something is selected, a click on an image selects it too, instead of opening it.

import { useEffect } from "preact/hooks";

import { attempt } from "../ui/Toasts";
import { isSelecting, put, selectTo, toggle } from "./selection";

const LONG_MS = 450;
const STILL = 10;

const idAt = (target: EventTarget | null): string | undefined =>
  target instanceof Element ? target.closest<HTMLElement>(".tile[data-id]")?.dataset.id : undefined;

export function useGestures(root: { current: HTMLElement | null }): void {
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const ends = [longPress(element), clicks(element)];
    return () => ends.forEach((end) => end());
  }, [root]);
}

function clicks(element: HTMLElement): () => void {
  const onClick = (event: MouseEvent): void => {
    const id = idAt(event.target);
    if (!id || event.button) return;
    const isCheck = (event.target as Element).closest(".check") !== null;
    const { shiftKey, ctrlKey, metaKey } = event;
    if (!isCheck && !shiftKey && !ctrlKey && !metaKey && !isSelecting.peek()) return;
    event.preventDefault();
    event.stopPropagation();
    if (shiftKey) void attempt(() => selectTo(id));
    else toggle(id);
  };
  element.addEventListener("click", onClick, true);
  return () => element.removeEventListener("click", onClick, true);
}

/** Of a finger that stays where it is: selects, and what follows of the touch does nothing. */
function longPress(element: HTMLElement): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [x, y, isDone] = [0, 0, false];
  const stop = (): void => clearTimeout(timer);
  const on: Partial<Record<keyof HTMLElementEventMap, (event: Event) => void>> = {
    pointerdown: (event) => {
      const { pointerType, clientX, clientY, target } = event as PointerEvent;
      const id = idAt(target);
      stop();
      isDone = false;
      if (pointerType !== "touch" || !id) return;
      [x, y] = [clientX, clientY];
      timer = setTimeout(() => {
        isDone = true;
        if (isSelecting.peek()) put([id], true);
        else toggle(id);
      }, LONG_MS);
    },
    pointermove: (event) => {
      const { clientX, clientY } = event as PointerEvent;
      if (Math.hypot(clientX - x, clientY - y) > STILL) stop();
    },
    pointerup: stop,
    pointercancel: stop,
    // The menu that a long press opens; and the click that follows it.
    contextmenu: (event) => {
      if ((event as PointerEvent).pointerType === "touch" && idAt(event.target)) {
        event.preventDefault();
      }
    },
    click: (event) => {
      if (!isDone) return;
      isDone = false;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
  };
  const added = Object.entries(on);
  for (const [name, handler] of added) element.addEventListener(name, handler, true);
  return () => {
    stop();
    for (const [name, handler] of added) element.removeEventListener(name, handler, true);
  };
}
