import { expect, test } from "vitest";

import { meanOf } from "./Placeholder";

test("the mean colour of a blurhash is read from its digits", () => {
  expect(meanOf("LEHV6nWB2yk8pyo0adR*.7kCMdnj")).toBe("rgb(151 150 149)");
  expect(meanOf("?")).toBeUndefined();
  expect(meanOf(null)).toBeUndefined();
});
