// Two images beside each other.

export function Compare({ ids }: { ids: [string, string] }) {
  return <div class="compare" data-ids={ids.join(" ")} />;
}
