// Which images are selected.

import { computed, signal } from "@preact/signals";

export const selected = signal<ReadonlySet<string>>(new Set());
export const isSelecting = computed(() => selected.value.size > 0);

export function toggle(id: string): void {
  const next = new Set(selected.peek());
  if (!next.delete(id)) next.add(id);
  selected.value = next;
}

export function selectNone(): void {
  selected.value = new Set();
}
