// What can be known of a file before it is sent.

import { Problem, type Me } from "../api";

const NAMES = /\.(png|jpe?g|jfif|webp)$/i;
const TYPES = /^image\/(png|jpeg|webp)$/;
/** As many bytes as tell a file's type. */
const FIRST = 12;

export const isNamedImage = ({ name, type }: File): boolean =>
  TYPES.test(type) || (!type && NAMES.test(name));

/** Raises Problem. */
export async function check(file: File, me: Me | null): Promise<void> {
  if (!isNamedImage(file)) throw refused("unsupported_image");
  if (!file.size) throw refused("empty");
  if (me) checkRoom(file.size, me);
  let first: Uint8Array;
  try {
    first = new Uint8Array(await file.slice(0, FIRST).arrayBuffer());
  } catch {
    throw refused("unreadable");
  }
  if (!isImage(first)) throw refused("unsupported_image");
}

function checkRoom(size: number, { bytes, count, quota, max_upload_bytes }: Me): void {
  if (size > max_upload_bytes) throw refused("body_too_large");
  if (quota.bytes !== null && bytes + size > quota.bytes) throw refused("quota_bytes");
  if (quota.count !== null && count + 1 > quota.count) throw refused("quota_count");
}

/** A file may be named as it likes: its first bytes tell. */
export function isImage(first: Uint8Array): boolean {
  const text = String.fromCharCode(...first);
  return (
    text.startsWith("\x89PNG\r\n\x1a\n") ||
    text.startsWith("\xff\xd8\xff") ||
    (text.startsWith("RIFF") && text.startsWith("WEBP", 8))
  );
}

/** As the server would refuse it. */
const refused = (code: string): Problem => new Problem(415, code, "");
