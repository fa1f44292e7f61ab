/**
 * What works here: which TLC, which Java, and whether check, graph and oracle do what they should.
 *
 * The decision: nothing is inferred from a version. Each of the three is run on a spec of two states, and its answer is
 * compared with the one that is right.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { check } from "./Check.ts"
import { graph } from "./Graph.ts"
import { cacheFolder, resolveTlc, type Tlc, type TlcOptions } from "./Jar.ts"
import { javaCommand, type JavaOptions, javaVersion } from "./Java.ts"
import { oracle } from "./Oracle.ts"

/** One thing that works, or the line that says what to do. */
export interface Finding {
  readonly works: boolean
  readonly detail: string
}

/** What `doctor` found. */
export interface Diagnosis {
  readonly java: Finding & { readonly command: string }
  readonly tlc: Finding & {
    readonly jar: string | undefined
    readonly sha256: string | undefined
    readonly source: Tlc["source"] | undefined
  }
  readonly check: Finding
  readonly graph: Finding
  readonly oracle: Finding
  readonly cache: string
}

const spec = `---- MODULE Doctor ----
VARIABLE light
Init == light = "off"
Switch(to) == light # to /\\ light' = to
Next == \\E to \\in {"on", "off"} : Switch(to)
Spec == Init /\\ [][Next]_light
====
`

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

const finding = async (probe: () => Promise<string>): Promise<Finding> => {
  try {
    return { works: true, detail: await probe() }
  } catch (error) {
    return { works: false, detail: messageOf(error) }
  }
}

const wrong = (what: string): never => {
  throw new Error(`TLC answered something else: ${what}`)
}

const probeCheck = async (file: string, options: TlcOptions & JavaOptions): Promise<string> => {
  const found = await check(file, { ...options, invariants: ["light = \"off\""] }).result
  return found.verdict === "safety" && found.trace?.states[1]?.values["light"] === "on"
    ? `TLC ${found.version}`
    : wrong(`${found.verdict} ${found.message ?? ""}`)
}

const probeGraph = async (file: string, options: TlcOptions & JavaOptions): Promise<string> => {
  const found = await graph(file, { ...options, specification: "Spec" }).visit({})
  const labels = found.labels.map(({ action, parameters }) => `${action}(${parameters.join()})`).sort().join(" ")
  return found.states === 2 && found.edges === 2 && labels === "Switch(off) Switch(on)"
    ? "states, and edges with parameters"
    : wrong(`${found.states} states, ${found.edges} edges, ${labels}`)
}

const probeOracle = async (file: string, options: TlcOptions & JavaOptions): Promise<string> => {
  const running = await oracle(file, { ...options, specification: "Spec" })
  try {
    const found = await running.trace({ light: "off" }, [
      { action: "Switch", parameters: ["on"], state: { light: "on" } },
      { action: "Switch", parameters: ["on"] }
    ])
    return found.accepted === 1 && found.refused?.reason === "not-enabled"
      ? "steps, and refusals"
      : wrong(JSON.stringify(found))
  } finally {
    await running.close()
  }
}

/** Tries everything; never fails. */
export const doctor = async (options: TlcOptions & JavaOptions = {}): Promise<Diagnosis> => {
  let tlc: Tlc | undefined
  const java = await finding(() => javaVersion(options))
  const jar = await finding(async () => {
    tlc = await resolveTlc(options)
    return `${tlc.jar} (${tlc.source})`
  })
  const folder = mkdtempSync(join(tmpdir(), "tla-tools-runner-"))
  const file = join(folder, "Doctor.tla")
  writeFileSync(file, spec)
  try {
    return {
      java: { ...java, command: javaCommand(options) },
      tlc: { ...jar, jar: tlc?.jar, sha256: tlc?.sha256, source: tlc?.source },
      check: await finding(() => probeCheck(file, options)),
      graph: await finding(() => probeGraph(file, options)),
      oracle: await finding(() => probeOracle(file, options)),
      cache: cacheFolder()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
