// The rubber band, as it is drawn.

import { band } from "./drag";

export function Band() {
  const rect = band.value;
  if (!rect) return null;
  const { left, top, right, bottom } = rect;
  const box = { left, top, width: right - left, height: bottom - top };
  return <div class="band" style={box} aria-hidden="true" />;
}
