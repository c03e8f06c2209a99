// What was deleted, with the days that are left.

export function TrashPage() {
  return <main id="main" tabIndex={-1} />;
}
