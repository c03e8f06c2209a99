// What the shortcuts open, loaded when it is.

import { lazy, Suspense } from "preact/compat";

import { opened } from "./commands";

const Sheet = lazy(() => import("./Sheet").then((part) => part.Sheet));
const GoToDate = lazy(() => import("./GoToDate").then((part) => part.GoToDate));
const close = (): void => void (opened.value = null);

export function Opened() {
  return (
    <Suspense fallback={null}>
      {opened.value === "sheet" && <Sheet onClose={close} />}
      {opened.value === "date" && <GoToDate onClose={close} />}
    </Suspense>
  );
}
