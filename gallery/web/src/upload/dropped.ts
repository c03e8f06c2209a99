// The files of what was dropped, which may be folders.

import { isNamedImage } from "./checks";

/** Of a folder only what is named as an image: it may hold anything. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  // Entries and files can only be asked for while the event lasts.
  const given = Array.from(data.items)
    .filter(({ kind }) => kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: File[] = [];
  for (const { entry, file } of given) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
    else if (file) found.push(file);
  }
  return found;
}

async function walk(folder: FileSystemDirectoryEntry, found: File[]): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // A reader gives some at a time, and none when it is through.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!entries.length) return;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject),
        );
        if (isNamedImage(file)) found.push(file);
      }
    }
  }
}
