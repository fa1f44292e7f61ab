/** The real software by Maven: its jars and the oracle compiled against them, once, in the checkout's cache. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"

const here = import.meta.dirname
const cache = join(here, "..", "..", ".cache", "real")

/** Fetches what `SYSTEM/pom-VERSION.xml` names and compiles `SYSTEM/*.java`; answers the class path. */
export const prepare = (system: "kafka" | "rocketmq", version: string): string => {
  const folder = join(cache, `${system}-${version}`)
  const libs = join(folder, "libs")
  if (!existsSync(libs)) {
    // Whole or not at all: a fetch that was cut off must not be taken for a finished one.
    const partial = `${libs}.partial`
    rmSync(partial, { recursive: true, force: true })
    const pom = join(here, system, `pom-${version}.xml`)
    execFileSync("mvn", ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${partial}`, "-f", pom])
    renameSync(partial, libs)
  }
  const classes = join(folder, "classes")
  const sources = readdirSync(join(here, system)).filter((name) => name.endsWith(".java")).map((name) =>
    join(here, system, name)
  )
  execFileSync("javac", ["-nowarn", "-cp", `${libs}/*`, "-d", classes, ...sources])
  return `${libs}/*:${classes}`
}
