// What the server answers, as docs/api.md has it.

export type Kind = "output" | "input" | "control";
export type Status = "active" | "trash";

export interface Image {
  id: string;
  owner: string;
  kind: Kind;
  status: Status;
  url: string;
  thumb_url: string;
  direct_url?: string;
  direct_thumb_url?: string;
  created_at: string;
  deleted_at: string | null;
  purge_at?: string;
  rev: number;
  width: number | null;
  height: number | null;
  bytes: number;
  mime: string;
  blurhash: string | null;
  aspect_ratio: string | null;
  prompt: string | null;
  negative_prompt?: string | null;
  seed: number | null;
  model?: string | null;
  source?: string | null;
  workflow_id: string | null;
  original_filename: string | null;
  tags: string[];
  favorite: boolean;
  parents?: string[] | null;
}

/** The filters of a list, as the server names them. */
export interface Filters {
  q?: string;
  from_date?: string;
  to_date?: string;
  aspect_ratio?: string;
  tag?: string;
  workflow_id?: string;
  favorite?: "1" | "0";
}

export interface Page {
  items: Image[];
  page: number;
  size: number;
  total: number | null;
  next_cursor: string | null;
}

export interface DayCount {
  date: string;
  count: number;
}

export interface Counts {
  active: number;
  trash: number;
  bytes: number;
}

export interface Me {
  owner: string;
  counts: Record<Kind, Counts>;
  bytes: number;
  count: number;
  quota: { bytes: number | null; count: number | null };
  retention_days: number;
  max_upload_bytes: number;
}

/** What the images of a kind have in common, by how many have it. */
export interface Facets {
  /** How many were looked at, the newest; `complete` if these are all. */
  images: number;
  complete: boolean;
  favorites: number;
  tags: Facet[];
  workflows: Facet[];
  aspect_ratios: Facet[];
}

export interface Facet {
  name: string;
  count: number;
}

/** Signs another browser in as the same owner. */
export interface RecoveryLink {
  id: string;
  name: string | null;
  made_at: string;
  used_at: string | null;
  /** Only when it was made just now. */
  url?: string;
}

export interface Whole {
  owner: string;
  count: number;
  bytes: number;
}

export interface Recovered extends Whole {
  /** The gallery that this browser has had, and how many links lead back to it. */
  present: (Whole & { links: number }) | null;
  signed_in: boolean;
}

export type BulkAction = "delete" | "restore" | "tag" | "untag" | "favorite";
/** The filters of a list, as JSON has them. */
export type BulkFilter = Omit<Filters, "favorite"> & {
  favorite?: boolean;
  kind?: Kind;
  status?: Status;
  tz?: string;
};
export type Target = { ids: readonly string[] } | { filter: BulkFilter };

export interface Bulk {
  op: string;
  action: BulkAction;
  total: number;
  done: number;
  unchanged: number;
  not_found: number;
  failed: number;
  finished: boolean;
  outcomes: { id: string; outcome: string; rev: number | null; code?: string }[];
}

export interface Undo {
  op: string;
  total: number;
  undone: number;
  changed: number;
  gone: number;
  failed: number;
  outcomes: { id: string; outcome: string; rev: number | null }[];
}
