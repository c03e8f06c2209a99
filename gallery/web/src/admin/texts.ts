// What the administrator's page says.

import { count, number } from "../formats";
import { inTwo, t as shared } from "../i18n";
import { ko } from "./ko";

const en = {
  title: "Gallery: administration",
  heading: "Administration",
  sections: "Sections",
  users: "Users",
  images: "Images",
  trash: "Trash",
  server: "Server",
  usage: "Disk use",
  skip: "Skip to the content",
  refresh: "Refresh",
  unknownTitle: "There is no such page",
  unknownText: "The address may be wrong. The sections are above.",
  // -- the token
  token: "Administrator’s token",
  tokenHint:
    "The value of GALLERY_ADMIN_TOKEN on the server. It is kept for this tab, until you sign out or close it.",
  signIn: "Sign in",
  signingIn: "Signing in…",
  signOut: "Sign out",
  tokenNeeded: "Enter the token.",
  // -- users
  filter: "Find by name",
  name: "User",
  active: "Images",
  inTrash: "In trash",
  size: "Size",
  first: "First image",
  last: "Last image",
  allUsers: (n: number) => count(n, "user", "users"),
  foundUsers: (n: number) => `${count(n, "user", "users")} found`,
  page: (at: number, of: number) => `Page ${number(at)} of ${number(of)}`,
  previous: "Previous page",
  next: "Next page",
  noUser: "No user has that in their name.",
  everybody: "Images of everybody",
  emptyTitle: "Nobody has images yet",
  emptyText: "Users appear here with their first image.",
  // -- images
  imagesOf: (user: string) => `Images of ${user}`,
  from: "From",
  to: "To",
  withTrash: "With trash",
  show: "Show",
  allDates: "All dates",
  purgeTheirs: "Purge their trash…",
  shownImages: (n: number, of: number | null) =>
    of === null ? `${count(n, "image", "images")} shown` : `${number(n)} of ${number(of)} shown`,
  more: "Show more",
  noImagesTitle: "No images here",
  noImagesText: "This user has none, or none in these dates.",
  toTrash: "Move to trash",
  restore: "Restore",
  trashed: "Moved to the trash.",
  restored: "Restored.",
  badge: "Trash",
  details: "Image",
  noThumbnail: "The thumbnail cannot be shown.",
  owner: "User",
  status: "Status",
  isActive: "active",
  isTrash: "in the trash",
  prompt: "Prompt",
  negative: "Negative prompt",
  model: "Model",
  seed: "Seed",
  created: "Created",
  deleted: "Deleted",
  purgeAt: "Purged after",
  dimensions: "Dimensions",
  kind: "Kind",
  kinds: { output: "image", input: "input", control: "control" } as Record<string, string>,
  file: "File name",
  // -- purging
  purgeTitle: "Purge the trash",
  purgeText:
    "Deletes for ever what is in the trash. You see what would go before anything does. Without this, trash goes by itself when its time is over.",
  whose: "User (empty: everybody)",
  olderThan: "In the trash for at least so many days",
  plan: "Show what would go",
  planning: "Looking…",
  planTitle: "What would go",
  planOf: (images: number, size: string, users: number) =>
    `${count(images, "image", "images")} (${size}) of ${count(users, "user", "users")}`,
  nothingToPurge: "Nothing in the trash matches.",
  typeCount: (n: number) => `Type ${number(n)} to delete them for ever`,
  purge: "Delete for ever",
  purging: "Deleting…",
  purged: (n: number) => `${count(n, "image", "images")} deleted for ever.`,
  planChanged: "The trash has changed meanwhile, and nothing was deleted. This is the new plan.",
  planOld: "The plan was too old, and nothing was deleted. This is the new plan.",
  // -- the server
  health: "Health",
  jobs: "Periodic jobs",
  storage: "Storage",
  catalog: "Catalog",
  reachable: "reachable",
  away: "away",
  free: "Free space",
  version: "Version",
  running: "Running since",
  processes: "Server processes",
  pids: (n: number, pids: string) => `${number(n)} (${pids})`,
  damaged: "Damaged originals (last reading)",
  damages: (damaged: number, missing: number, unreadable: number) =>
    `${number(damaged)} damaged, ${number(missing)} missing, ${number(unreadable)} unreadable`,
  quarantined: "In quarantine",
  moved: "Moves of the library",
  moves: (turns: number, reads: number) =>
    `${number(turns)}, ${count(reads, "original", "originals")} read where it was before`,
  neverMoved: "never",
  unknown: "unknown",
  leader: (host: string, pid: number) => `Done by process ${pid} on ${host}.`,
  noJobs: "No job has run yet.",
  job: "Job",
  began: "Began",
  took: "Took",
  figures: "Result",
  due: "Next",
  underWay: "under way",
  failed: (why: string) => `Failed: ${why}`,
  seconds: (n: string) => `${n} s`,
  jobNames: {
    upkeep: "Upkeep",
    walk: "Comparing files and lists",
    retention: "Purging old trash",
    tidying: "Tidying up",
    usage: "Noting the usage",
    scrub: "Reading originals again",
  } as Record<string, string>,
  figureNames: {
    may_purge: "may purge",
    images: "images",
    mended: "mended",
    noted: "to look at",
    damaged: "damaged",
    purged: "purged",
    bytes: "size",
    owners: "users",
    trash: "in trash",
  } as Record<string, string>,
  yes: "yes",
  no: "no",
  // -- usage
  range: "Time",
  lastDays: (n: number) => `Last ${count(n, "day", "days")}`,
  everything: "As long as is known",
  chartTitle: "Disk use by day",
  chartText: (from: string, then: string, to: string, now: string) =>
    from === to
      ? `${now} on ${to}.`
      : `${then} on ${from}, ${now} on ${to}. The table below has every day.`,
  asTable: "As a table",
  day: "Day (UTC)",
  // -- problems
  problems: {
    bad_token:
      "This is not the administrator’s token of this server. It is what GALLERY_ADMIN_TOKEN is set to; while that is not set nobody can sign in: set it to 16 characters or more, and restart the server.",
    wrong_role:
      "This is the token of pipelines (GALLERY_SERVICE_TOKEN). This page needs that of administrators (GALLERY_ADMIN_TOKEN).",
    token_missing: "The server asks for the token again.",
    bad_parameter: "The server does not understand this: look at the user’s name and the dates.",
    bad_body: "The server does not understand this: look at the user’s name and the days.",
    unavailable: "The storage or the catalog is away. Section Server may tell more.",
    unknown_path: "This server does not have this yet. Restart it with the newest version.",
    internal: "The server failed. Its log says why.",
  } as Record<string, string>,
};

export type Texts = typeof en;

export const t: Texts = inTwo(en, ko);

/** As on every page. */
export const { loading, retry, undo, untitled } = shared;
