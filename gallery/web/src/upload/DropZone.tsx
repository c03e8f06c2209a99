// Files that are dropped or pasted anywhere.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { attempt, tell } from "../ui/Toasts";
import { Icon } from "../ui/Icon";
import { filesOf } from "./dropped";
import { drawerName, t } from "./texts";
import { drawer, queue } from "./uploads";

const hasFiles = (data: DataTransfer | null): boolean => data?.types.includes("Files") ?? false;

export function DropZone() {
  const isOver = useSignal(false);
  useEffect(() => {
    const onOver = (event: DragEvent): void => {
      if (!event.dataTransfer || !hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      isOver.value = true;
    };
    const onLeave = ({ relatedTarget }: DragEvent): void => {
      if (!relatedTarget) isOver.value = false;
    };
    const onDrop = (event: DragEvent): void => {
      isOver.value = false;
      if (!event.dataTransfer || !hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      void attempt(() => take(event.dataTransfer));
    };
    const onPaste = (event: ClipboardEvent): void => {
      // Copied words may come with a picture of themselves.
      if (!hasFiles(event.clipboardData) || event.clipboardData?.types.includes("text/plain")) {
        return;
      }
      event.preventDefault();
      void attempt(() => take(event.clipboardData));
    };
    addEventListener("dragenter", onOver);
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("dragenter", onOver);
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
      removeEventListener("paste", onPaste);
    };
  }, [isOver]);
  if (!isOver.value) return null;
  return (
    <div class="drop" aria-hidden="true">
      <div>
        <Icon name="upload" />
        <strong>{t.dropTitle(drawerName(drawer()))}</strong>
        <span>{t.dropText}</span>
      </div>
    </div>
  );
}

async function take(data: DataTransfer | null): Promise<void> {
  const kind = drawer();
  const files = data ? await filesOf(data) : [];
  if (files.length) queue.add(files, kind);
  else tell(t.nothing);
}
