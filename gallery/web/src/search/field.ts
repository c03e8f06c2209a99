// The field for words, which a key leads to.

export const FIELD = "search";

/** Whether there is one on this page. */
export function focusSearch(): boolean {
  const field = document.getElementById(FIELD) as HTMLInputElement | null;
  field?.focus();
  field?.select();
  return field !== null;
}
