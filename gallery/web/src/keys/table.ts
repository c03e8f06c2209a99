// The shortcuts: what is bound, and what the sheet shows, is what stands here.

import { t } from "./texts";

export type Command =
  | "close"
  | "select"
  | "selectDay"
  | "selectAll"
  | "favorite"
  | "info"
  | "zoom"
  | "tag"
  | "search"
  | "date"
  | "trash"
  | "restore"
  | "undo"
  | "download"
  | "sheet";

export interface Shortcut {
  /** As tinykeys writes them; any of them. */
  keys: readonly string[];
  text: string;
  group: "browse" | "choose" | "change";
  /** None where the key is handled by what has the focus. */
  command?: Command;
}

const isApple = /Mac|iP(hone|ad|od)/.test(navigator.platform);
/** Keyboards of Macs have no Del of their own. */
const remove = isApple ? ["Delete", "Backspace"] : ["Delete"];

export const SHORTCUTS: readonly Shortcut[] = [
  { group: "browse", keys: ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"], text: t.arrows },
  { group: "browse", keys: ["Enter"], text: t.open },
  { group: "browse", keys: ["Escape"], text: t.close, command: "close" },
  { group: "browse", keys: ["i"], text: t.info, command: "info" },
  { group: "browse", keys: ["z"], text: t.zoom, command: "zoom" },
  { group: "browse", keys: ["/"], text: t.search, command: "search" },
  { group: "browse", keys: ["g"], text: t.date, command: "date" },
  { group: "browse", keys: ["[Shift]+?"], text: t.sheet, command: "sheet" },
  { group: "choose", keys: ["Space", "x"], text: t.select, command: "select" },
  { group: "choose", keys: ["Shift+x"], text: t.selectDay, command: "selectDay" },
  { group: "choose", keys: ["$mod+a"], text: t.selectAll, command: "selectAll" },
  { group: "change", keys: ["f"], text: t.favorite, command: "favorite" },
  { group: "change", keys: ["t"], text: t.tag, command: "tag" },
  { group: "change", keys: ["Shift+d"], text: t.download, command: "download" },
  { group: "change", keys: remove, text: t.trash, command: "trash" },
  { group: "change", keys: ["r"], text: t.restore, command: "restore" },
  { group: "change", keys: ["$mod+z"], text: t.undo, command: "undo" },
];

/** Letters and signs without Ctrl, Alt or Cmd, which can be switched off. */
export const isSingle = (key: string): boolean => /^(\[?Shift\]?\+)?[^\s+]$/.test(key);

const SIGNS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowUp: "↑",
  ArrowRight: "→",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
  Backspace: "⌫",
  Space: t.space,
  $mod: isApple ? "⌘" : "Ctrl",
};

/** How a key is written on the sheet, one part for each that is held. */
export const written = (key: string): string[] =>
  key
    .replace("[Shift]+", "")
    .split("+")
    .map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part));
