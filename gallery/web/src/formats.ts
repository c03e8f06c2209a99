// Numbers, sizes and dates, as the browser's language writes them.

export const lang: "en" | "ko" = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";

/** English dates and numbers are those of the reader's own English. */
const locale = navigator.language.toLowerCase().startsWith(lang) ? navigator.language : lang;
const numbers = new Intl.NumberFormat(locale);
const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const relatives = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const thisYear = new Date().getFullYear();

export const number = (n: number): string => numbers.format(n);
export const moment = (iso: string): string => moments.format(new Date(iso));
export const percent = (part: number): string =>
  new Intl.NumberFormat(locale, { style: "percent" }).format(part);
export const count = (n: number, one: string, many: string): string =>
  `${number(n)} ${n === 1 ? one : many}`;

/** In so many days, or so many days ago. */
export const inDays = (days: number): string => relatives.format(days, "day");

/** A day as `2026-03-14`, which is no moment: it is read and written as UTC. */
export function date(day: string): string {
  const year = Number(day.slice(0, 4)) === thisYear ? null : ("numeric" as const);
  return new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    weekday: "short",
    day: "numeric",
    month: "long",
    ...(year && { year }),
  }).format(new Date(`${day}T00:00:00Z`));
}

/** A day as `2026-03-14`, as short as it may be. */
export const shortDate = (day: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone: "UTC", dateStyle: "medium" }).format(
    new Date(`${day}T00:00:00Z`),
  );

/** A number as people type it: `1,204` is 1204, and wide digits are digits. */
export function typed(text: string): number | null {
  const digits = text.normalize("NFKC").replace(/[\s,.']/g, "");
  return /^\d+$/.test(digits) ? Number(digits) : null;
}

/** A month as `2026-03`. */
export function month(name: string): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: "UTC", month: "short" };
  return new Intl.DateTimeFormat(locale, options).format(new Date(`${name}-01T00:00:00Z`));
}

export function bytes(n: number): string {
  const [unit, by]: [string, number] =
    n < 1e6 ? ["kilobyte", 1e3] : n < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  const options: Intl.NumberFormatOptions = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(locale, options).format(n / by);
}
