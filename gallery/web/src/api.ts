/** The gallery's API, as docs/api.md describes it. Nothing else calls fetch. */

export interface Image {
  id: string;
  prompt: string;
  width: number | null;
  height: number | null;
  blurhash: string | null;
  thumb_url: string;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** What an answer that is no success says, after RFC 9457. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
    this.name = "Problem";
  }
}

export function images(): Promise<Page<Image>> {
  return get<Page<Image>>("/api/v1/images?cursor=&size=100");
}

async function get<Answer>(url: string): Promise<Answer> {
  const answer = await fetch(url);
  if (answer.ok) return (await answer.json()) as Answer;
  const { code, detail } = (await answer.json()) as { code: string; detail: string };
  throw new Problem(answer.status, code, detail);
}
