// Which images the dialog of tags is open for.

import { signal } from "@preact/signals";

import type { Which } from "../changes";

export const tagging = signal<Which | null>(null);
