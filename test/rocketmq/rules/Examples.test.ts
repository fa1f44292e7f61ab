/** Rules of a client that no state of a model holds. */
import { expect, it } from "vitest"
import { examples } from "./Examples.ts"

it.each(examples)("$sentence", ({ expected, says }) => {
  expect(says()).toEqual(expected)
})
