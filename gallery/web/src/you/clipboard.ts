// Copying, also where the page came without TLS and has no clipboard of its own.

/** Whether it was copied; the field is selected if not. */
export async function copyFrom(field: HTMLInputElement): Promise<boolean> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Old, and the only way without TLS.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    return document.execCommand("copy");
  }
}
