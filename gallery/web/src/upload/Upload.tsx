// Files that are dropped, pasted or picked, and what becomes of them.

export function Upload() {
  return null;
}
