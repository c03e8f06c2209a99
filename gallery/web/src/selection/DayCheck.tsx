// Selects all images of a day.

import { t } from "../i18n";
import type { Day } from "../layout/day";
import { attempt } from "../ui/Toasts";
import { isWhole, toggleDay } from "./selection";

export function DayCheck({ day, name }: { day: Day; name: string }) {
  return (
    <button
      type="button"
      class="check day-check"
      role="checkbox"
      aria-checked={isWhole(day)}
      aria-label={t.selectDay(name)}
      onClick={() => void attempt(() => toggleDay(day))}
    />
  );
}
