// What the application says. Korean (ko.ts) has the same keys and arguments, by its type.

import { count, number } from "../formats";

export const en = {
  // -- pages
  gallery: "Images",
  inputs: "Inputs",
  controls: "Controls",
  trash: "Trash",
  you: "You",
  unknown: "Unknown page",
  pages: "Pages",
  skip: "Skip to the images",
  images: (n: number) => count(n, "image", "images"),
  // -- timeline
  timeline: (n: number) => `Timeline, ${count(n, "image", "images")}`,
  tile: (at: number, of: number, what: string) => `${number(at)} of ${number(of)}: ${what}`,
  untitled: "Image without a prompt",
  isFavorite: "favourite",
  fresh: (n: number) => `${number(n)} new`,
  showFresh: (n: number) => `Show ${count(n, "new image", "new images")}`,
  scrubber: "Go to a date",
  today: "Today",
  yesterday: "Yesterday",
  selectDay: (day: string) => `Select all: ${day}`,
  select: (what: string) => `Select: ${what}`,
  // -- states
  loading: "Loading…",
  retry: "Try again",
  noneTitle: "No images match",
  noneText: "Try fewer or other words, or take a filter away.",
  clearFilters: "Clear all filters",
  goneTitle: "The images can’t be shown",
  away: "The server can’t be reached. Trying again…",
  back: "Connected again",
  upload: "Upload",
  close: "Close",
  undo: "Undo",
  cancel: "Cancel",
  keyboard: "Keyboard shortcuts",
  // -- problems, by the server's code
  problems: {
    offline: "The server can’t be reached.",
    failed: "Something went wrong.",
    unavailable: "The storage is away for now. Nothing is lost.",
    busy: "Too much at once. Try again in a moment.",
    unknown_image: "This image is no longer here.",
    unsupported_image: "Not a PNG, JPEG or WebP image.",
    damaged_image: "The image is damaged.",
    too_many_pixels: "The image has too many pixels.",
    image_too_costly: "The image takes too much to decode.",
    body_too_large: "The file is too large.",
    body_timeout: "The upload was too slow.",
    quota_bytes: "Your space is full. Empty the trash to make room.",
    quota_count: "You have as many images as are allowed.",
    storage_full: "The server has no room left.",
    trash_changed: "The trash has changed meanwhile. Look again.",
    too_many: "More than 10,000 images at once are too many.",
    precondition_failed: "It was changed elsewhere meanwhile.",
    unknown_link: "This link is not valid.",
    too_many_links: "There are as many links as are allowed. Revoke one first.",
    nothing_to_recover: "There is nothing to take along yet.",
    bad_token: "This token is not valid.",
  } as Record<string, string>,
};

export type Texts = typeof en;
