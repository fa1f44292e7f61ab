/** Kafka's registers as znodes: where they stand, how they are asked for, what an answer says of them. */
import { expect, it } from "vitest"
import { examples } from "./ZnodeExamples.ts"

it.each(examples)("$sentence", ({ expected, says }) => {
  expect(says()).toEqual(expected)
})
