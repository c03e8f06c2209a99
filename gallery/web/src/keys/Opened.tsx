// What the shortcuts open, loaded when it is.

import { lazy } from "preact/compat";

import { Part } from "../ui/Part";
import { opened } from "./commands";

const Sheet = lazy(() => import("./Sheet").then((part) => part.Sheet));
const GoToDate = lazy(() => import("./GoToDate").then((part) => part.GoToDate));
const close = (): void => void (opened.value = null);

export function Opened() {
  if (!opened.value) return null;
  return (
    <Part key={opened.value} onClose={close}>
      {opened.value === "sheet" && <Sheet onClose={close} />}
      {opened.value === "date" && <GoToDate onClose={close} />}
    </Part>
  );
}
