// Keys as they are meant: letters by the keyboard's own layout where that is Latin, and by their
// places where it is not, as with Korean.

export interface Pressed {
  key: string;
  code: string;
  getModifierState: (name: string) => boolean;
}

const LATIN = /^[a-z]$/i;

/** What tinykeys compares with its table. */
export function pressed(event: KeyboardEvent): Pressed {
  const place = /^Key([A-Z])$/.exec(event.code)?.[1];
  const key = place && !LATIN.test(event.key) ? place.toLowerCase() : event.key;
  // Without the place, which would match the letter of another layout as well.
  const code = place ? "Letter" : event.code;
  return { key, code, getModifierState: (name) => event.getModifierState(name) };
}

const FIELDS = "input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";

/** Whether a key belongs to what has the focus: a field, a dialog, or a menu. */
export function isElsewhere(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  return (
    event.defaultPrevented ||
    event.repeat ||
    event.isComposing ||
    Boolean(target?.closest(FIELDS)) ||
    document.querySelector("dialog[open]") !== null
  );
}
