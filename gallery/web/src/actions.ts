// What people do to images, one or thousands: shown at once, with a way back.
//
// None of these raises: what fails is put back and said.

import {
  getImage,
  patchImage,
  patchImageAt,
  Problem,
  purgeImage,
  restoreImage,
  trashImage,
} from "./api";
import type { Image } from "./api";
import { change, inTurn, sizeOf, type Change, type Which } from "./changes";
import { imageOf } from "./images";
import { apply, applyAll, gone, me } from "./store";
import { t } from "./texts/actions";
import { confirm } from "./ui/Dialog";
import { attempt, tell } from "./ui/Toasts";
import { offer } from "./undo";

export { undoLast } from "./undo";

const DAY = 86_400_000;
const MOST_DOWNLOADS = 100;
/** Between two downloads: browsers drop those that come too fast. */
const PAUSE_MS = 400;

export const trash = (which: Which): Promise<void> =>
  change(which, {
    action: "delete",
    to: trashed,
    leave: true,
    one: trashImage,
    back: ({ id }) => restoreImage(id),
    text: t.trashed,
  });

export const restore = (which: Which): Promise<void> =>
  change(which, {
    action: "restore",
    to: active,
    leave: true,
    one: restoreImage,
    back: ({ id }) => trashImage(id),
    text: t.restored,
  });

/** One image shows its heart, which says enough; of many it is said. */
export const setFavorite = (which: Which, on: boolean): Promise<void> =>
  change(which, {
    action: "favorite",
    more: { value: on },
    to: (image) => ({ ...image, favorite: on }),
    one: (id) => patchImage(id, { favorite: on }),
    back: ({ id, favorite }) => patchImage(id, { favorite }),
    ...(sizeOf(which) > 1 && { text: on ? t.favorite : t.unfavorite }),
  });

export const addTags = (which: Which, tags: readonly string[]): Promise<void> =>
  retag(which, "tag", tags, t.tagged, (old) => [...new Set([...old, ...tags])]);

export const removeTags = (which: Which, tags: readonly string[]): Promise<void> =>
  retag(which, "untag", tags, t.untagged, (old) => old.filter((tag) => !tags.includes(tag)));

/** Of one image too as a change of many: so the server adds to the tags that there are, and what is
 * undone is this change, and not one that came after it. */
async function retag(
  which: Which,
  action: "tag" | "untag",
  tags: readonly string[],
  text: Change["text"] & object,
  to: (tags: string[]) => string[],
): Promise<void> {
  if (!tags.length) return;
  await change(which, {
    action,
    more: { tags: [...tags] },
    to: (image) => ({ ...image, tags: to(image.tags) }),
    text,
  });
}

/** Edits the whole list of one image's tags, as it is when what was asked for earlier is answered.
 * Changed elsewhere meanwhile, it is shown and said. */
export const editTags = (id: string, edit: (tags: string[]) => string[]): Promise<void> =>
  attempt(() => inTurn(() => setTags(id, edit)));

async function setTags(id: string, edit: (tags: string[]) => string[]): Promise<void> {
  const before = imageOf(id);
  if (!before) return;
  const tags = edit(before.tags);
  apply({ ...before, tags });
  try {
    const now = await patchImageAt(id, before.rev, { tags });
    apply(now);
    offer(() => inTurn(() => giveBackTags(before, now.tags)));
  } catch (error) {
    apply(before);
    getImage(id).then(apply, () => undefined);
    throw error;
  }
}

/** Unless somebody has changed them since: the revision alone may tell of one's own later changes. */
async function giveBackTags({ id, tags }: Image, left: readonly string[]): Promise<void> {
  const now = await getImage(id);
  if (now.tags.length !== left.length || now.tags.some((tag, n) => tag !== left[n])) {
    throw new Problem(412, "precondition_failed", "Its tags were changed meanwhile");
  }
  apply(await patchImageAt(id, now.rev, { tags }));
}

/** Deletes for ever, once that was confirmed. Gives whether it was. */
export const purge = (id: string): Promise<boolean> => purgeAll([id]);

export async function purgeAll(ids: readonly string[]): Promise<boolean> {
  const [title, text] = [t.purgeTitle(ids.length), t.purgeText];
  if (!(await confirm({ title, text, label: t.purge, isDanger: true }))) return false;
  let count = 0;
  await attempt(async () => {
    for (const id of ids) {
      const before = imageOf(id);
      gone(id);
      try {
        await purgeImage(id);
        count++;
      } catch (error) {
        if (before) applyAll([before]);
        throw error;
      }
    }
  });
  if (count) tell(t.purged(count));
  return count > 0;
}

/** The originals, one file after the other. */
export async function download(ids: readonly string[]): Promise<void> {
  if (ids.length > MOST_DOWNLOADS) {
    tell(t.tooManyDownloads(MOST_DOWNLOADS));
    return;
  }
  if (ids.length > 1) tell(t.downloading(ids.length));
  await attempt(async () => {
    for (const [index, id] of ids.entries()) {
      if (index) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      save(imageOf(id) ?? (await getImage(id)));
    }
  });
}

function save(image: Image): void {
  const link = document.createElement("a");
  link.href = `${image.url}?download=1`;
  link.download = image.original_filename ?? "";
  document.body.append(link);
  link.click();
  link.remove();
}

function trashed(image: Image): Image {
  const days = me.peek()?.retention_days ?? 30;
  const now = Date.now();
  return {
    ...image,
    status: "trash",
    deleted_at: new Date(now).toISOString(),
    purge_at: new Date(now + days * DAY).toISOString(),
  };
}

const active = (image: Image): Image => ({ ...image, status: "active", deleted_at: null });
