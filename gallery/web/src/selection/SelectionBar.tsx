// What is selected, and what can be done with it.

export function SelectionBar() {
  return null;
}
