/** Tests that need TLC: skipped with one clear line where there is no Java or no TLC, a failure there in CI. */
import { describe, it } from "vitest"
import { resolveTlc } from "../packages/tla-tools-runner/src/index.ts"

const reason = await resolveTlc().then(
  () => undefined,
  (error: unknown) => error instanceof Error ? error.message : String(error)
)
if (reason !== undefined && process.env["CI"] === "true") {
  throw new Error(`tests that need TLC cannot run in CI: ${reason}`)
}
if (reason !== undefined) console.warn(`tests that need TLC are skipped: ${reason}`)

export const describeTlc = describe.skipIf(reason !== undefined)
export const itTlc = it.skipIf(reason !== undefined)
