// One image, over the page that it belongs to.

export function Viewer({ id }: { id: string }) {
  return <div class="viewer" data-id={id} />;
}
