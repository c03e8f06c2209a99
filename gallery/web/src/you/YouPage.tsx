// Whose gallery this is: its room, and how to take it along.

export function YouPage() {
  return <main id="main" tabIndex={-1} />;
}
