// What differs between the two, as a table; prompts by their words.

import type { Image } from "../api";
import { differences, type Difference } from "./differences";
import { t } from "./texts";
import { differ, type Piece } from "./words";

export function Table({ first, second }: { first: Image; second: Image }) {
  const rows = differences(first, second);
  return (
    <section class="differences" aria-labelledby="differences">
      <h2 id="differences">{t.differences}</h2>
      {rows.length ? (
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">{t.first}</th>
              <th scope="col">{t.second}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <Cells row={row} />
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p>{t.none}</p>
      )}
    </section>
  );
}

function Cells({ row: { first, second, isLong } }: { row: Difference }) {
  if (!isLong || first === null || second === null) {
    return (
      <>
        <td data-of={t.first}>{first ?? <Unknown />}</td>
        <td data-of={t.second}>{second ?? <Unknown />}</td>
      </>
    );
  }
  const pieces = differ(first, second);
  return (
    <>
      <td data-of={t.first}>
        <Words pieces={pieces} side="first" />
      </td>
      <td data-of={t.second}>
        <Words pieces={pieces} side="second" />
      </td>
    </>
  );
}

const Unknown = () => <span class="unknown">{t.nothing}</span>;

function Words({ pieces, side }: { pieces: Piece[]; side: "first" | "second" }) {
  const own = pieces.filter((piece) => piece.side === side || piece.side === "both");
  return (
    <>
      {own.map(({ text, side: of }, index) =>
        of === "both" || !text.trim() ? text : <Mark key={index} text={text} side={side} />,
      )}
    </>
  );
}

const Mark = ({ text, side }: { text: string; side: "first" | "second" }) =>
  side === "first" ? <del>{text}</del> : <ins>{text}</ins>;
