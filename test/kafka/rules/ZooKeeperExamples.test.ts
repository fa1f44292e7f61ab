/** What a ZooKeeper server answers and whom it tells, what its client makes of that, and when a session ends. */
import { expect, it } from "vitest"
import { examples as ofClients } from "./ZooKeeperClientExamples.ts"
import { examples } from "./ZooKeeperExamples.ts"

it.each([...examples, ...ofClients])("$sentence", ({ expected, says }) => {
  expect(says()).toEqual(expected)
})
