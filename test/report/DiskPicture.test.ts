import { expect, it } from "vitest"
import { lines } from "../../src/report/DiskPicture.ts"

it("shows each file as a process sees it and as a power cut would leave it", () => {
  const bytes = (...numbers: ReadonlyArray<number>) => Uint8Array.from(numbers)
  const volatile = new Map([["/a", bytes(1, 2)], ["/b", bytes(1, 2, 3)], ["/c", bytes(1)], ["/d", bytes(9)]])
  const durable = new Map([["/a", bytes(1, 2)], ["/b", bytes(1)], ["/d", bytes(8)], ["/e", bytes(1)]])
  expect(lines({ volatile, durable, unsynced: 5 })).toEqual([
    "/a  2 bytes, durable",
    "/b  3 bytes, durable 1",
    "/c  1 bytes, its name not durable",
    "/d  1 bytes, durable 1 of other contents",
    "/e  removed, durable 1 bytes",
    "5 pieces not durable"
  ])
})
