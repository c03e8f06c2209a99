import { expect, test } from "vitest";

import type { Me } from "../api";
import { check, isNamedImage } from "./checks";

const PNG = "\x89PNG\r\n\x1a\n....";
const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const file = (content: string, name = "a.png", type = "image/png"): File =>
  new File([bytes(content)], name, { type });
const me = (more: object = {}): Me =>
  ({
    bytes: 0,
    count: 0,
    quota: { bytes: null, count: null },
    max_upload_bytes: 100,
    ...more,
  }) as Me;

test.each([PNG, "\xff\xd8\xff\xe0........", "RIFF\x10\0\0\0WEBP"])(
  "what begins as an image is one: %j",
  async (content) => {
    await expect(check(file(content), me())).resolves.toBeUndefined();
  },
);

test.each([
  ["a text that was renamed", file("These are words"), "unsupported_image"],
  ["another RIFF", file("RIFF\x10\0\0\0WAVE"), "unsupported_image"],
  ["what the system calls a PDF", file(PNG, "a.pdf", "application/pdf"), "unsupported_image"],
  ["an empty file", file(""), "empty"],
  ["a file that is too large", file(PNG.padEnd(101)), "body_too_large"],
])("refuses %s", async (_, wrong, code) => {
  await expect(check(wrong, me())).rejects.toMatchObject({ code });
});

test("what has no room is not sent", async () => {
  const full = me({ bytes: 95, quota: { bytes: 100, count: null } });
  await expect(check(file(PNG), full)).rejects.toMatchObject({ code: "quota_bytes" });
  const many = me({ count: 3, quota: { bytes: null, count: 3 } });
  await expect(check(file(PNG), many)).rejects.toMatchObject({ code: "quota_count" });
});

test("a file that can't be read is not sent", async () => {
  const moved = file(PNG);
  moved.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) as Blob;
  await expect(check(moved, me())).rejects.toMatchObject({ code: "unreadable" });
});

test("a name tells where the system doesn't", () => {
  expect(isNamedImage(file("", "A.JPG", ""))).toBe(true);
  expect(isNamedImage(file("", "notes.txt", ""))).toBe(false);
});
