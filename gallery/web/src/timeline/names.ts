// How a day is called.

import { date } from "../formats";
import { t } from "../i18n";
import { dayOf } from "../matching";

const DAY = 86_400_000;

export function dateName(day: string): string {
  if (day === dayOf(Date.now())) return t.today;
  if (day === dayOf(Date.now() - DAY)) return t.yesterday;
  return date(day);
}
