// How a day is called.

import { date } from "../formats";
import { t } from "../i18n";
import { daysBefore, today } from "../today";

export function dateName(day: string): string {
  if (day === today.value) return t.today;
  if (day === daysBefore(today.value, 1)) return t.yesterday;
  return date(day);
}
