// Selects all images of a day.

import { t } from "../i18n";
import type { Day } from "../layout/day";
import { attempt } from "../ui/Toasts";
import { toggleDay } from "./selection";

interface Props {
  day: Day;
  name: string;
  isChecked: boolean;
}

export function DayCheck({ day, name, isChecked }: Props) {
  return (
    <button
      type="button"
      class="check day-check"
      role="checkbox"
      aria-checked={isChecked}
      aria-label={t.selectDay(name)}
      onClick={() => void attempt(() => toggleDay(day))}
    />
  );
}
