/**
 * What the tests share: the specs, and whether TLC can run here at all.
 *
 * The decision: without Java or TLC the tests that need them are skipped, with one line that says so. Where CI is true
 * nothing is skipped: what is missing there is a failure.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe } from "vitest"
import { resolveTlc } from "../src/index.ts"
import { javaVersion } from "../src/Java.ts"

const here = dirname(fileURLToPath(import.meta.url))

/** The package's folder. */
export const packageFolder = dirname(here)

/** The path of one of the specs of these tests. */
export const spec = (name: string): string => join(here, "specs", `${name}.tla`)

export const isCi = process.env["CI"] === "true"

// A JVM that lives for a second spends most of it in its second compiler.
process.env["JDK_JAVA_OPTIONS"] ??= "-XX:TieredStopAtLevel=1"

const missing = async (): Promise<string | undefined> => {
  try {
    await javaVersion({})
    await resolveTlc()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const reason = await missing()
if (reason !== undefined && isCi) throw new Error(`tests that need TLC cannot run in CI: ${reason}`)
if (reason !== undefined) console.warn(`tests that need TLC are skipped: ${reason}`)

/** A group of tests that run TLC. */
export const describeTlc = describe.skipIf(reason !== undefined)

/** Whether a command is there. */
export const hasCommand = (name: string, arg: string): boolean => {
  try {
    execFileSync(name, [arg], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** A folder that is removed after the tests of this file. */
export const temporaryFolder = (prefix = "ttr-test-"): string => {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
