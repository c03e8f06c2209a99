// Something lies over the page: what is below can't be reached meanwhile, but for notes, which
// offer to undo, and dialogs.

import { useLayoutEffect } from "preact/hooks";

import "./aloft.css";

const REACHABLE = '[role="status"], dialog';

/** As long as it is rendered; `over` says which of the application's own parts lies above. */
export function useAloft(over = ""): void {
  useLayoutEffect(() => {
    const [app, root] = [document.getElementById("app"), document.documentElement];
    const reached = over ? `${REACHABLE}, ${over}` : REACHABLE;
    const hold = (): void => {
      for (const part of app?.children ?? []) part.toggleAttribute("inert", !part.matches(reached));
    };
    const parts = new MutationObserver(hold);
    if (app) parts.observe(app, { childList: true });
    hold();
    // The root's own width leaves out a gutter only while there is a scrollbar in it.
    root.style.setProperty("--gutter", `${innerWidth - document.body.offsetWidth}px`);
    root.classList.add("aloft");
    return () => {
      parts.disconnect();
      for (const part of app?.children ?? []) part.removeAttribute("inert");
      root.classList.remove("aloft");
    };
  }, [over]);
}
