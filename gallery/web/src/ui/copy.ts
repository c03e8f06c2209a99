// Copying of texts, also where browsers hide the clipboard: without TLS.

export async function copy(text: string): Promise<boolean> {
  // Older types say that it is always there.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  try {
    if (!clipboard) return copyBySelecting(text);
    await clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelecting(text);
  }
}

function copyBySelecting(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.value = text;
  field.readOnly = true;
  // Inside of what has the focus: what lies below a dialog can't take it.
  (focused?.closest("[role=dialog], dialog") ?? document.body).append(field);
  field.select();
  // Nothing else copies where there is no clipboard.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const isDone = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return isDone;
}
