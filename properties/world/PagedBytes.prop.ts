/** Images that share pages behave like arrays that share nothing. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { PagedBytes } from "../../src/world/simulated/PagedBytes.ts"

const place = fc.oneof({ weight: 3, arbitrary: fc.nat(20) }, { weight: 2, arbitrary: fc.nat(9_000) })
const step = fc.oneof(
  fc.record({ _tag: fc.constant("Put" as const), image: fc.nat(99), position: place, length: place }),
  fc.record({ _tag: fc.constant("Cut" as const), image: fc.nat(99), size: place }),
  fc.record({ _tag: fc.constant("Grow" as const), image: fc.nat(99), size: place }),
  fc.record({ _tag: fc.constant("Clone" as const), image: fc.nat(99) })
)

/** Blocks and size apart, as in `PagedBytes`: what lies beyond the size shows once it is covered. */
interface Twin {
  readonly blocks: Map<number, number>
  size: number
}

it("a write to one image is seen in no other, whichever was cloned from which", () => {
  let copiedThenWritten = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25, size: "max" }), (steps) => {
      const images = [new PagedBytes()]
      const twins: Array<Twin> = [{ blocks: new Map(), size: 0 }]
      steps.forEach((each, index) => {
        const at = Math.floor(each.image * images.length / 100)
        const [image, twin] = [images[at]!, twins[at]!]
        switch (each._tag) {
          case "Put":
            image.put(each.position, new Uint8Array(each.length).fill(index + 1))
            for (let byte = 0; byte < each.length; byte++) twin.blocks.set(each.position + byte, index + 1)
            if (images.length > 1) copiedThenWritten++
            break
          case "Cut":
            image.cut(each.size)
            for (const position of [...twin.blocks.keys()]) if (position >= each.size) twin.blocks.delete(position)
            twin.size = each.size
            break
          case "Grow":
            image.size = Math.max(image.size, each.size)
            twin.size = Math.max(twin.size, each.size)
            break
          case "Clone":
            images.push(image.clone())
            twins.push({ blocks: new Map(twin.blocks), size: twin.size })
        }
      })
      images.forEach((image, at) => {
        const { blocks, size } = twins[at]!
        const expected = Uint8Array.from({ length: size }, (_, position) => blocks.get(position) ?? 0)
        expect(Buffer.compare(image.read(0, image.size), expected)).toBe(0)
        const middle = Math.floor(size / 3)
        expect(Buffer.compare(image.read(middle, 5_000), expected.subarray(middle, middle + 5_000))).toBe(0)
      })
    }),
    { numRuns: 150 }
  )
  expect(copiedThenWritten).toBeGreaterThan(100)
})
