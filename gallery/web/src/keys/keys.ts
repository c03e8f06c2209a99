// Binds the table of shortcuts.

import { effect, signal } from "@preact/signals";
import { createKeybindingsHandler, type KeybindingsMap } from "tinykeys";

import { keep, kept } from "../kept";
import { run } from "./commands";
import { isElsewhere, pressed } from "./pressed";
import { isSingle, SHORTCUTS, type Command } from "./table";

const KEPT = "gallery.single-keys";

/** Whether letters and signs alone do something; kept in this browser. */
export const hasSingles = signal(kept("localStorage", KEPT) !== "off");

export function setSingles(on: boolean): void {
  hasSingles.value = on;
  keep("localStorage", KEPT, on ? "on" : "off");
}

/** Space presses a button and follows no link: it selects where an image has the focus alone. */
const isPressing = (key: string, { target }: KeyboardEvent): boolean =>
  key === "Space" && !(target instanceof Element && target.matches(".tile a"));

export function begin(): void {
  let event: KeyboardEvent | null = null;
  const press = (key: string, command: Command): void => {
    if (event && !isPressing(key, event) && run(command)) event.preventDefault();
  };
  const bindings = (singles: boolean): KeybindingsMap =>
    Object.fromEntries(
      SHORTCUTS.flatMap(({ keys, command }) =>
        command
          ? keys
              .filter((key) => singles || !isSingle(key))
              .map((key) => [key, () => press(key, command)])
          : [],
      ),
    );
  let handle: (event: Event) => void = () => undefined;
  effect(() => {
    handle = createKeybindingsHandler(bindings(hasSingles.value), { ignore: () => false });
  });
  addEventListener("keydown", (now) => {
    if (isElsewhere(now)) return;
    event = now;
    handle(pressed(now) as unknown as Event);
  });
}
