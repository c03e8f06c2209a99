// What this browser keeps for the page, where it may keep anything: it may also refuse to.

type Where = "localStorage" | "sessionStorage";

export function kept(where: Where, name: string): string | null {
  try {
    return globalThis[where].getItem(name);
  } catch {
    return null;
  }
}

/** Where nothing may be kept, it holds as long as the page does. Null is nothing. */
export function keep(where: Where, name: string, value: string | null): void {
  try {
    if (value === null) globalThis[where].removeItem(name);
    else globalThis[where].setItem(name, value);
  } catch {
    // Refused.
  }
}
