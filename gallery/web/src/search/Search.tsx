// Words and filters, as they stand in the URL.

export function Search() {
  return null;
}
