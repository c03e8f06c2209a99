// What keys do in the viewer. It is loaded when it is opened; until then they do nothing.

export interface Viewed {
  next: () => void;
  previous: () => void;
  close: () => void;
  /** To the image's own size and back. */
  zoom: () => void;
  info: () => void;
  favorite: () => void;
  compare: () => void;
  download: () => void;
  /** To the trash; from there, for ever, once that was confirmed. */
  trash: () => void;
  restore: () => void;
}

let viewed: Viewed | null = null;

/** Set by the viewer as long as it is open. */
export function setViewed(now: Viewed | null): void {
  viewed = now;
}

export const viewerKeys: Viewed = {
  next: () => viewed?.next(),
  previous: () => viewed?.previous(),
  close: () => viewed?.close(),
  zoom: () => viewed?.zoom(),
  info: () => viewed?.info(),
  favorite: () => viewed?.favorite(),
  compare: () => viewed?.compare(),
  download: () => viewed?.download(),
  trash: () => viewed?.trash(),
  restore: () => viewed?.restore(),
};
