// Asks before the page is left with something on its way that would be lost with it.

import { effect } from "@preact/signals";

export function stayWhile(isBusy: () => boolean): void {
  const stay = (event: BeforeUnloadEvent): void => event.preventDefault();
  effect(() => {
    if (isBusy()) addEventListener("beforeunload", stay);
    else removeEventListener("beforeunload", stay);
  });
}
