// Where the focus goes when what has it goes: without that, keys would do nothing any more.

const OVER = ".compare, .pswp:not([inert])";

/** To what is looked at, and not to its beginning. */
export function toPage(): void {
  const over = document.querySelector<HTMLElement>(OVER);
  (over ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** For a button that goes when it is pressed. The focus goes elsewhere if it was lost with it,
 * and only then: it may be where somebody types. A press gives it none in Safari, so there it is
 * lost where nothing has it. `keyed` is where a key leads that pressed it. */
export const leaving =
  (act: () => void, keyed = toPage) =>
  ({ detail: clicks, currentTarget: pressed }: MouseEvent): void => {
    const before = document.activeElement;
    act();
    requestAnimationFrame(() => {
      const isGone = pressed instanceof Element && !pressed.isConnected;
      const isLost = before !== document.body || isGone;
      if (isLost && document.activeElement === document.body) (clicks ? toPage : keyed)();
    });
  };
