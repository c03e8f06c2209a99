// What is known of an image, as the drawer lists it.

import type { Image } from "../api";
import { bytes, moment } from "../formats";
import { t } from "./texts";

export interface Fact {
  name: string;
  text: string;
  /** Long texts stand on their own. */
  isLong?: boolean;
}

/** How generators write their own names. */
const GENERATORS: Record<string, string> = {
  comfyui: "ComfyUI",
  a1111: "AUTOMATIC1111",
  invokeai: "InvokeAI",
  swarmui: "SwarmUI",
  fooocus: "Fooocus",
  novelai: "NovelAI",
};

export function factsOf(image: Image): Fact[] {
  const { width, height, source } = image;
  const isTrashed = image.status === "trash";
  const all: [string, string | null | undefined, boolean?][] = [
    [t.prompt, image.prompt, true],
    [t.negative, image.negative_prompt, true],
    [t.seed, image.seed?.toString()],
    [t.model, image.model],
    [t.source, source === "unknown" ? null : source && (GENERATORS[source] ?? source)],
    [t.workflow, image.workflow_id],
    [t.dimensions, width && height ? `${width} × ${height}` : null],
    [t.ratio, image.aspect_ratio],
    [t.size, bytes(image.bytes)],
    [t.file, image.original_filename],
    [t.created, moment(image.created_at)],
    [t.deleted, isTrashed && image.deleted_at ? moment(image.deleted_at) : null],
    [t.purged, isTrashed && image.purge_at ? moment(image.purge_at) : null],
  ];
  return all
    .filter((fact): fact is [string, string, boolean?] => Boolean(fact[1]))
    .map(([name, text, isLong = false]) => ({ name, text, isLong }));
}
